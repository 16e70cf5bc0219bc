"""A comparative benchmark suite for neural-network pruning, with a result database."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

# These are read when torch loads, so they are set before anything of ours can import it. The first makes matrix
# products on the CPU the same at any batch count, alignment and number of threads; the second does so for CUDA's.
os.environ.setdefault("MKL_CBWR", "AVX2,STRICT")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

from bench.registry import dataset, initialisation, method, network, score

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

    from bench.loading import LoadedRun

__version__ = "0.1.0"
__all__ = ["dataset", "initialisation", "load", "method", "network", "run", "score", "shrink"]


def run(
    suite: str | os.PathLike[str],
    profile: str | None = None,
    *,
    database: str | os.PathLike[str] = "results.db",
    device: str = "auto",
    seeds: int | None = None,
    only: str | Mapping[str, Sequence[str]] | None = None,
    data: Literal["auto", "real", "standin"] = "auto",
    plugins: Sequence[str | os.PathLike[str]] = (),
    note: str | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """Run what is missing of a suite, and give its results: one row for each run of each cell.

    The arguments are the options of the command `bench run`. Runs that failed are rows too, with the reason.
    """
    import warnings

    from analysis import load
    from bench.benchmark import Benchmark, Request
    from bench.only import as_stored, parse

    filters = parse(only) if isinstance(only, str) or only is None else only
    paths = tuple(Path(plugin) for plugin in plugins)
    place = os.fspath(database)
    request = Request(os.fspath(suite), profile, place, device, seeds, filters, data, paths, note, threads)
    with Benchmark(request) as benchmark:
        for notice in benchmark.grid.notices:
            warnings.warn(notice, stacklevel=2)
        receipt = benchmark.run(_Nobody())
        if receipt.ending == "interrupted":
            raise KeyboardInterrupt
        name, profile = benchmark.suite.name, benchmark.suite.profile
        shown = as_stored(filters, benchmark.cells)
    return load(place, name, profile, shown)


def load(
    run: str,
    database: str | os.PathLike[str] = "results.db",
    *,
    train: bool = False,
    plugins: Sequence[str | os.PathLike[str]] = (),
) -> LoadedRun:
    """A stored run, named by the first digits of its key: its network, masks, labels and facts, and `predict`.

    Where its state was not kept, `train` makes it again by its recipe.
    """
    from bench.loading import LoadedRun
    from bench.opening import open_run
    from bench.retraining import retraining

    opened = open_run(run, os.fspath(database), plugins=tuple(Path(plugin) for plugin in plugins))
    if train and opened.key not in opened.states:
        opened = retraining(opened, None).carry_out(_Nobody())
    return LoadedRun(opened)


def shrink(network: nn.Module, masks: Mapping[str, Tensor] | None, shape: tuple[int, ...]) -> nn.Module:
    """A smaller copy of a network, for samples of a shape, that gives the same outputs up to rounding.

    A weight whose mask is False counts as zero; without masks, zeros of the weights alone decide. Channels that nobody
    hears go, and so do constant ones, whose constant is added to the biases of those who hear them.
    """
    from bench.pruning.shrinking.shrink import shrink as made

    return made(network, masks, shape)


class _Nobody:
    """Who listens to a run that is started from Python."""

    def advanced(self, replica_steps: int) -> None: ...

    def noticed(self, line: str) -> None: ...
