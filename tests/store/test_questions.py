"""The questions that come with the database have answers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bench.store import LayerRecord, SessionInfo, SpeedRecord, Store, SuiteRecord
from bench.store.questions import QUESTIONS
from tests.store.build import CPU, cell, fill, run

SUITE = SuiteRecord("mine", "full", "Mine", "test_accuracy", "c0ffee", "title: Mine", {"seeds": 3})
LEVELS = {1: (0.5, 0.97), 2: (0.9, 0.955), 3: (0.98, 0.6)}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison with something to say to every question; lottery is always better than one-shot, by a little."""
    made = tmp_path_factory.mktemp("asked") / "results.db"
    chosen = {"data": "mnist", "model": "mlp-1000-1000-500-200"}
    cells = [cell("none", 0, **chosen)]
    runs = [run(f"none/0/{seed}", 0.97 + seed / 1e4, parameters=900, parameters_kept=900) for seed in range(3)]
    rng = np.random.default_rng(6)
    for method, better in (("one-shot", 0.0), ("lottery", 0.01)):
        for level, (target, accuracy) in LEVELS.items():
            cells.append(cell(method, level, target_sparsity=target, **chosen))
            for seed in range(3):
                measured = {"sparsity": target, "effective_sparsity": target + 0.01, "steps_alone": 10 * level}
                counted = {"parameters": 900, "parameters_kept": round(900 * (1 - target)), "seconds": 1.0}
                layers = (LayerRecord("fc1", "linear", 900, round(900 * (1 - target))),)
                value = accuracy + better + rng.normal(0, 0.0005)
                more = {**measured, **counted, "layers": layers, "pruned_test_accuracy": value / 2, "steps_shared": 5}
                runs.append(run(f"{method}/{level}/{seed}", value, **more))
    with Store.open(made) as store:
        cells.append(cell("dynamic", 1, target_sparsity=0.5, **chosen))
        fill(store, cells, [*runs, run("dynamic/1/0", 0.1, status="collapsed", reason="fc1 is empty")], suite=SUITE)
        session = store.start_session(SessionInfo("bench speed mine"))
        speed = SpeedRecord("one-shot/1/0", "shrunk", 1, 256, 4e-3, 3e-3, 5e-3, 1.5, 20, 180)
        store.write_speeds(session, store.environment(CPU), [speed])
        elsewhere = made.with_name("elsewhere.db")
        with Store.open(elsewhere) as other:
            fill(other, [cells[1]], [run(cells[1].seeds[0][1], 0.5)], suite=SUITE)
        store.merge(elsewhere)
    return made


@pytest.fixture
def plain(file: Path) -> Iterator[sqlite3.Connection]:
    """The file as any program sees it, with nothing of ours."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def test_the_table_has_all_of_them_in_order(plain: sqlite3.Connection) -> None:
    found = plain.execute("select position, title, sql from questions order by position").fetchall()
    asked = [(number, one.title, one.sql) for number, one in enumerate(QUESTIONS, start=1)]
    assert [tuple(row) for row in found] == asked
    assert len(asked) >= 12
    assert all(one.title.endswith("?") for one in QUESTIONS)


@pytest.mark.parametrize("title", [one.title for one in QUESTIONS])
def test_every_question_has_an_answer(plain: sqlite3.Connection, title: str) -> None:
    (sql,) = plain.execute("select sql from questions where title = ?", [title]).fetchone()
    assert plain.execute(sql).fetchall()


def answer(plain: sqlite3.Connection, words: str) -> list[sqlite3.Row]:
    (sql,) = plain.execute("select sql from questions where title like ?", [f"%{words}%"]).fetchone()
    return plain.execute(sql).fetchall()


def test_answers_are_right(plain: sqlite3.Connection) -> None:
    kept = answer(plain, "keeps 98 %")
    assert [(row["method"], row["sparsity"]) for row in kept] == [("lottery", 0.9), ("one-shot", 0.9)]
    beaten = answer(plain, "beat one-shot by more")
    assert [row["target_sparsity"] for row in beaten] == [0.5, 0.9, 0.98]
    leaders = answer(plain, "leads at each")
    assert {row["method"] for row in leaders} == {"lottery"}
    assert [row["reason"] for row in answer(plain, "went wrong")] == ["fc1 is empty"]
    assert {row["other_value"] for row in answer(plain, "do not agree")} >= {0.5}
    (missing,) = answer(plain, "still to be run")
    assert (missing["method"], missing["runs"]) == ("dynamic", 2)
    assert answer(plain, "cost")[0]["steps_alone"] == 20
    assert [row["parameters"] for row in answer(plain, "no smaller one")] == [18, 90, 450]
