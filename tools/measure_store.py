"""Measure how quickly a result database is written and read, on runs that are made up.

    python tools/measure_store.py                  100,000 runs in packs of 100, in a temporary folder
    python tools/measure_store.py 10000 --pack 10 --arrays

Every run has three layers, two evaluations' worth of numbers and, for the trained step, three curves of 20 points; with
--arrays every fiftieth, the first seed of a cell, has the masks and histograms of LeNet-300-100 as well.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # this checkout's code, whatever is installed

from bench.store import (
    ArtifactRecord,
    CellRecord,
    CurveRecord,
    EnvironmentInfo,
    EvaluationRecord,
    LayerRecord,
    PackRecord,
    RunRecord,
    SessionInfo,
    Store,
    SuiteRecord,
)

LAYERS = {"fc1": 235_200, "fc2": 30_000, "output": 1_000}
SEEDS, LEVELS, METHODS = 50, 20, 10
QUESTIONS = {
    "summary of one suite": "select * from summary where suite = 'suite-0'",
    "summary of all": "select * from summary",
    "versus_dense of all": "select * from versus_dense",
    "results of one suite": "select * from results where suite = 'suite-0'",
}


@dataclass(frozen=True)
class MadeUp:
    """Runs and their cells, the same at every call."""

    runs: int
    pack: int
    arrays: bool

    def suites(self) -> Iterator[tuple[SuiteRecord, list[CellRecord]]]:
        """As many suites as hold the runs, a dense cell and some methods on a ladder each."""
        left, number = self.runs, 0
        while left > 0:
            cells = [self._cell(number, place) for place in range(min(METHODS * LEVELS + 1, -(-left // SEEDS)))]
            name = f"suite-{number}"
            yield SuiteRecord(name, "full", name, "test_accuracy", f"{number:040x}", f"title: {name}"), cells
            left, number = left - SEEDS * len(cells), number + 1

    def _cell(self, suite: int, place: int) -> CellRecord:
        method = "none" if place == 0 else f"method-{(place - 1) // LEVELS}"
        level = 0 if place == 0 else (place - 1) % LEVELS + 1
        seeds = tuple((seed, f"{suite:08x}{place:08x}{seed:024x}") for seed in range(SEEDS))
        target, settings = 1 - 0.8**level, {"batch": 60, "epochs": 5}
        return CellRecord(
            "mnist", False, "lenet-300-100", method, method, {}, level, target, settings, "", seeds, place
        )

    def packs(self) -> Iterator[PackRecord]:
        generator = np.random.default_rng(0)
        keys = (
            (seed, key, cell.target_sparsity)
            for _, cells in self.suites()
            for cell in cells
            for seed, key in cell.seeds
        )
        runs = islice(keys, self.runs)
        while chosen := list(islice(runs, self.pack)):
            curves = tuple(
                CurveRecord(f"step {key}", name, [(59 * point, float(generator.random())) for point in range(20)])
                for _, key, _ in chosen
                for name in ("train_loss", "validation_loss", "validation_accuracy")
            )
            evaluations = tuple(EvaluationRecord(f"pruned {key}", 1.0, 0.5, 1.0, 0.5) for _, key, _ in chosen)
            records = tuple(self._run(generator, *one) for one in chosen)
            yield PackRecord(records, evaluations, curves, 10.0, len(chosen))

    def _run(self, generator: np.random.Generator, seed: int, key: str, sparsity: float) -> RunRecord:
        layers = tuple(
            LayerRecord(name, "linear", weights, round(weights * (1 - sparsity)), round(weights * (1 - sparsity)))
            for name, weights in LAYERS.items()
        )
        right, weights = int(generator.integers(9000, 9900)), sum(LAYERS.values())
        return RunRecord(
            key,
            seed,
            "done",
            sparsity=sparsity,
            effective_sparsity=sparsity,
            weights=weights,
            weights_kept=sum(layer.kept for layer in layers),
            validation_loss=float(generator.random()),
            validation_accuracy=right / 10_000,
            test_loss=float(generator.random()),
            test_accuracy=right / 10_000,
            test_correct=right,
            test_count=10_000,
            steps_alone=4583,
            steps_shared=4583,
            seconds=1.0,
            layers=layers,
            steps=(f"step {key}",),
            recipe=f'{{"steps":[{sparsity}]}}',
            components={"score": "magnitude 1"},
            artifacts=_arrays(generator, sparsity) if self.arrays and seed == 0 else (),
        )


def _arrays(generator: np.random.Generator, sparsity: float) -> tuple[ArtifactRecord, ...]:
    from bench.measures.artifacts import packed_mask

    return tuple(
        ArtifactRecord(
            "mask", name, place, "bool", (weights,), "bits+zlib", packed_mask(generator.random(weights) >= sparsity)
        )
        for place, (name, weights) in enumerate(LAYERS.items())
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=100_000)
    parser.add_argument("--pack", type=int, default=100, help="runs in a transaction")
    parser.add_argument("--arrays", action="store_true", help="with masks of the first seeds")
    given = parser.parse_args()
    made = MadeUp(given.runs, given.pack, given.arrays)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.db"
        seconds = _write(made, file)
        size = file.stat().st_size
        print(f"written   {made.runs:,} runs in packs of {made.pack}: {made.runs / seconds:,.0f} runs/s")
        print(f"size      {size / 1e6:,.1f} MB, {size / made.runs:,.0f} bytes a run")
        began = time.perf_counter()
        with Store.open(file, read_only=True) as store:
            store.query("select count(*) from suite")
            print(f"opened    {time.perf_counter() - began:.3f} s with a first question")
            for what, question in QUESTIONS.items():
                began = time.perf_counter()
                rows = len(store.query(question).rows)
                print(f"{what:24} {time.perf_counter() - began:7.3f} s, {rows:,} rows")
        print(f"memory    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB at most")


def _write(made: MadeUp, file: Path) -> float:
    """Seconds in the store alone: making up the records does not count."""
    spent = 0.0
    with Store.open(file) as store:
        for suite, cells in made.suites():
            store.register(suite, cells)
        session = store.start_session(SessionInfo("a measurement"))
        place = store.environment(EnvironmentInfo("cpu", "made up", "2.9"))
        for pack in made.packs():
            began = time.perf_counter()
            store.write(session, place, pack)
            spent += time.perf_counter() - began
        store.end_session(session, "done")
    return spent


if __name__ == "__main__":
    main()
