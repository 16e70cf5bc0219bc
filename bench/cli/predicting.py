"""`bench predict`: what a stored or exported network says of files."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import STANDIN, console, emit, say, table, warn
from bench.cli.requests import DATABASE, need_training
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.prediction.predictor import Predictor


@dataclass(frozen=True)
class Answer:
    """What the network says of one sample."""

    sample: str
    probabilities: tuple[float, ...]  # in the order of the labels

    def best(self, labels: Sequence[str]) -> list[tuple[str, float]]:
        return sorted(zip(labels, self.probabilities, strict=True), key=lambda pair: -pair[1])


def predict(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run by the first digits of its key, or a folder of bench export.")
    ],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Images, arrays (.npy, .npz) or tables (.csv).")
    ],
    db: options.Database = DATABASE,
    top: Annotated[int, typer.Option(help="How many labels of each sample to name.", min=1)] = 1,
    plugin: options.Plugin = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    as_json: options.AsJson = False,
) -> int:
    """Name the class of images, or of rows of a table, with the probability that the network gives it.

    Files are brought to the form that the data set has: turned upright, size, grey or colour, scale. One that can not
    be read is told in a line; the others are done all the same, and the exit code is 2.
    """
    if as_csv and as_json:
        raise UserError("--csv and --json exclude each other; leave one out")
    need_training()
    name, predictor, standin = _predictor(run, db, plugin or ())
    if standin:
        say(console(stderr=True), f"STAND-IN: run {name} was trained on one, its answers mean nothing", STANDIN)
    faults: list[str] = []
    answers = [answer for file in files for answer in _answers(file, predictor, faults)]
    labels = predictor.labels
    if as_json:
        emit({"run": name, "labels": labels, "predictions": [_told(one, labels) for one in answers], "failed": faults})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("sample", "rank", "label", "probability"))
        for answer in answers:
            for rank, (label, share) in enumerate(answer.best(labels)[:top], start=1):
                writer.writerow((answer.sample, rank, label, f"{share:.6g}"))
    elif answers:
        rows = [
            (answer.sample if rank == 0 else "", label, f"{100 * share:.1f} %")
            for answer in answers
            for rank, (label, share) in enumerate(answer.best(labels)[:top])
        ]
        console().print(table(("sample", "label", "probability"), rows, right=("probability",)))
    warn(faults)
    return codes.BAD_INPUT if faults else codes.DONE


def _predictor(run: str, database: str, plugins: Sequence[Path]) -> tuple[str, Predictor, bool]:
    """Of a folder, or of a run in the database; and whether it was trained on a stand-in."""
    from bench.loading import LoadedRun
    from bench.opening import open_run
    from bench.shipping import folder

    place = Path(run).expanduser()
    if place.is_dir():
        if not folder.is_export(place):
            raise UserError(f"{run}: is a folder that `bench export` did not write; give one that it did, or a run")
        shipped = folder.read(place)
        return shipped.name, shipped.predictor, shipped.standin
    loaded = LoadedRun(open_run(run, database, plugins=tuple(plugins)))
    return loaded.name, loaded.predictor, bool(loaded.facts["standin"])


def _answers(file: Path, predictor: Predictor, faults: list[str]) -> Iterator[Answer]:
    from bench.prediction.samples import read_samples

    try:
        samples = read_samples(file, predictor.preprocessing)
    except UserError as error:
        faults.extend(error.lines)
        return
    found = predictor.probabilities(samples.values)
    for name, row in zip(samples.names, found, strict=True):
        yield Answer(name, tuple(float(share) for share in row))


def _told(answer: Answer, labels: Sequence[str]) -> dict[str, Any]:
    label, share = answer.best(labels)[0]
    every = dict(zip(labels, answer.probabilities, strict=True))
    return {"sample": answer.sample, "label": label, "probability": share, "probabilities": every}
