"""From the options of a command to what the engine is asked for."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from bench.benchmark import Benchmark, TunedBy
    from bench.registry import Component

DATABASE = "results.db"


def only_of(text: str | None) -> dict[str, list[str]]:
    """The filters of `--only`."""
    from bench.only import parse

    return parse(text)


def name_of(suite: str) -> str:
    """The name under which results of a suite are stored, also where its file is given."""
    return Path(suite).stem if suite.endswith((".yaml", ".yml")) else suite


def plugins_of(paths: Sequence[Path] | None) -> list[Component]:
    """Load plugin files and give what they register."""
    from bench.registry import load_plugin

    return [component for path in paths or () for component in load_plugin(path)]


def need_training() -> None:
    """Say clearly that an installation for looking at results does not train."""
    try:
        importlib.import_module("torch")
    except ModuleNotFoundError as error:
        raise UserError(
            f"this needs {error.name}, which the light installation leaves out; `make bench` or `pip install .` "
            "completes it"
        ) from None


def need_torch_installed() -> None:
    """The same, without loading it: for what reads data sets but not their content."""
    if importlib.util.find_spec("torch") is None:
        need_training()


def needed_options(dataset: str) -> list[str]:
    """The options without which a data set is nothing, such as the path of a folder."""
    from inspect import Parameter

    from bench.registry import registry

    sets = registry("dataset")
    if dataset not in sets.names():
        return []
    return [name for name, one in sets.get(dataset).options.items() if one.default is Parameter.empty]


@contextmanager
def opened(
    screen: Console,
    suite: str,
    profile: str | None,
    database: str,
    device: str,
    seeds: int | None,
    only: str | None,
    data: str,
    plugins: Sequence[Path] | None,
    note: str | None = None,
    threads: int | None = None,
    new_data: bool = False,
    tuned: TunedBy | None = None,
) -> Iterator[Benchmark]:
    """The benchmark that the options describe, its data found or fetched.

    `tuned` says what becomes of options that studies choose; the studies of the database do, where it is not given.
    """
    chosen = only_of(only)
    if data not in ("auto", "real", "standin"):
        raise UserError(f"--data {data}: no such choice of data; give auto, real or standin")
    need_training()
    from bench.benchmark import Benchmark, Request
    from bench.cli.progress import downloading

    request = Request(
        suite=suite,
        profile=profile,
        database=database,
        device=device,
        seeds=seeds,
        only=chosen,
        data=data,  # type: ignore[arg-type]  # checked above
        plugins=tuple(plugins or ()),
        note=note,
        threads=threads,
        new_data=new_data,
    )
    with downloading(screen) as progress:
        benchmark = Benchmark(request, progress, tuned)
    with benchmark:
        yield benchmark
