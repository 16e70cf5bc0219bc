"""Commands that look: show, report, sql, list, data, explain."""

from __future__ import annotations

import csv
import io
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bench.store import Store
from tests.cli.conftest import TINY, Bench, environment
from tests.store.studies import DEFAULT, tune

LIGHT = """
import sys
from bench.cli import main
code = main(sys.argv[1:])
assert code == 0, code
print("torch" in sys.modules)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["show", "tiny.yaml"],
        ["show", "tiny", "--json"],
        ["runs", "tiny"],
        ["status"],
        ["sql", "select 1"],
        ["schema"],
        ["report"],
        ["power", "tiny", "--difference", "0.1"],
        ["show", "tiny", "--table", "ranks"],
        ["list", "suites"],
        ["list", "methods"],
    ],
    ids=" ".join,
)
def test_light_commands_do_not_load_torch(results: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, *arguments], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"


def test_help_does_not_load_what_only_tables_need() -> None:
    code = "import sys; from bench.cli import main; main(['--help']); print({'pandas', 'sqlalchemy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_without_torch_training_is_refused_and_looking_works(results: Path) -> None:
    code = """
import sys
sys.modules["torch"] = None
from bench.cli import main
print([main(command.split()) for command in (
    "show tiny", "list methods", "run tiny.yaml", "list scores", "data", "export 12345678", "predict 12345678 a.png"
)])
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[0, 0, 2, 2, 2, 2, 2]"
    assert all("which the light installation leaves out" in line for line in done.stderr.splitlines())


def test_show_has_every_method_with_mean_and_difference(results: Path, bench: Bench) -> None:
    answer = bench("show", "tiny")
    assert answer.code == 0
    for words in ("none", "lottery", "50\N{NO-BREAK SPACE}%", "Means of 3 seeds", "Differences to"):
        assert words in answer.out
    assert "changed" not in answer.out
    assert "missing" not in answer.out


def test_show_as_json_is_the_comparison(results: Path, bench: Bench) -> None:
    said = bench("show", "tiny", "--json", "--metric", "test_accuracy", "--only", "method=lottery,level=1").json
    (grid,) = said["grids"]
    assert grid["metric"] == "test_accuracy"
    assert {(cell["method"], cell["level"]) for cell in grid["cells"]} == {("none", 0), ("lottery", 1)}
    assert all(cell["n"] == 3 for cell in grid["cells"])
    assert (said["missing"], said["changed"]) == ({}, [])


def test_show_against_another_method(results: Path, bench: Bench) -> None:
    assert bench("show", "tiny", "--against", "one-shot", "--json").json["grids"][0]["against"] == "one-shot"


def test_show_says_when_runs_are_missing(results: Path, bench: Bench) -> None:
    with sqlite3.connect(results) as database:
        database.execute("delete from run where seed = 2")
    answer = bench("show", "tiny")
    assert "7 runs of the profile full still missing; `bench run tiny` makes them" in answer.out
    assert "2 of 3 seeds" in answer.out


def test_show_says_when_the_suite_file_changed(results: Path, folder: Path, bench: Bench) -> None:
    (folder / "tiny.yaml").write_text("# a comment changes nothing\n" + TINY, encoding="utf-8")
    assert bench("show", "tiny.yaml", "--json").json["changed"] == []
    (folder / "tiny.yaml").write_text(TINY.replace("1e-2", "1e-3"), encoding="utf-8")
    assert bench("show", "tiny.yaml", "--json").json["changed"] == ["full"]
    assert "has changed since" in bench("show", "tiny.yaml").out


def test_show_fits_a_narrow_terminal(results: Path) -> None:
    if shutil.which("script") is None:
        pytest.skip("there is no `script` to make a terminal with")
    command = f"stty cols 60; {sys.executable} -m bench show tiny"
    done = subprocess.run(["script", "-qec", command, "/dev/null"], env=environment(), capture_output=True, check=True)
    rows = [line for line in done.stdout.decode().splitlines() if "±" in line or "[" in line]
    assert rows


def test_runs_are_listed_by_their_names_with_the_best_first(results: Path, bench: Bench) -> None:
    told = bench("runs", "tiny.yaml", "--only", "method=lottery,level=2", "--json").json["runs"]
    assert [one["run"] for one in told] == [one["key"][:8] for one in told]
    assert sorted(one["seed"] for one in told) == [0, 1, 2]
    losses = [one["test_loss"] for one in told]  # the headline of the suite
    assert losses == sorted(losses)
    by_accuracy = bench("runs", "tiny", "--metric", "test_accuracy", "--json").json["runs"]
    assert len(by_accuracy) == 3 * 7
    first, second = [one["test_accuracy"] for one in by_accuracy if one["method"] == "none"][:2]
    assert first >= second
    answer = bench("runs")
    assert answer.code == 0
    assert all(one["run"] in answer.out for one in by_accuracy)
    assert answer.lines[-1] == "21 runs"
    assert "no suite 'other'" in bench("runs", "other").err


def test_report_writes_a_page(results: Path, folder: Path, bench: Bench) -> None:
    said = bench("report", "--suite", "tiny.yaml", "--out", "pages", "--json").json
    assert said["page"] == "pages/index.html"
    assert all((folder / file).is_file() for file in said["files"])


def test_a_part_of_the_report(results: Path, folder: Path, bench: Bench) -> None:
    environments = bench("sql", "select distinct environment from results", "--json").json
    name = environments[0]["environment"]
    said = bench("report", "--figure", "difference-to-dense", "--environment", name, "--json").json
    figures = {Path(file).stem for file in said["files"] if "/figures/" in file}
    assert figures == {"difference-to-dense"}
    for arguments, mend in (
        (("--figure", "difference"), "difference-to-dense"),
        (("--environment", "a toaster"), "no run has the environment 'a toaster'"),
    ):
        answer = bench("report", *arguments)
        assert answer.code == 2
        assert mend in answer.err


def test_sql_in_every_form(results: Path, folder: Path, bench: Bench) -> None:
    question = "select method, count(*) as n from results where seed = :seed group by method order by method"
    rows = bench("sql", question, "--param", "seed=1", "--json").json
    assert rows[0] == {"method": "lottery", "n": 2}
    written = bench("sql", question, "--param", "seed=1", "--csv").out
    assert list(csv.reader(io.StringIO(written)))[1] == ["lottery", "2"]
    (folder / "question.sql").write_text(question, encoding="utf-8")
    assert bench("sql", "@question.sql", "--param", "seed=1", "--json").json == rows
    assert bench("sql", "--file", "question.sql", "--param", "seed=1", "--json").json == rows
    assert "4 rows" in bench("sql", question, "--param", "seed=1").out


@pytest.mark.parametrize(
    "statement",
    [
        "delete from run",
        "drop view results",
        "insert into settings values (1, 'a', '{}')",
        "pragma user_version = 3",
        "attach database 'other.db' as other",
        "with x as (select 1) delete from run",
        "select 1; delete from run",
    ],
)
def test_sql_refuses_to_write(results: Path, folder: Path, bench: Bench, statement: str) -> None:
    before = results.read_bytes()
    answer = bench("sql", statement)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert results.read_bytes() == before
    assert not (folder / "other.db").exists()


def test_sql_stops_after_a_while(results: Path, bench: Bench) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    answer = bench("sql", endless, "--limit-seconds", "0.2")
    assert answer.code == 2
    assert "took longer than 0.2 s" in answer.err


def test_list_knows_everything(bench: Bench) -> None:
    every = bench("list", "--json").json
    assert {"suites", "methods", "scores", "datasets", "networks", "initialisations"} == set(every)
    assert "starter" in [one["name"] for one in every["suites"]]
    for kind, entries in every.items():
        for one in entries:
            assert one["summary"], f"{kind} {one['name']} has no summary"
    costs = {one["name"]: one["cost"] for one in every["methods"]}
    assert (costs["none"], costs["one-shot"]) == ("1 x dense", "1 x dense")
    assert costs["lottery"] == costs["dense-longer"] == costs["one-shot-longer"] == "(rounds + 1) x dense"
    assert (costs["equal-size"], costs["distil"]) == ("1 x its own network", "1 x dense + 1 x its own network")
    assert costs["distil-pruned"] == "2 x dense"  # of which one trains the teacher as well
    assert "imp" in next(one["aliases"] for one in every["methods"] if one["name"] == "lottery")


@pytest.mark.parametrize("word", ["suites", "method", "scores", "dataset", "networks", "initialisations"])
def test_list_of_one_kind(bench: Bench, word: str) -> None:
    answer = bench("list", word)
    assert answer.code == 0
    assert len(answer.lines) > 2


def test_data_says_where_each_set_is(bench: Bench) -> None:
    found = {one["name"]: one for one in bench("data", "--json").json}
    assert found["penguins"]["status"] == "ready"
    assert found["penguins"]["counts"] == {"train": 200, "validation": 100, "test": 33}
    assert found["mnist"]["status"] == "missing"
    assert "would be fetched" in found["mnist"]["text"]
    assert "mnist-standin" in bench("data").out


def test_status_has_a_line_for_each_study(bench: Bench) -> None:
    with Store.open("results.db") as store:
        tune(store)
        tune(store, [DEFAULT], hash="another", name="lottery", profile="quick", budget_unit="steps", budget=1e4)
    said = bench("status").lines
    assert (
        "study penguins/one-shot at 90 % on penguins with penguin-net: trials 1 done, 1 failed; 2 of 4 trials spent; "
        "best: trial 1 with 80.00 %" in said
    )
    assert (
        "study penguins/lottery (quick) on penguins with penguin-net: trials 0 done; 100 of 10,000 steps spent; "
        "best: none yet" in said
    )
    assert [one["best_value"] for one in bench("status", "--json").json["studies"]] == [0.8, None]


def test_explain_tells_steps_costs_and_what_is_shared(bench: Bench) -> None:
    (ticket,) = bench("explain", "tiny.yaml/lottery/2", "--json").json["cells"]
    assert [step["verb"] for step in ticket["steps"]] == ["Train", "Prune", "Reset", "Train", "Prune", "Reset", "Train"]
    assert (ticket["cost"], ticket["dense_steps"], ticket["steps_alone"]) == (3.0, 16, 48)
    assert ticket["steps_of_its_own"] == 16  # the last training: no other method has it
    assert sum(part["cells"] for part in ticket["steps"][0]["shared"]) == 6  # all other cells begin with it
    assert ticket["steps"][3]["shared"] == [{"start": 0, "stop": 16, "cells": 1, "methods": ["lottery"]}]


def test_explain_without_a_level_takes_the_highest_and_without_a_method_all(bench: Bench) -> None:
    assert [cell["level"] for cell in bench("explain", "tiny.yaml/one-shot", "--json").json["cells"]] == [2]
    cells = bench("explain", "tiny.yaml", "--json").json["cells"]
    assert [cell["method"] for cell in cells] == ["none", "one-shot", "lottery", "one-shot (fine-tune 1 epoch)"]
    by_filter = bench("explain", "tiny.yaml", "--only", "method=lottery,level=1", "--json").json["cells"]
    assert [(cell["method"], cell["level"]) for cell in by_filter] == [("lottery", 1)]


def test_explain_in_words(bench: Bench) -> None:
    out = bench("explain", "tiny.yaml/one-shot (fine-tune 1 epoch)/1").out
    assert "prune the weights of lowest magnitude within each layer, until in all 50 % of fc1, output are gone" in out
    assert "train 4 steps with settings of its own (adam at 0.001" in out
