"""`bench speed` on the results of small suites."""

from __future__ import annotations

import bench as package  # isort: skip  # sets what has to stand before torch loads

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.conftest import Answer, Bench, environment

QUICK = ("--threads", "1", "--seconds", "0.01", "--device", "cpu")
WIDE = """\
title: Units of a wide network
data: digits
model: {mlp: {sizes: [600, 600]}}
training: {optimiser: adam, lr: 1e-3, batch: 50, steps: 2}
seeds: 2
sparsities: [0.9]
prune: {granularity: unit, exclude: [output]}
methods: [none, one-shot]
"""
PATTERN = """\
title: Two of four
data: digits
model: {mlp: {sizes: [64, 64]}}
training: {optimiser: adam, lr: 1e-3, batch: 50, steps: 2}
seeds: 1
sparsities: [0.5]
prune: {granularity: "2:4", exclude: [output]}
methods: [none, one-shot]
"""


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def states(results: Path, folder: Path, first_run: tuple[Path, Answer]) -> Path:
    """The states of the small suite, beside its results."""
    shutil.copytree(first_run[0] / ".bench", folder / ".bench")
    return folder / ".bench"


def asked(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_every_cell_is_measured_against_the_dense_network(results: Path, states: Path, bench: Bench) -> None:
    said = bench("speed", "tiny", *QUICK, "--batch", "1,8", "--json").json
    rows = said["speeds"]
    assert said["missing"] == []
    assert {row["seed"] for row in rows} == {0}
    cells = {(row["method"], row["level"]) for row in rows}
    assert len(cells) == 7
    assert len(rows) == 2 * (1 + 6 * 2)
    for row in rows:
        assert row["form"] in (("dense",) if row["level"] == 0 else ("masked", "shrunk"))
        assert (row["threads"], row["batch"] in (1, 8)) == (1, True)
        assert 0 < row["seconds_low"] <= row["seconds"] <= row["seconds_high"] < 1
        assert row["repetitions"] >= 15
        assert 0.02 < row["speedup"] < 50
    (whole,) = {row["macs"] for row in rows if row["form"] == "dense"}
    assert {row["macs"] for row in rows if row["form"] == "masked"} == {whole}  # zeros are computed with
    assert all(row["macs"] <= whole for row in rows if row["form"] == "shrunk")
    theory = dict(asked(results, "select key, theoretical_speedup from results"))
    assert all(row["theoretical_speedup"] == pytest.approx(theory[row["key"]]) for row in rows)
    assert "not deterministic" in said["environment"]
    assert asked(results, "select status from session order by id desc limit 1") == [("done",)]


def test_what_is_measured_is_not_measured_again_unless_asked(results: Path, states: Path, bench: Bench) -> None:
    narrow = (*QUICK, "--only", "method=lottery", "--batch", "1")
    assert "2 runs, 0 measured already, 2 to measure" in bench("speed", "tiny", *narrow).out
    table = "select key, form, threads, batch, seconds, session_id from speed order by key, form"
    before = asked(results, table)
    assert len(before) == 4
    assert "2 runs, 2 measured already: nothing is left to do" in bench("speed", "tiny", *narrow).out
    assert asked(results, table) == before
    bench("speed", "tiny", *narrow, "--again")
    after = asked(results, table)
    assert [row[:4] for row in after] == [row[:4] for row in before]
    assert all(new[4:] != old[4:] for new, old in zip(after, before, strict=True))
    seeds = bench("speed", "tiny", *narrow, "--all-seeds", "--json").json["speeds"]
    assert {row["seed"] for row in seeds} == {0, 1, 2}


def test_what_is_cut_out_is_really_faster(folder: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "wide.yaml").write_text(WIDE, encoding="utf-8")
    package.run("wide.yaml", threads=1, device="cpu")
    rows = bench("speed", "wide.yaml", *QUICK[:2], "--seconds", "0.2", "--batch", "64", "--json").json["speeds"]
    by_form = {row["form"]: row for row in rows}
    assert by_form["shrunk"]["macs"] < 0.2 * by_form["dense"]["macs"]
    assert by_form["shrunk"]["speedup"] > 1.5
    assert by_form["shrunk"]["seconds"] < by_form["dense"]["seconds"]
    assert 0.7 < by_form["masked"]["speedup"] < 1.4
    out = bench("speed", "wide.yaml", *QUICK[:2], "--batch", "64").out
    assert "Milliseconds for an answer of mlp (sizes 600, 600) to digits" in out or "to digits" in out
    assert f"{by_form['shrunk']['speedup']:.2f}x" in out
    chosen = bench("choose", "wide", "--max-ms", str(1000 * by_form["shrunk"]["seconds"]), "--batch", "64", "--json")
    assert chosen.json["problems"][0]["chosen"]["timing"]["form"] == "shrunk"


def test_a_network_of_the_pattern_is_measured_on_its_kernels_where_there_are_some(
    folder: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With something in their place that a processor can compute; cards that refuse lose only these rows."""
    (folder / "pattern.yaml").write_text(PATTERN, encoding="utf-8")
    package.run("pattern.yaml", threads=1, device="cpu")
    asking = ("speed", "pattern.yaml", *QUICK, "--batch", "32")
    assert {row["form"] for row in bench(*asking, "--json").json["speeds"]} == {"dense", "masked", "shrunk"}
    assert "no times for 2:4: only graphics cards with CUDA" in bench(*asking).out
    given: list[tuple[str, ...]] = []

    def in_their_place(module: torch.nn.Module, names: tuple[str, ...]) -> torch.nn.Module:
        given.append(names)
        return module.half()

    monkeypatch.setattr("bench.speeding.obstacle", lambda device: None)
    monkeypatch.setattr("bench.speeding.on_kernels", in_their_place)
    rows = {row["form"]: row for row in bench(*asking, "--again", "--json").json["speeds"]}
    assert given == [("fc1", "fc2")]  # the output layer has ten rows, which is no multiple of 32
    assert rows.keys() == {"dense", "masked", "shrunk", "2:4"}
    assert rows["2:4"]["macs"] == rows["dense"]["macs"] - 2 * 64 * 64 // 2
    assert rows["2:4"]["speedup"] > 0

    def refusing(module: torch.nn.Module, names: tuple[str, ...]) -> torch.nn.Module:
        raise RuntimeError("no such shape")

    monkeypatch.setattr("bench.speeding.on_kernels", refusing)
    answer = bench(*asking, "--again")
    assert answer.code == 0
    assert "no times for 2:4: the kernels refused (no such shape)" in answer.out
    assert "shrunk" in answer.out


def test_a_suite_without_a_dense_run_is_measured_all_the_same(results: Path, states: Path, bench: Bench) -> None:
    with closing(sqlite3.connect(results)) as connection, connection:
        connection.execute("delete from run where key in (select key from results where method_name = 'none')")
    rows = bench("speed", "tiny", *QUICK, "--batch", "1", "--json").json["speeds"]
    assert {row["form"] for row in rows} == {"masked", "shrunk"}
    assert len({row["key"] for row in rows}) == 6


def lose(states: Path, key: str) -> None:
    for file in states.rglob(f"{key}.state"):
        file.unlink()


def test_of_each_cell_a_seed_is_taken_that_is_at_hand(results: Path, states: Path, bench: Bench) -> None:
    """As where only the best seed of each cell is kept; its dense network may be another seed's."""
    gone = asked(results, "select key from results where seed = 0 or (seed = 1 and method = 'none')")
    for (key,) in gone:
        lose(states, key)
    rows = bench("speed", "tiny", *QUICK, "--batch", "1", "--json").json["speeds"]
    assert {row["seed"] for row in rows if row["level"]} == {1}
    assert {row["seed"] for row in rows if not row["level"]} == {2}
    assert len({row["key"] for row in rows}) == 7


def test_a_run_whose_state_is_gone_is_told_and_the_others_are_measured(
    results: Path, states: Path, bench: Bench
) -> None:
    found = asked(results, "select key, seed from results where method = 'lottery' and level = 2 order by seed")
    for key, _ in found:
        lose(states, key)
    answer = bench("speed", "tiny", *QUICK, "--batch", "1", "--only", "method=lottery", "--json")
    name = found[0][0][:8]
    assert answer.code == 1
    assert answer.json["missing"] == [
        f"run {name}: its state is not kept any more; `bench export {name}` trains it again"
    ]
    assert {row["level"] for row in answer.json["speeds"]} == {1}


def test_it_needs_pytorch_and_says_so(results: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; from bench.cli import main; print(main(['speed', 'tiny']))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "2"
    assert "which the light installation leaves out" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--batch", "many"), "--batch many: are no batch sizes; write 1,256"),
        (("--batch", "0"), "--batch 0: are no batch sizes"),
        (("--device", "gpu"), "device 'gpu'"),
        (("--only", "method=lotery"), "did you mean 'lottery'?"),
        (("--seconds", "0"), "--seconds"),
        (("--db", "nosuch.db"), "nosuch.db"),
    ],
)
def test_mistakes_are_said_in_one_line(results: Path, bench: Bench, arguments: tuple[str, ...], said: str) -> None:
    answer = bench("speed", "tiny", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_the_database_itself(bench: Bench) -> None:
    said = bench("speed", "--only", "store", "--runs", "50", "--json").json
    assert said["runs"] == 50
    assert {one["name"]: one["at_most"] for one in said["figures"]}["file without curves"] == 600
    table = bench("speed", "--only", "store", "--runs", "50")
    assert "load of the machine" in table.out
    assert bench("speed", "tiny", "--only", "store").code == bench("speed").code == 2
