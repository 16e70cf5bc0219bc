"""Tables and figures of tuning: what was promised beside what came, how the best was found, and what mattered."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.details import Given
from analysis.figures import tuning_history, tuning_importance
from analysis.figures.kind import Absence, Picture
from analysis.figures.material import Material
from analysis.load import SPEEDS, read
from analysis.paper import tables as paper_tables
from analysis.tables import tuning
from analysis.tuning import TRIALS, TUNING, history, importance, load_trials, load_tuning
from bench.store import Store
from tests.analysis.generate import Simulation, database


def trials(count: int = 40, **changes: Any) -> pd.DataFrame:
    """A study whose value goes with a, at its best in the middle, and with the choice b, and not with c."""
    draw = np.random.default_rng(3)
    rows = []
    for number in range(1, count + 1):
        a, c, b = float(draw.uniform(-1, 1)), float(draw.uniform(0, 1)), str(draw.choice(["x", "y"]))
        value = 0.9 - 0.2 * a * a + (0.05 if b == "y" else 0.0) + 0.005 * float(draw.normal())
        row = {
            "study": 1,
            "suite": "tried",
            "profile": "full",
            "name": "one-shot",
            "data": "digits",
            "model": "mlp",
            "target_sparsity": 0.95,
            "environment": "cpu here",
            "number": number,
            "batch": number // 8,
            "state": "done" if number % 2 else "stopped",
            "value": value,
            "accuracy": value,
            "sparsity": 0.95,
            "seeds": 3,
            "steps": 100,
            "params": json.dumps({"a": a, "b": b, "c": c}),
            "objective": "accuracy",
        }
        rows.append(row | changes)
    return pd.DataFrame(rows, columns=list(TRIALS))


def test_the_best_so_far_is_one_of_those_that_can_be_chosen() -> None:
    given = trials()
    found = history(given)
    for place in range(len(given)):
        done = given.iloc[: place + 1].query("state == 'done'")
        assert found["best"].iloc[place] == done["value"].max()
    assert list(found["steps"]) == [100 * number for number in range(1, 41)]
    assert set(found["label"]) == {"one-shot at 95 %"}
    assert set(found["where"]) == {"digits (tried)"}
    assert history(trials(objective="both")).empty


def test_importance_against_statsmodels_and_scipy() -> None:
    given = trials()
    found = importance(given).set_index("param")
    points = pd.DataFrame([json.loads(text) for text in given["params"]])
    ranks = stats.rankdata(given["value"])
    for name in ("a", "c"):
        at = stats.rankdata(points[name])
        fitted = sm.OLS(ranks, sm.add_constant(np.column_stack([at, at**2]))).fit()
        assert found.loc[name, "importance"] == pytest.approx(math.sqrt(fitted.rsquared))
        assert found.loc[name, "p"] == pytest.approx(fitted.f_pvalue)
    groups = [given["value"][(points["b"] == choice).to_numpy()] for choice in ("x", "y")]
    assert found.loc["b", "p"] == pytest.approx(stats.kruskal(*groups).pvalue)
    assert found["importance"].between(0, 1).all()
    assert found["importance"].idxmax() == "a"  # a correlation would miss it: its best lies in the middle
    assert found.loc["c", "p"] > 0.05
    assert importance(trials(7)).empty


def test_an_option_that_never_changed_mattered_not() -> None:
    found = importance(trials(params=json.dumps({"a": 1.0})))
    assert found[["importance", "p"]].values.tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_figures_are_drawn_where_something_was_tuned(width: Any) -> None:
    several = pd.concat([trials(study=1), trials(study=2, name="lottery with a name that is long"), trials(3, study=3)])
    runs = pd.DataFrame()
    material = Material((), runs, Given({"trials": several}))
    for kind in (tuning_history.FIGURE, tuning_importance.FIGURE):
        made = kind.make(material)
        assert isinstance(made, Picture)
        figure = made.draw(width)
        figure.canvas.draw()
        assert figure.get_size_inches()[1] > 1
    none = Material((), runs, Given({"trials": pd.DataFrame(columns=list(TRIALS))}))
    assert tuning_history.FIGURE.make(none) is None
    assert tuning_importance.FIGURE.make(none) is None
    assert isinstance(tuning_importance.FIGURE.make(Material((), runs, Given({"trials": trials(3)}))), Absence)


def tuned(**changes: Any) -> pd.DataFrame:
    row = {
        **dict.fromkeys(TUNING),
        "suite": "tried",
        "profile": "full",
        "data": "mnist",
        "model": "lenet",
        "method": "one-shot (rates tuned)",
        "level": 1,
        "target_sparsity": 0.95,
        "environment": "cpu here",
        "metric": "test_accuracy",
        "options": "rates",
        "trial": 7,
        "trials": 96,
        "steps": 879_936,
        "flops": 8.4e13,
        "chosen_seeds": 4,
        "chosen_accuracy": 0.85,
        "n": 5,
        "validation_accuracy_mean": 0.83,
        "test_accuracy_mean": 0.84,
        "curse": 0.02,
        "default_method": "one-shot",
        "pairs": 5,
        "gain_mean": 0.5,
        "gain_sd": 0.1,
        "gain_low": 0.4,
        "gain_high": 0.6,
    }
    return pd.DataFrame([row | changes])


def test_the_table_says_what_was_promised_and_what_came() -> None:
    sheet = tuning(tuned())
    row = dict(zip(sheet.columns, sheet.rows[0], strict=True))
    assert row["when chosen (%)"] == "85.00"
    assert row["on fresh seeds (%)"] == "83.00"
    assert row["lost (points)"].startswith("−2.00")
    assert row["gain (points)"] == "+50.00"
    assert row["its interval"] == "[+40.00, +60.00]"
    assert (row["trials"], row["steps"]) == ("96", "879,936")
    assert sheet.bold == {(0, sheet.columns.index("gain (points)"))}
    assert not tuning(tuned(gain_low=-0.1)).bold
    alone = tuning(tuned(pairs=1, gain_low=None, gain_high=None, gain_sd=None))
    assert dict(zip(alone.columns, alone.rows[0], strict=True))["its interval"] == ""
    assert tuning(None).rows == ()


def test_a_paper_has_it_of_its_suite(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", Simulation(suite="tried"), Simulation(suite="other"))
    with closing(sqlite3.connect(path)) as connection:
        tuned().to_sql("tuning", connection, index=False)
        pd.DataFrame(columns=list(SPEEDS)).to_sql("speeds", connection, index=False)
    for suite, there in (("tried", True), ("other", False)):
        records = read(path, suite)
        given = paper_tables.evidence(path, records.runs, records.missing, suite, None, "none")
        assert ("tuning" in {sheet.name for sheet in paper_tables.sheets(given)}) == there, suite
    developed = read(path, "tried").runs.assign(stage="develop")
    given = paper_tables.evidence(path, developed, records.missing, "tried", None, "none")
    assert given.tuning is not None
    assert given.tuning.empty


def test_a_database_without_tuning(tmp_path: Path) -> None:
    Store.open(tmp_path / "results.db").close()
    assert load_tuning(tmp_path / "results.db").empty
    assert load_trials(tmp_path / "results.db").empty
