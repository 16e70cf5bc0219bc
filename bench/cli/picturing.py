"""`bench data show`: what is in a data set, in numbers and as a sheet of samples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import STANDIN, console, emit, say, table
from bench.cli.requests import need_training, needed_options, plugins_of
from bench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from bench.data.base import Dataset
    from bench.registry import Choice

VALUES = 8  # of a sample that is no picture
ROWS = 2  # of each class, of such samples


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set (see: bench data).")],
    out: Annotated[
        Path | None, typer.Option(help="The PNG file; default: the name of the set.", metavar="FILE")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", help="An option of the set, such as size=96; several times.", metavar="KEY=VALUE"),
    ] = None,
    data: options.Data = "auto",
    plugin: options.Plugin = None,
    as_json: options.AsJson = False,
) -> int:
    """Show samples of a data set as a picture, a row for each class, and say what is in it. Nothing is fetched."""
    from bench.data.policy import DataPolicy

    policy = DataPolicy.from_environment(data, download=False)  # type: ignore[arg-type]  # it checks the word itself
    need_training()
    from bench.data.base import open_dataset
    from bench.data.sheets import are_pictures, class_counts, class_names

    plugins_of(plugin)
    screen = console(stderr=as_json)
    choice, notes = chosen(name, option or ())
    dataset = open_dataset(choice, policy)
    counts = class_counts(dataset)
    file = (
        _drawn(dataset, out or Path(re.sub(r"[^\w.-]+", "-", dataset.info.name) + ".png"))
        if are_pictures(dataset.info)
        else None
    )
    if as_json:
        emit(_facts(dataset, counts) | {"file": file, "notes": notes})
        return codes.DONE
    for line in notes:
        say(screen, line, "yellow")
    _describe(screen, dataset)
    rows = [
        (word, *(f"{counts[part][number]:,}" for part in counts))
        for number, word in enumerate(class_names(dataset.info))
    ]
    rows.append(("all", *(f"{sum(counts[part]):,}" for part in counts)))
    screen.print(table(("class", *counts), rows, right=tuple(counts)))
    if file is None:
        _print_values(screen, dataset)
    else:
        say(screen, f"{file} written: samples of each class from the training part")
    if dataset.notice:
        say(screen, dataset.notice, STANDIN)
    return codes.DONE


def chosen(name: str, given: Sequence[str]) -> tuple[Choice, tuple[str, ...]]:
    """The data set with options as a suite would write them, and what the user is to be told of the names."""
    from bench.suite.choices import Registered
    from bench.suite.marks import Entry, Node, Place, Report, from_python, parse

    report = Report()
    entries: dict[str, Entry] = {}
    for one in given:
        key, equals, text = one.partition("=")
        where = f"--option {key.strip()}"
        if not equals or not key.strip() or not text.strip():
            raise UserError(f"--option {one}: this is no option with a value; write --option size=96")
        value = parse(text, where, report)
        entries[key.strip()] = Entry(Place(where), from_python(value.plain if value else None, where))
    for needed in needed_options(name):
        if needed not in entries:
            raise UserError(f"data: {name} needs the option {needed!r}; give it: --option {needed}=...")
    place = Place("data")
    node = Node(place, {name: Entry(place, Node(place, entries))})
    choice = None if report.mistakes else Registered().single("dataset", node, report)
    if choice is None:
        raise UserError(*report.lines())
    return choice, report.note_lines()


def _drawn(dataset: Dataset, file: Path) -> Path:
    from bench.data.sheets import samples, sheet, write

    info = dataset.info
    warning = f"STAND-IN: {info.name} is not the real data" if info.standin else None
    write(sheet(samples(dataset), f"{info.name}: {info.source}", warning), file)
    return file


def _facts(dataset: Dataset, counts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    from bench.data.sheets import class_names

    info = dataset.info
    return {
        "name": info.name,
        "standin": info.standin,
        "source": info.source,
        "fingerprint": info.fingerprint,
        "shape": info.shape,
        "classes": class_names(info),
        "counts": counts,
        "notice": dataset.notice,
    }


def _describe(screen: Console, dataset: Dataset) -> None:
    info = dataset.info
    if dataset.notice:
        say(screen, dataset.notice, STANDIN)
    kind = "a STAND-IN, not the real data" if info.standin else "the real data"
    say(screen, f"{info.name}: {info.source}", "bold")
    say(screen, f"{kind}; a sample is {' x '.join(map(str, info.shape))} numbers, {info.classes} classes")
    say(screen, f"fingerprint {info.fingerprint}")


def _print_values(screen: Console, dataset: Dataset) -> None:
    """The head of a table of numbers."""
    from bench.data.sheets import samples

    few = samples(dataset, most=ROWS)
    width = min(VALUES, *(sample.size for row in few.rows for sample in row[:1]))
    rows = [
        (name, *(f"{value:.4g}" for value in sample.ravel()[:width]))
        for name, row in zip(few.names, few.rows, strict=True)
        for sample in row
    ]
    columns = tuple(str(number) for number in range(1, width + 1))
    all_of_them = dataset.info.shape == (width,)
    cut = "" if all_of_them else f", the first {width} values of each"
    say(screen, f"{dataset.info.name} has no pictures: a sample is a row of numbers. Some of the training part{cut}:")
    screen.print(table(("class", *columns), rows, right=columns))
