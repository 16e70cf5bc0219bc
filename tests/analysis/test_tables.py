"""The tables: every kind of database, numbers that SQL and SciPy give too, and bold only where a test says so."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from analysis import load, load_missing, tables
from analysis.load import PUBLISHED, SPEEDS
from analysis.sheet import Sheet
from analysis.tables import TABLES, Evidence, TableKind, gather
from bench.errors import UserError
from tests.analysis.generate import GPU, LADDER, Row, Simulation, database

ENDINGS = {
    ("one-shot", 2, 1): ("collapsed", "layer fc1 is empty"),
    ("dynamic", 2, 2): ("diverged", "loss was not finite at step 812"),
    ("lottery", 1, 3): ("failed", "out of memory: <device 0> & more | none_of_them"),
}
FEW = ("none", "one-shot", "lottery")
FAILED = {("none", 0, 0): ("failed", "x"), ("lottery", 1, 0): ("failed", "x")}
SMALL = Simulation(methods=FEW, targets=(0.5, 0.9, 0.98), seeds=range(6))
CASES: dict[str, tuple[Simulation, ...]] = {
    "no run": (),
    "not begun": (Simulation(seeds=(), planned=range(3)),),
    "one dense run": (Simulation(methods=("none",), seeds=[0]),),
    "one pruned run": (Simulation(methods=("lottery",), seeds=[0], targets=(0.9,)),),
    "one seed": (Simulation(seeds=[0]),),
    "two seeds": (Simulation(seeds=[0, 1]),),
    "one method": (Simulation(methods=("lottery",)),),
    "all failed": (Simulation(methods=("none", "lottery"), targets=(0.9,), seeds=[0], statuses=FAILED),),
    "some failed": (Simulation(targets=(0.5, 0.9), statuses=ENDINGS),),
    "incomplete": (Simulation(targets=(0.5,), seeds=range(3), planned=range(10)),),
    "stand-in": (Simulation(data="mnist-standin", standin=True, targets=(0.9,)),),
    "reference": (Simulation(origin="reference", targets=(0.9, 0.95)),),
    "two environments": (SMALL, Simulation(methods=FEW, targets=(0.5, 0.9), environment=GPU, origin="reference")),
    "a loss and an accuracy": (SMALL, Simulation(methods=FEW, data="penguins", metric="test_loss", test_count=33)),
    "a long ladder": (Simulation(targets=LADDER, seeds=range(3)),),
}
ABSENT = {
    "no run": {kind.name for kind in TABLES},
    "one seed": {"ranks", "detectable", "published", "tuning", "failures"},
    "a long ladder": {"published", "tuning", "failures"},
}


@pytest.mark.parametrize("case", CASES)
def test_every_table_of_every_database(tmp_path: Path, case: str) -> None:
    path = database(tmp_path / "results.db", *CASES[case])
    given = gather(path)
    for kind in TABLES:
        sheet = kind.make(given)
        assert sheet.name == kind.name
        markdown, latex, written = sheet.to_markdown(), sheet.to_latex(), sheet.to_csv()
        if case in ABSENT:
            assert (not sheet.rows) == (kind.name in ABSENT[case]), kind.name
        if not sheet.rows:
            assert sheet.absence == kind.absence
            assert kind.absence in markdown.replace("\\", "")
            assert latex.startswith("%")
            continue
        assert all(len(row) == len(sheet.columns) for row in sheet.rows)
        assert len(set(sheet.columns)) == len(sheet.columns)
        for text in (cell for row in sheet.rows for cell in row):
            assert not re.search(r"\b(nan|None|inf|NaN|<NA>)\b", text), (kind.name, text)
        assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
        assert latex.count(r"\begin{") == latex.count(r"\end{")
        assert len([*csv.reader(io.StringIO(written))]) >= 2
        assert {line.replace(r"\|", "").count("|") for line in markdown.splitlines() if line.startswith("|")} == {
            len(sheet.columns) + 1
        }


def column(sheet: Sheet, head: str) -> list[str]:
    return [row[sheet.columns.index(head)] for row in sheet.rows]


@pytest.fixture
def runs(tmp_path: Path) -> pd.DataFrame:
    return load(database(tmp_path / "results.db", SMALL))


def values(runs: pd.DataFrame, method: str, level: int) -> np.ndarray:
    own = runs[(runs["method"] == method) & (runs["level"] == level)].sort_values("seed")
    return own["test_accuracy"].to_numpy(dtype=float)


def test_differences_are_those_of_scipy(runs: pd.DataFrame) -> None:
    sheet = tables.differences(runs)
    assert sheet.data is not None
    assert sheet.title == "Differences to none"
    assert column(sheet, "method") == ["one-shot"] * 3 + ["lottery"] * 3  # as the suite file has them
    for row in sheet.data.to_dict("records"):
        mine, dense = values(runs, row["method"], row["level"]), values(runs, "none", 0)
        theirs = scipy_stats.ttest_rel(mine, dense)
        assert row["p"] == pytest.approx(theirs.pvalue)
        assert (row["low"], row["high"]) == pytest.approx(tuple(theirs.confidence_interval()))
        reach = scipy_stats.t.ppf(0.95, 5) * scipy_stats.sem(mine - dense)
        assert row["within"] == pytest.approx(abs(row["mean"]) + reach)
    shown = {place for place, _ in sheet.bold}
    assert shown == {place for place, p in enumerate(sheet.data["p_holm"]) if p < 0.05}
    assert 0 < len(shown) < len(sheet.rows)


def test_duels_pair_by_seed_and_their_file_has_every_level(runs: pd.DataFrame) -> None:
    sheet = tables.duels(runs)
    assert len(sheet.rows) == 1
    assert sheet.data is not None
    assert list(sheet.data["level"]) == [1, 2, 3]
    for row in sheet.data.to_dict("records"):
        first, second = values(runs, row["method"], row["level"]), values(runs, row["rival"], row["level"])
        assert row["p"] == pytest.approx(scipy_stats.ttest_rel(first, second).pvalue)
        assert (row["wins"], row["losses"]) == (int(np.sum(first > second)), int(np.sum(first < second)))
    assert column(sheet, "worse at") == ["every sparsity"]
    assert column(sheet, "better at") == [""]


def test_methods_at_unlike_sparsities_do_not_meet(runs: pd.DataFrame) -> None:
    runs.loc[(runs["method"] == "lottery") & (runs["level"] == 2), "sparsity"] += 0.01
    sheet = tables.duels(runs)
    assert sheet.data is not None
    assert list(sheet.data["level"]) == [1, 3]


def test_the_winner_is_bold_only_where_it_is_told_from_all(runs: pd.DataFrame) -> None:
    sheet = tables.winners(runs)
    assert column(sheet, "best") == ["lottery"] * 3
    assert sheet.data is not None
    assert len(sheet.bold) == sum(sheet.data["told_from_all"]) == 3
    # The same values for both: nobody is ahead.
    runs.loc[runs["method"] == "one-shot", "test_accuracy"] = 0.9
    runs.loc[runs["method"] == "lottery", "test_accuracy"] = 0.9
    tied = tables.winners(runs)
    assert not tied.bold
    assert (set(column(tied, "best")), set(column(tied, "not told from"))) == ({"one-shot"}, {"lottery"})
    assert set(column(tied, "interval")) == {"all equal"}


def test_a_method_that_lost_runs_is_no_winner(tmp_path: Path) -> None:
    endings = {("lottery", 1, 0): ("diverged", "loss was not finite")}
    runs = load(database(tmp_path / "r.db", Simulation(**{**vars(SMALL), "statuses": endings})))
    sheet = tables.winners(runs)
    assert {row for row, _ in sheet.bold} == {1, 2}
    assert column(sheet, "not told from")[0] == "but 1 of its runs failed or diverged"


def test_of_two_seeds_both_values_are_shown(tmp_path: Path) -> None:
    runs = load(database(tmp_path / "r.db", Simulation(methods=FEW, targets=(0.9,), seeds=[0, 1])))
    sheet = tables.differences(runs)
    mine, dense = values(runs, "one-shot", 1), values(runs, "none", 0)
    low, high = sorted(100 * (mine - dense))
    assert column(sheet, "interval")[0] == f"({low:+.2f} to {high:+.2f})".replace("-", "\N{MINUS SIGN}")
    assert sheet.data is not None
    assert sheet.data["low"].min() >= -1


def test_costs_are_means_of_cells_and_multiples_of_dense(runs: pd.DataFrame) -> None:
    sheet = tables.costs(runs)
    assert column(sheet, "method") == ["none", "one-shot", "lottery"]
    assert column(sheet, "× dense") == ["1", "2 to 4", "2 to 4"]
    assert column(sheet, "seconds in all") == ["9", "27", "27"]
    assert sheet.data is not None
    assert len(sheet.data) == 7


def test_what_is_kept_reads_as_a_sentence_has_it(runs: pd.DataFrame) -> None:
    sheet = tables.kept(runs)
    assert sheet.columns == ("method", "99\N{NO-BREAK SPACE}% of dense", *sheet.columns[2:])
    one_shot, lottery = sheet.rows
    assert re.fullmatch(r"\d\d(\.\d)?\s% \[\d\d(\.\d)?\s%, \d\d(\.\d)?\s%\]", one_shot[2])
    assert lottery[3] == "at least 98\N{NO-BREAK SPACE}%"
    assert sheet.data is not None
    assert {"censored", "early", "incomplete", "how"} <= set(sheet.data.columns)


def test_measured_speed_stands_beside_theory(runs: pd.DataFrame) -> None:
    rows: list[Row] = [
        dict.fromkeys(SPEEDS)
        | {name: run[name] for name in ("suite", "profile", "data", "model", "method", "level", "environment")}
        | {"form": form, "batch": 1, "threads": 2, "speedup": speedup}
        for run in runs.to_dict("records")
        for form, speedup in (("shrunk", 2.0 ** (run["seed"] % 2)), ("masked", 9.0))
    ]
    sheet = tables.compression(runs, pd.DataFrame(rows))
    assert set(column(sheet, "measured, batch 1, 2 threads")) == {"1.41×"}  # the geometric mean of 1 and 2
    assert "measured, batch 1, 2 threads" not in tables.compression(runs).columns


def test_published_numbers_stand_beside_ours() -> None:
    row: Row = dict.fromkeys(PUBLISHED) | {
        "suite": "mnist",
        "profile": "full",
        "data": "mnist",
        "model": "mlp",
        "environment": "cpu",
        "project": "theirs",
        "their_method": "weight pruning",
        "method": "one-shot",
        "sparsity_claimed": 0.9,
        "metric": "test_accuracy",
        "published": 0.97,
        "n": 5,
        "mean": 0.968,
        "sd": 0.001,
        "low": 0.9668,
        "high": 0.9692,
        "difference": -0.002,
        "inside": 0,
        "target_sparsity": 0.9,
        "level": 1,
    }
    (cells,) = tables.published(pd.DataFrame([row])).rows
    assert cells[-4:] == ("[96.68, 96.92]", "5", "\N{MINUS SIGN}0.20", "no")


def test_a_choice_of_cells_keeps_what_they_are_compared_with(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", Simulation())
    given = gather(path, only={"method": ["lottery-kept"], "sparsity": ["0.9"]}, against="dynamic")
    assert set(given.runs["method"]) == {"lottery-kept", "dynamic"}
    sheet = tables.differences(given.runs, against="dynamic", missing=given.missing)
    assert (column(sheet, "method"), sheet.title) == (["lottery-kept"], "Differences to dynamic")
    with pytest.raises(UserError, match="no method 'lotery'"):
        gather(path, against="lotery")


def test_a_table_is_a_function_of_a_frame(runs: pd.DataFrame, tmp_path: Path) -> None:
    by_name = {kind.name: kind for kind in TABLES}
    assert len(by_name) == len(TABLES)
    for kind in TABLES:
        assert isinstance(kind, TableKind)
        assert callable(getattr(tables, kind.name))
    missing = load_missing(tmp_path / "results.db")
    assert by_name["winners"].make(Evidence(runs, missing)) == tables.winners(runs, missing=missing)


def test_long_tables_break_over_pages(tmp_path: Path) -> None:
    runs = load(database(tmp_path / "r.db", Simulation(targets=LADDER, seeds=range(2))))
    assert r"\begin{longtable}" in tables.differences(runs).to_latex()
    assert r"\begin{table}" in tables.costs(runs).to_latex()


def test_a_sheet_without_data_writes_its_words() -> None:
    sheet = Sheet("x", "X", ("a", "b_c"), (("1|2", "50 %"),), frozenset(("b_c",)), bold=frozenset([(0, 1)]))
    assert sheet.to_csv() == "a,b_c\n1|2,50 %\n"
    assert r"| 1\|2 | **50 %** |" in sheet.to_markdown()
    assert r"1\textbar{}2 & \textbf{50 \%}" in sheet.to_latex()
