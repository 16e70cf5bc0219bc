"""`bench export`: a run as files that can be shipped."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import STANDIN, console, duration, emit, say
from bench.cli.progress import downloading, listening
from bench.cli.requests import DATABASE, need_training
from bench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from bench.opening import OpenedRun
    from bench.retraining import Retraining
    from bench.shipping.parcel import Parcel

FOLDER = Path("export")  # in which each run gets a folder of its name


def export(
    run: options.RunName,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write; default: export/RUN.", metavar="DIR", show_default=False)
    ] = None,
    db: options.Database = DATABASE,
    device: Annotated[
        str | None,
        typer.Option(help="Where to train again; default: where the run was made.", metavar="DEVICE"),
    ] = None,
    threads: options.Threads = None,
    plugin: options.Plugin = None,
    yes: Annotated[bool, typer.Option("--yes", help="Train again without asking.")] = False,
    no_train: Annotated[bool, typer.Option("--no-train", help="Give up where it would have to train.")] = False,
    as_json: options.AsJson = False,
) -> int:
    """Write the network of a run: weights and masks, the smaller network as PyTorch and ONNX files, a model card.

    Where its state was not kept, the run is trained again by its recipe, after saying how long that takes. On a
    terminal it asks first; elsewhere it goes on, unless --no-train is given.
    """
    if yes and no_train:
        raise UserError("--yes and --no-train exclude each other; leave one out")
    need_training()
    from bench.opening import open_run
    from bench.shipping.folder import check_free, write
    from bench.shipping.parcel import packed

    screen = console(stderr=as_json)
    with downloading(screen) as progress:
        opened = open_run(run, db, plugins=tuple(plugin or ()), progress=progress)
    folder = out or FOLDER / opened.name
    check_free(folder)
    _say_what(screen, opened)
    again = opened.key not in opened.states
    if again:
        before = opened.facts
        work = _work(screen, opened, device, threads, no_train)
        if not yes and sys.stdin.isatty() and screen.is_terminal and not typer.confirm("Train it again?", default=True):
            return codes.DONE
        with listening(screen, work.prospect().steps) as listener:
            opened = work.carry_out(listener)
        _say_elsewhere(screen, before, opened.facts)
    parcel = packed(opened)
    written = write(parcel, folder)
    if as_json:
        emit(
            {
                "run": opened.key,
                "folder": written.folder,
                "files": written.files,
                "trained_again": again,
                "judged": asdict(parcel.judged),
                "checks": [asdict(one) for one in parcel.agreements],
                "not_written": parcel.not_written,
            }
        )
        return codes.DONE
    _say_checks(screen, parcel)
    say(screen, f"{written.folder} written: {', '.join(written.files)}", "bold")
    return codes.DONE


def _say_what(screen: Console, opened: OpenedRun) -> None:
    facts = opened.facts
    say(
        screen,
        f"run {opened.name}: {facts['method']} at level {facts['level']} on {facts['data']}, {facts['model']}, seed "
        f"{facts['seed']}",
    )
    if facts["standin"]:
        say(screen, f"STAND-IN: it was trained on {facts['data']}, and says nothing about the real set", STANDIN)


def _say_elsewhere(screen: Console, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Results of two environments are two results: what was exported is the one that was made here."""
    if before["environment"] != now["environment"]:
        say(
            screen,
            f"test accuracy was {before['test_accuracy']:.2%} on {before['environment']}, and is "
            f"{now['test_accuracy']:.2%} on {now['environment']}: a result of its own, which the database has now too",
            "yellow",
        )


def _say_checks(screen: Console, parcel: Parcel) -> None:
    judged = parcel.judged
    say(screen, f"the network: {judged.words}", None if judged.agrees else "yellow")
    whole, shrunk = parcel.whole, parcel.shrunk
    say(
        screen,
        f"smaller network: {shrunk.parameters:,} of {whole.parameters:,} parameters, {shrunk.multiply_adds:,} of "
        f"{whole.multiply_adds:,} multiply-adds",
    )
    for one in parcel.agreements:
        say(screen, one.words)
    for line in parcel.not_written:
        say(screen, line, "yellow")


def _work(screen: Console, opened: OpenedRun, device: str | None, threads: int | None, no_train: bool) -> Retraining:
    """What there is to do for its state, said to the user."""
    from bench.retraining import retraining

    if no_train:
        raise UserError(f"run {opened.name}: its state is not kept any more; leave out --no-train to train it again")
    work = retraining(opened, device, threads)
    found = work.prospect()
    basis = "measured on this device" if found.measured else "a rule of thumb, this device is not measured yet"
    say(
        screen,
        f"its state is not kept any more; training it again takes {found.steps:,} steps, about "
        f"{duration(found.seconds)} ({basis}) on {work.device}",
    )
    return work
