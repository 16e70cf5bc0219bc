"""`bench run` and `bench plan`, with real training of a small suite."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import TINY, Answer, Bench, environment, outside

RUNS = 3 * (1 + 3 * 2)
FAILING = """\
from bench import score

@score("breaking")
def breaking(net):
    raise RuntimeError("no such luck")
"""
SHAKEN = """\
from bench import score

@score("shaken")
def shaken(net):
    return {name: weight.abs() * (1 - 0.1 * net.uniform(name)) for name, weight in net.weights.items()}
"""
UNGUARDED = """\
import bench

runs = bench.run("tiny.yaml", profile="quick", only="method=one-shot", threads=1)
again = bench.run("tiny.yaml", profile="quick", only="method=one-shot", threads=1)
print(len(runs), len(again), sorted(set(runs["method_name"])), set(runs["status"]))
"""


def test_a_run_says_what_it_works_on_first_and_what_it_did_last(first_run: tuple[Path, Answer]) -> None:
    folder, answer = first_run
    assert answer.code == 0, answer.err
    assert answer.lines[0].startswith("database results.db | data penguins (the package palmerpenguins) | device cpu")
    last = answer.lines[-1]
    assert f"{RUNS} runs of {RUNS} done ({RUNS} now, 0 before)" in last
    assert "training steps made" in last
    assert "had each run been made alone" in last
    assert last.endswith("report in report/index.html")
    assert (folder / "report" / "index.html").is_file()
    assert sorted(path.name for path in folder.iterdir()) == [".bench", "report", "results.db", "tiny.yaml"]


def test_a_run_prints_the_comparison(first_run: tuple[Path, Answer]) -> None:
    out = first_run[1].out
    assert "Test loss (nats) of penguins, penguin-net" in out
    for method in ("none", "one-shot", "lottery", "one-shot (fine-tune 1 epoch)"):
        assert f"\n {method} " in out
    assert "Differences to the dense network, paired by seed" in out


def test_a_second_run_does_nothing_and_says_so(results: Path, bench: Bench) -> None:
    answer = bench("run", "tiny.yaml", "--json", "--no-report", "--threads", "1")
    assert answer.code == 0
    assert answer.json["made"] == {}
    assert (answer.json["runs"], answer.json["before"], answer.json["steps"]) == (RUNS, RUNS, 0)
    assert answer.json["report"] is None
    assert len(answer.json["comparison"]["grids"]) == 1
    assert "nothing is left to do" in answer.err


def test_a_plan_of_nothing_done_and_of_all_done(results: Path, bench: Bench) -> None:
    fresh = bench("plan", "tiny.yaml", "--db", "other.db", "--json").json
    assert (fresh["cells"], fresh["runs"], fresh["done"], fresh["missing"]) == (7, RUNS, 0, RUNS)
    assert 0 < fresh["steps_shared"] < fresh["steps_alone"]
    assert fresh["estimated_seconds"] > 0
    assert fresh["packs"] > 0
    done = bench("plan", "tiny.yaml", "--json").json
    assert (done["done"], done["missing"], done["steps_left"], done["packs"]) == (RUNS, 0, 0, 0)
    assert done["steps_shared"] == fresh["steps_shared"]
    assert done["outdated"] == []
    assert "what they share made once" in bench("plan", "tiny.yaml").out


def test_only_chooses_a_part_of_the_plan(bench: Bench) -> None:
    part = bench("plan", "tiny.yaml", "--only", "method=lottery,sparsity=0.8", "--seeds", "2", "--json").json
    assert (part["cells"], part["runs"]) == (2, 4)  # the dense network is what the ticket is compared with


def test_a_label_with_a_comma_can_be_chosen(bench: Bench, folder: Path) -> None:
    (folder / "comma.yaml").write_text(TINY.replace("fine-tune: 1 epoch", "fine-tune: 1 epoch, label: 'a, b'"))
    assert bench("plan", "comma.yaml", "--only", "method=a, b,level=1", "--json").json["cells"] == 2


def test_runs_that_fail_are_told_and_give_exit_code_1(folder: Path) -> None:
    (folder / "breaking.py").write_text(FAILING, encoding="utf-8")
    suite = TINY.replace("[none, one-shot, lottery, ", "[none, {one-shot: {score: breaking, label: broken}}, ")
    (folder / "tiny.yaml").write_text(suite, encoding="utf-8")
    command = ("run", "tiny.yaml", "--plugin", "breaking.py", "--profile", "quick", "--no-report", "--threads", "1")
    answer = outside(folder, *command)
    assert answer.code == 1, answer.err
    assert "Traceback" not in answer.out + answer.err
    assert "2 runs failed" in answer.lines[-2]
    assert "3 runs of 5 done" in answer.lines[-1]
    with sqlite3.connect(folder / "results.db") as database:
        reasons = database.execute("select reason from results where status = 'failed'").fetchall()
    assert len(reasons) == 2
    assert all("no such luck" in reason for (reason,) in reasons)


def test_an_edited_plugin_makes_its_runs_outdated(folder: Path) -> None:
    plugin = folder / "shaken.py"
    plugin.write_text(SHAKEN, encoding="utf-8")
    suite = TINY.replace("methods: [none, one-shot, lottery, ", "methods: [none, {one-shot: {score: shaken}}, ")
    (folder / "tiny.yaml").write_text(suite, encoding="utf-8")
    command = ("tiny.yaml", "--plugin", "shaken.py", "--profile", "quick", "--threads", "1")
    ran = outside(folder, "run", *command, "--no-report")
    assert ran.code == 0, ran.err
    plugin.write_text(SHAKEN.replace("0.1", "0.2"), encoding="utf-8")
    plan = outside(folder, "plan", *command, "--json").json
    assert plan["outdated"] == [{"kind": "score", "name": "shaken", "runs": 2}]
    assert plan["missing"] == 2


def test_from_python_without_a_guard(folder: Path) -> None:
    (folder / "script.py").write_text(UNGUARDED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4 4 ['one-shot'] {'done'}\n"


@pytest.mark.long
def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(folder: Path) -> None:
    (folder / "tiny.yaml").write_text(TINY.replace("epochs: 4", "epochs: 4000"), encoding="utf-8")
    command = [sys.executable, "-m", "bench", "run", "tiny.yaml", "--threads", "1", "--no-report"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    database = folder / "results.db"
    for _ in range(3000):  # on a machine that has other work this takes a while
        time.sleep(0.1)
        if database.is_file() and _final_runs(database):
            break
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert "The same command goes on from there" in out.strip().splitlines()[-1]
    assert not list(folder.glob("results.db-*"))
    kept = _final_runs(database)
    assert 0 < kept < RUNS
    rest = outside(folder, "run", "tiny.yaml", "--threads", "2", "--no-report", "--json")
    assert rest.code == 0, rest.err
    assert rest.json["before"] == kept
    assert sum(rest.json["made"].values()) == RUNS - kept


def _final_runs(database: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute("select count(*) from run where status = 'done'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@pytest.mark.long
def test_stand_ins_are_loud_at_both_ends(folder: Path) -> None:
    suite = TINY.replace("data: penguins", "data: mnist").replace("{penguin-net: {head: logits}}", "lenet-300-100")
    suite = suite.replace("epochs: 4", "steps: 5")
    (folder / "tiny.yaml").write_text(suite, encoding="utf-8")
    answer = outside(folder, "run", "tiny.yaml", "--data", "standin", "--profile", "quick", "--no-report")
    assert answer.code == 0, answer.err
    assert "mnist-standin STAND-IN" in answer.lines[0]
    loud = [number for number, line in enumerate(answer.lines) if line.startswith("STAND-IN")]
    assert loud[0] == 1
    assert loud[-1] == len(answer.lines) - 2
    assert json.loads(outside(folder, "sql", "select distinct data from results", "--json").out) == [
        {"data": "mnist-standin"}
    ]


OF_ONE_FILE = """\
title: My own rows
data: {npz: mine.npz}
model: {mlp: {sizes: [4]}}
training: {optimiser: adam, lr: 1e-2, batch: 10, epochs: 1}
seeds: 1
sparsities: [0.5]
methods: [none]
"""


def test_data_that_were_replaced_are_told_and_taken_when_asked(folder: Path, bench: Bench) -> None:
    (folder / "own.yaml").write_text(OF_ONE_FILE, encoding="utf-8")
    for seed in (0, 1):
        rows = np.random.default_rng(seed).normal(size=(60, 5)).astype(np.float32)
        np.savez(folder / "mine.npz", x=rows, y=np.arange(60) % 3)
        answer = bench("run", "own.yaml", "--threads", "1", "--no-report")
        assert answer.code == (0 if seed == 0 else 2), answer.err
    assert "--new-data" in answer.err
    taken = bench("run", "own.yaml", "--threads", "1", "--no-report", "--new-data")
    assert taken.code == 0, taken.err
    assert "1 run of 1 done (1 now, 0 before)" in taken.out
