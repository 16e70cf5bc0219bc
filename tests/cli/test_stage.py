"""A suite at stage develop: its test data are shown by no command, until the file says final."""

from __future__ import annotations

import csv
import gzip
import re
import sqlite3
from pathlib import Path

import pytest

from analysis import load
from analysis.artifacts import load_arrays
from bench.benchmark import Benchmark, Request
from bench.records import cell_records, suite_record
from tests.cli.conftest import TINY, Bench

DEVELOP = TINY.replace("metric: test_loss\n", "metric: test_loss\nstage: develop\n")
NOTICE = "Validation data alone: this suite is at the stage develop."


@pytest.fixture
def developed(results: Path, folder: Path) -> Path:
    """The results of the small suite after its file has been given the stage develop."""
    (folder / "tiny.yaml").write_text(DEVELOP, encoding="utf-8")
    with Benchmark(Request("tiny.yaml", device="cpu")) as benchmark:
        benchmark.store.register(suite_record(benchmark.plan), cell_records(benchmark.plan))
    return results


def _count(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        (count,) = connection.execute("select count(*) from run").fetchone()
    return int(count)


def _test_numbers(database: Path) -> set[float]:
    """What must not be shown: means over seeds, and single numbers, of test data."""
    with sqlite3.connect(database) as connection:
        single = connection.execute("select test_loss from results").fetchall()
        means = connection.execute("select avg(test_loss) from results group by method, level").fetchall()
    return {float(value) for (value,) in (*single, *means)}


def test_tables_choices_and_runs_show_validation_data(developed: Path, bench: Bench) -> None:
    shown = bench("show", "tiny")
    assert "Validation loss" in shown.out
    assert "Test loss" not in shown.out
    assert NOTICE in shown.out
    (grid,) = bench("show", "tiny", "--json", "--metric", "test_accuracy").json["grids"]
    assert (grid["metric"], grid["stage"]) == ("validation_accuracy", "develop")
    assert "validation loss" in bench("runs", "tiny").out
    chosen = bench("choose", "tiny")
    assert NOTICE in chosen.out
    (problem,) = bench("choose", "tiny", "--json").json["problems"]
    assert problem["chosen"]["test"] is None
    assert bench("runs", "tiny", "--metric", "test_loss", "--json").json["runs"][0]["test_loss"] is None


def test_no_file_of_the_report_has_a_number_of_test_data(developed: Path, folder: Path, bench: Bench) -> None:
    assert bench("report", "--out", "report").code == 0
    page = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "At the stage develop: tiny." in page
    texts = [
        (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode()
        for file in (folder / "report").rglob("*")
        if file.suffix != ".png" and file.suffix != ".pdf" and file.is_file()
    ]
    hidden = {f"{value:.6g}"[:7] for value in _test_numbers(developed)}
    shown = {f"{value:.6g}"[:7] for value in load(developed)["validation_loss"]}
    assert not [one for one in hidden - shown if any(one in text for text in texts)]
    rows = csv.DictReader((folder / "report" / "tables" / "comparison.csv").read_text().splitlines())
    assert {row["metric"] for row in rows} == {"validation_loss"}


def test_a_paper_is_of_validation_data(developed: Path, folder: Path, bench: Bench) -> None:
    assert bench("paper", "tiny").code == 0
    texts = [file.read_text(encoding="utf-8") for file in (folder / "paper").rglob("*.tex")]
    assert any("The suite is in development: all numbers are of validation data." in text for text in texts)
    assert not any("Test loss" in text or "test loss" in text for text in texts)
    with sqlite3.connect(developed) as connection:
        averages = connection.execute("select avg(validation_loss) from results group by method, level").fetchall()
    table = (folder / "paper" / "tables" / "penguins-penguin-net.tex").read_text(encoding="utf-8")
    means = re.findall(r"shortstack\[r\]\{(?:\\textbf\{)?([0-9.]+)", table)
    assert not (folder / "paper" / "tables" / "published.tex").exists()
    assert sorted(means[: len(averages)]) == sorted(f"{value:.3f}" for (value,) in averages)


def test_frames_have_none_and_arrays_of_answers_are_left_out(developed: Path) -> None:
    runs = load(developed)
    assert set(runs["stage"]) == {"develop"}
    tested = [name for name in runs.columns if "test_" in name and name != "test_count"]
    assert len(tested) == 7
    assert runs[tested].isna().all(axis=None)
    assert runs["validation_loss"].notna().all()
    assert load_arrays(developed, "confusion").empty
    assert not load_arrays(developed, "mask").empty


def test_the_database_keeps_them_and_final_shows_them(developed: Path, folder: Path, bench: Bench) -> None:
    before = _count(developed)
    assert len(_test_numbers(developed)) > 20
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    assert "the suite file has changed" in bench("show", "tiny.yaml").out
    assert bench("run", "tiny.yaml", "--threads", "1").code == 0
    assert _count(developed) == before
    assert "Test loss" in bench("show", "tiny").out
    assert NOTICE not in bench("show", "tiny").out
    with sqlite3.connect(developed) as connection:
        versions = connection.execute("select hash, is_current from suite order by id").fetchall()
    assert [current for _, current in versions] == [1, 0]
    assert len({one for one, _ in versions}) == 2


def test_an_unknown_stage_is_said_with_its_place(folder: Path, bench: Bench) -> None:
    (folder / "tiny.yaml").write_text(TINY.replace("seeds: 3\n", "seeds: 3\nstage: devel\n"), encoding="utf-8")
    answer = bench("plan", "tiny.yaml")
    assert answer.code == 2
    assert answer.err == "tiny.yaml:7:8: stage: unknown stage 'devel'; did you mean 'develop'?\n"
