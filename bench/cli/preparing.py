"""`bench data prepare`: cuts faces out of photos, once, for the data sets that consist of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from bench.cli import codes, options
from bench.cli.output import console, counted, duration, emit, say, table
from bench.cli.progress import QUIET
from bench.cli.requests import need_training
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from bench.data.faces.preparing import Progress
    from bench.data.faces.report import Report
    from bench.data.policy import DataPolicy

SETS = ("got-faces", "faces")
SHOWN = 20  # photos of a list; all of them are in the file


def prepare(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="got-faces, or faces: photos of your own.")],
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", help="The photos: a folder, or a tar or zip file, with a folder a person.", metavar="DIR"
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="A name for the set, such as family.", metavar="NAME")] = None,
    choose: Annotated[
        str, typer.Option(help="Of several faces in a photo: largest or most-confident.", metavar="WHICH")
    ] = "largest",
    again: Annotated[bool, typer.Option("--again", help="Look at photos that were looked at before, too.")] = False,
    device: Annotated[str, typer.Option(help="Where to look for faces: cpu or cuda.", metavar="DEVICE")] = "cpu",
    as_json: options.AsJson = False,
) -> int:
    """Find the faces in photos of people and cut them out. Photos that were looked at before cost no time."""
    if what not in SETS:
        raise UserError(f"prepare: {what!r} is nothing that is prepared; {nearest(what, SETS)}")
    if what == "got-faces" and (from_ is not None or name is not None or choose != "largest"):
        raise UserError(
            "prepare: --from, --name and --choose are for photos of your own; write bench data prepare faces ..."
        )
    if what == "faces" and (from_ is None or name is None):
        missing = "--from" if from_ is None else "--name"
        raise UserError(f"prepare: {missing} is missing; write bench data prepare faces --from DIR --name family")
    need_training()
    from bench.data.policy import DataPolicy

    policy = DataPolicy.from_environment()
    screen = console(stderr=as_json)
    with looking(screen) as progress:
        report = _prepared(policy, from_, name, choose, progress, again, device)
    if as_json:
        emit(_facts(report))
    else:
        _print(screen, report, name)
    return codes.DONE


@contextmanager
def looking(screen: Console) -> Iterator[Progress]:
    """Who is told of photos that are looked at."""
    if not screen.is_terminal:
        said = time.monotonic()

        def tell(done: int, total: int, photo: str) -> None:
            nonlocal said
            if done == 0:
                say(screen, f"looking for faces in {counted(total, 'photo')}")
            elif time.monotonic() - said >= QUIET:
                said = time.monotonic()
                say(screen, f"{done:,} of {total:,} photos")

        yield tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("looking for faces"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, photo: bar.update(task, completed=done, total=total, description=photo)


def _prepared(
    policy: DataPolicy,
    photos: Path | None,
    name: str | None,
    choose: str,
    progress: Progress,
    again: bool,
    device: str,
) -> Report:
    from bench.data.faces.detecting import mtcnn
    from bench.data.faces.places import GOT_FACES, own_folder
    from bench.data.faces.preparing import Photos, prepare_faces
    from bench.data.faces.settings import Settings
    from bench.data.sets.got_faces import photos_here
    from bench.training.devices import choose as chosen_device

    settings = Settings(choose=choose)  # type: ignore[arg-type]  # it checks the word itself
    where = chosen_device(device)
    if photos is not None and name is not None:
        own_folder(policy, name)
        source = Photos(photos.expanduser())
    else:
        source, name = photos_here(policy), GOT_FACES
    return prepare_faces(policy, source, name, settings, progress, detector=lambda: mtcnn(where), again=again)


def _print(screen: Console, report: Report, name: str | None) -> None:
    from bench.data.faces.choosing import Lack

    lacks: tuple[Lack, ...] = get_args(Lack)
    counts = [
        (len(one.entries), one.faces, one.several, *(one.lacking(lack) for lack in lacks)) for one in report.people
    ]
    counts.append(tuple(map(sum, zip(*counts, strict=True))))
    heads = [*(person.label for person in report.people), "all"]
    columns = ("person", "photos", "faces", "several faces", *lacks)
    rows = [(head, *(f"{count:,}" if count else "" for count in row)) for head, row in zip(heads, counts, strict=True)]
    screen.print(table(columns, rows, right=columns[1:]))
    _list(screen, "left out", [f"{one.name}: {one.lacking.text}" for one in report.left_out if one.lacking])
    choice = f"the {report.prepared.settings.choose.replace('-', ' ')} was taken"
    _list(screen, f"several faces, of which {choice}", [f"{one.name}: {one.people}" for one in report.several])
    copies = sum(map(len, report.near))
    if copies:
        groups = counted(len(report.near), "group")
        say(
            screen, f"{copies} photos are copies of others, or of one scene: {groups}, each kept on one side of a split"
        )
    say(screen, f"{counted(report.looked, 'photo')} looked at in {duration(report.seconds)}")
    say(screen, f"all lists: {report.list}")
    more = f" to {report.sheets[-1].name}" if len(report.sheets) > 1 else ""
    say(screen, f"look at what was cut out: {report.sheets[0]}{more}", "bold")
    word = "got-faces" if name is None else f"{{faces: {name}}}"
    say(screen, f"in a suite: data: {word}")


def _list(screen: Console, head: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    say(screen, f"{head} ({len(lines)}):")
    for line in lines[:SHOWN]:
        say(screen, f"  {line}")
    if len(lines) > SHOWN:
        say(screen, f"  and {len(lines) - SHOWN} more")


def _facts(report: Report) -> dict[str, Any]:
    return {
        "source": report.prepared.source,
        "folder": report.prepared.folder,
        "fingerprint": report.prepared.fingerprint,
        "photos": len(report.prepared.entries),
        "faces": len(report.prepared.found),
        "people": {person.label: {"photos": len(person.entries), "faces": person.faces} for person in report.people},
        "left_out": {one.name: one.lacking.text for one in report.left_out if one.lacking},
        "several": {one.name: one.people for one in report.several},
        "near": [[one.name for one in group] for group in report.near],
        "looked": report.looked,
        "seconds": report.seconds,
        "sheets": report.sheets,
        "list": report.list,
    }
