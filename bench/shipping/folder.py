"""The folder of an export: written whole or not at all, and read again to predict with it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data.preprocessing import Preprocessing
from bench.errors import UserError
from bench.prediction.predictor import Predictor
from bench.shipping.card import card
from bench.shipping.numbers import numbers_of
from bench.shipping.parcel import CARD, FACTS, FORMAT, PT2, Parcel, described
from bench.shipping.portable import pt2_network

_MEND = "give another folder with --out"


@dataclass(frozen=True)
class Written:
    """What is on the disk."""

    folder: Path
    files: tuple[str, ...]


def check_free(folder: Path) -> None:
    """Nothing but an earlier export is ever written over."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is there already and is no folder; {_MEND}")
    if folder.is_dir() and any(folder.iterdir()) and not is_export(folder):
        raise UserError(f"{folder}: is there already and holds other files; {_MEND}")


def is_export(folder: Path) -> bool:
    return (folder / FACTS).is_file()


def write(parcel: Parcel, folder: Path) -> Written:
    """Beside its place first, so that a folder of this name is always complete."""
    check_free(folder)
    text = card(parcel, numbers_of(parcel.opened))
    told = json.dumps(described(parcel), indent=2, ensure_ascii=False, default=str) + "\n"
    files = {**parcel.files, FACTS: told.encode(), CARD: text.encode()}
    part = folder.with_name(f"{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, content in files.items():
            (part / name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(part, folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise UserError(f"{folder}: cannot be written ({error.strerror}); {_MEND}") from error
    return Written(folder, tuple(files))


@dataclass(frozen=True)
class Shipped:
    """A folder that was exported, at hand."""

    name: str
    predictor: Predictor
    standin: bool  # whether it was trained on one


def read(folder: Path) -> Shipped:
    """The network of a folder, ready to predict. Neither the database nor the data are needed."""
    try:
        told: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        version = told["format"]
        labels, preprocessing = tuple(told["labels"]), Preprocessing.from_json(told["preprocessing"])
        name, standin = str(told["name"]), bool(told["facts"]["standin"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder / FACTS}: is not what `bench export` writes; export the run again") from error
    if version > FORMAT:
        raise UserError(f"{folder}: was written by a newer release; update this program")
    try:
        network = pt2_network((folder / PT2).read_bytes())
    except FileNotFoundError as error:
        raise UserError(f"{folder}: lacks {PT2}; export the run again") from error
    except Exception as error:  # whatever a damaged file makes the reader say
        raise UserError(f"{folder / PT2}: can not be read ({type(error).__name__}); export the run again") from error
    return Shipped(name, Predictor(network, labels, preprocessing), standin)
