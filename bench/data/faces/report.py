"""What came out of a preparation: counts, what was left out, and pictures to check it by."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bench.data.faces.choosing import Lack
from bench.data.faces.sheets import draw_sheets
from bench.data.faces.store import Entry, Prepared, read_crops

_LIST = "photos.txt"


@dataclass(frozen=True)
class Person:
    """The photos in one folder."""

    label: str
    entries: tuple[Entry, ...]

    @property
    def faces(self) -> int:
        return sum(entry.lacking is None for entry in self.entries)

    @property
    def several(self) -> int:
        return sum(entry.lacking is None and entry.people > 1 for entry in self.entries)

    def lacking(self, lack: Lack) -> int:
        return sum(entry.lacking is not None and entry.lacking.lack == lack for entry in self.entries)


@dataclass(frozen=True)
class Report:
    """A prepared set, how it was got, and where to look at it."""

    prepared: Prepared
    looked: int  # photos that were not known from before
    sheets: tuple[Path, ...]
    list: Path  # what was left out, and why; photos with several faces; photos that belong together
    seconds: float = 0.0

    def after(self, seconds: float) -> Report:
        return replace(self, seconds=seconds)

    @cached_property
    def people(self) -> tuple[Person, ...]:
        by_label: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.prepared.entries:
            by_label[entry.label].append(entry)
        return tuple(Person(label, tuple(entries)) for label, entries in sorted(by_label.items()))

    @property
    def left_out(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.prepared.entries if entry.lacking is not None)

    @property
    def several(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.prepared.found if entry.people > 1)

    @cached_property
    def near(self) -> tuple[tuple[Entry, ...], ...]:
        """The groups of more than one photo."""
        groups: dict[int | None, list[Entry]] = defaultdict(list)
        for entry in self.prepared.found:
            groups[entry.near].append(entry)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def write_report(prepared: Prepared, looked: int) -> Report:
    """The contact sheets and the list, in the folder of the set; those that belong to it already are kept."""
    folder = prepared.folder
    path = folder / _LIST
    report = Report(prepared, looked, tuple(sorted(folder.glob("sheet-*.jpg"))), path)
    text = _text(report)
    if path.is_file() and path.read_text(encoding="utf-8") == text and report.sheets:
        return report
    path.unlink(missing_ok=True)  # the list is written last: with it, all is there
    for old in report.sheets:
        old.unlink()
    sheets = draw_sheets(prepared.found, read_crops(prepared), folder)
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
    return replace(report, sheets=sheets)


def _text(report: Report) -> str:
    prepared = report.prepared
    lines = [
        f"{len(prepared.found)} faces from {len(prepared.entries)} photos in {prepared.source}",
        f"fingerprint {prepared.fingerprint}",
        "",
        f"Left out ({len(report.left_out)})",
        *(f"  {entry.name}: {entry.lacking.text}" for entry in report.left_out if entry.lacking),
        "",
        f"With several faces, of which the {prepared.settings.choose.replace('-', ' ')} was taken "
        f"({len(report.several)})",
        *(f"  {entry.name}: {entry.people}" for entry in report.several),
        "",
        f"Taken for copies of one photo, kept on one side of every split ({len(report.near)} groups)",
        *("  " + ", ".join(entry.name for entry in group) for group in report.near),
    ]
    return "\n".join(lines) + "\n"
