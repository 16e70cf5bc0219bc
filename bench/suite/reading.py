"""From the name of a suite, or the path of its file, to the suite; or to all of its mistakes, a line each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import UserError, nearest
from bench.suite.choices import Registered, Unchecked
from bench.suite.identity import content_hash, settings
from bench.suite.marks import Place, Report, from_python, parse
from bench.suite.profiles import FULL, check_profile_known, read_profiles
from bench.suite.values import Suite

_PACKAGE = Path(__file__).resolve().parents[1]


def builtin_suites() -> dict[str, Path]:
    """The suites that come with the benchmark, by name: those of the installed package, else of the checkout."""
    installed = _PACKAGE / "_suites"
    folder = installed if installed.is_dir() else _PACKAGE.parent / "suites"
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def read_suite(
    name_or_path: str | Path,
    profile: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    components: bool = True,
) -> Suite:
    """The suite in a profile, with `overrides` (keys as in the file) laid over it.

    `components=False` leaves the names and options of data sets, networks, initialisations and scores unchecked, for
    which PyTorch would have to be loaded; such a suite has no hash.
    """
    file = _find(name_or_path)
    shown = _shown(file)
    return _suite(_text(file, shown), file.stem, shown, profile, overrides, components)


def read_stored(text: str, name: str, profile: str, overrides: Mapping[str, Any] | None = None) -> Suite:
    """A suite from the text that a database keeps of it."""
    return _suite(text, name, f"stored suite {name}", profile, overrides, components=True)


def _suite(
    text: str, name: str, shown: str, profile: str | None, overrides: Mapping[str, Any] | None, components: bool
) -> Suite:
    report = Report()
    root = parse(text, shown, report)
    whole = None
    if root is not None:
        above = from_python(dict(overrides or {}), "override")
        choices = Registered() if components else Unchecked()
        whole = read_profiles(root, above, choices, report).get(profile or FULL)
        if profile not in (None, FULL) and whole is None:
            check_profile_known(root, str(profile), report)
    if whole is None or report.mistakes:
        raise UserError(*report.lines())
    title = whole.head.title or name
    return Suite(
        name=name,
        title=title,
        profile=profile or FULL,
        metric=whole.head.metric,
        problems=whole.problems,
        text=text,
        hash=content_hash(whole.problems, whole.head.metric, whole.head.stage) if components else "",
        settings=settings(title, whole.head.metric, whole.head.stage, whole.problems, defaults=components),
        notes=report.note_lines(),
        stage=whole.head.stage,
    )


def suite_profiles(name_or_path: str | Path) -> tuple[str, ...]:
    """The profiles of a suite, that of the suite as it stands first."""
    file = _find(name_or_path)
    report = Report()
    root = parse(_text(file, _shown(file)), _shown(file), report)
    named = root.get("profiles") if root else None
    if report.mistakes:
        raise UserError(*report.lines())
    return (FULL, *(named.entries if named else ()))


def _find(name_or_path: str | Path) -> Path:
    builtin = builtin_suites()
    written = str(name_or_path)
    if written in builtin:
        return builtin[written]
    path = Path(written).expanduser()
    if path.is_dir():
        raise UserError(f"{written}: this is a folder; give a suite file, or a name: {', '.join(builtin)}")
    if path.is_file():
        return path
    stem = path.stem if path.suffix in (".yaml", ".yml") else written
    if os.sep in written or path.suffix in (".yaml", ".yml"):
        raise UserError(f"{written}: no such suite file; {nearest(stem, builtin)}")
    raise UserError(f"unknown suite {written!r}; {nearest(stem, builtin)}; a file of your own is given by its path")


def _shown(file: Path) -> str:
    """The path as seen from here, where the file lies below; else as it is."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _text(file: Path, shown: str) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UserError(f"{shown}: {error.strerror}; make the file readable") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        what = f"the byte {raw[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise UserError(f"{Place(shown, line, column)}: {what}") from error
