"""`bench data fetch`: brings everything here that suites need, for machines that will be without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import console, emit, say, warn
from bench.cli.progress import downloading
from bench.cli.requests import need_training, needed_options, plugins_of
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from bench.data.policy import DataPolicy
    from bench.registry import Choice


@dataclass(frozen=True)
class Fetched:
    """A data set that was wanted: where it is now, or why it can not be had."""

    name: str
    options: dict[str, Any]
    source: str | None = None
    fingerprint: str | None = None
    reasons: tuple[str, ...] = ()


def fetch(
    wanted: Annotated[
        list[str],
        typer.Argument(metavar="SUITE...", help="Suites, by name or by the path of a file; or names of data sets."),
    ],
    plugin: options.Plugin = None,
    as_json: options.AsJson = False,
) -> int:
    """Get the real data that suites need, all profiles included, and prepare it.

    Call it where there is a network, such as on the login node of a cluster; then the suites run without one.
    """
    need_training()
    from bench.data.policy import DataPolicy

    plugins_of(plugin)
    choices = list(dict.fromkeys(choice for word in wanted for choice in _needed(word)))
    screen = console(stderr=as_json)
    with downloading(screen) as progress:
        policy = DataPolicy.from_environment("real", progress=progress)
        found = []
        for choice in choices:
            say(screen, f"{_words(choice)} ...", "dim")
            found.append(_fetched(choice, policy))
            if found[-1].source is not None:
                say(screen, f"{_words(choice)}: {found[-1].source}")
    lost = [one for one in found if one.reasons]
    if as_json:
        emit([asdict(one) for one in found])
    else:
        here = f"{len(found) - len(lost)} of {len(found)} are here" if lost else "everything is here"
        say(
            screen,
            f"{here}; run the suites from this folder too, {Path.cwd()}, for that is where paths begin",
            None if lost else "bold",
        )
    warn(line for one in lost for line in one.reasons)
    return codes.BAD_INPUT if lost else codes.DONE


def _needed(word: str) -> Sequence[Choice]:
    """The data sets that a suite needs in any of its profiles; a name that is no suite's is a data set's."""
    from bench.registry import Choice, registry
    from bench.suite import builtin_suites, read_suite, suite_profiles

    suites, sets = builtin_suites(), registry("dataset")
    if word not in suites and (word in sets.names() or sets.alias_of(word)):
        if needed := needed_options(word):
            raise UserError(f"fetch: {word} needs the option {needed[0]!r}; give a suite that has it")
        return [Choice(sets.get(word).name)]
    if not (word in suites or "/" in word or word.endswith((".yaml", ".yml")) or Path(word).exists()):
        known = [*suites, *sets.names()]
        raise UserError(f"fetch: {word!r} is neither a suite nor a data set; {nearest(word, known)}")
    profiles = [read_suite(word, profile) for profile in suite_profiles(word)]
    return list(dict.fromkeys(problem.data for suite in profiles for problem in suite.problems))


def _fetched(choice: Choice, policy: DataPolicy) -> Fetched:
    """Opened and read to the end, so that what is to be prepared is prepared."""
    from bench.data.base import open_dataset

    try:
        dataset = open_dataset(choice, policy)
        dataset.tensors()
    except UserError as error:
        return Fetched(choice.name, dict(choice.options), reasons=error.lines)
    return Fetched(choice.name, dict(choice.options), dataset.info.source, dataset.info.fingerprint)


def _words(choice: Choice) -> str:
    from bench.suite.labels import in_words

    options = ", ".join(in_words(name, value) for name, value in choice.options)
    return f"{choice.name} ({options})" if options else choice.name
