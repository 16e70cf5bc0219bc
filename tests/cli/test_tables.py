"""bench show --table and bench power: what they print, and what they refuse."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Bench


@pytest.mark.parametrize(
    "name", ["winners", "differences", "duels", "areas", "kept", "detectable", "costs", "compression"]
)
def test_any_table_is_printed(results: Path, bench: Bench, name: str) -> None:
    answer = bench("show", "tiny", "--table", name)
    assert answer.code == 0
    assert len(answer.lines) > 4
    rows = bench("show", "tiny", "--table", name, "--json").json["rows"]
    written = [*csv.DictReader(io.StringIO(bench("show", "tiny", "--table", name, "--form", "csv").out))]
    assert len(rows) == len(written) > 0


def test_a_table_in_the_forms_of_the_report(results: Path, bench: Bench) -> None:
    assert bench("show", "tiny", "--table", "costs", "--form", "markdown").out.startswith("### What training costs")
    assert r"\toprule" in bench("show", "tiny", "--table", "costs", "--form", "latex").out
    assert "no run failed" in bench("show", "tiny", "--table", "failures").out


def test_tables_keep_to_what_is_chosen(results: Path, bench: Bench) -> None:
    answer = bench(
        "show", "tiny", "--table", "differences", "--against", "one-shot", "--only", "method=lottery", "--json"
    )
    assert {(row["method"], row["against"]) for row in answer.json["rows"]} == {("lottery", "one-shot")}


def test_power_says_seeds_and_their_time(results: Path, bench: Bench) -> None:
    answer = bench("power", "tiny", "--difference", "0.05")
    assert answer.code == 0
    assert "Seeds to show 0.05 nats of test loss on penguins" in answer.out
    assert "Half of these comparisons need up to" in answer.out or "are enough" in answer.out
    (comparison,) = bench("power", "tiny", "--difference", "0.05", "--json").json["comparisons"]
    assert comparison["unit"] == "nats"
    assert comparison["seconds_a_seed"] > 0
    for cell in comparison["cells"]:
        assert cell["n"] == 3
        assert cell["seeds_low"] <= cell["seeds"] <= (cell["seeds_high"] or 100_001)
        assert cell["seeds"] <= (cell["seeds_here"] or 100_001)
        assert (cell["power_now"] >= 0.8) == (cell["seeds"] <= 3)
    more = bench("power", "tiny", "--difference", "0.05", "--power", "0.95", "--json").json["comparisons"][0]["cells"]
    pairs = zip(comparison["cells"], more, strict=True)
    assert all((strict["seeds"] or 100_001) >= cell["seeds"] for cell, strict in pairs)


def test_power_of_a_single_seed_says_what_to_run(results: Path, bench: Bench) -> None:
    with sqlite3.connect(results) as database:
        database.execute("delete from run where seed > 0")
    answer = bench("power", "tiny", "--difference", "1")
    assert answer.code == 0
    assert "no method shares two seeds" in answer.out
    assert "`bench run tiny --seeds 5`" in answer.out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("power tiny", "--difference"),
        ("power tiny --difference 0", "give one above 0"),
        ("power tiny --difference nan", "give one above 0"),
        ("power tiny --difference 1 --power 1", "below 1"),
        ("power tiny --difference 101 --metric test_accuracy", "100 points at most"),
        ("power tiny --difference 1 --against nobody", "nobody"),
        ("power tiny --difference 1 --db nosuch.db", "nosuch.db"),
        ("power nosuch --difference 1", "no suite 'nosuch'"),
        ("show tiny --table wnners", "did you mean 'winners'?"),
        ("show tiny --table winners --form word", "no such form; give text, markdown, latex, csv"),
        ("show tiny --form csv", "give --table NAME"),
    ],
)
def test_bad_input_is_told_in_a_line(results: Path, bench: Bench, line: str, words: str) -> None:
    answer = bench(*line.split())
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
