"""Merging databases: by what runs are, idempotent, in any order, with conflicts kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.store import ArtifactRecord, CurveRecord, EvaluationRecord, PackRecord, SessionInfo, SpeedRecord, Store
from bench.store.sentences import TABLES, VIEWS
from tests.store.build import CPU, GPU, SUITE, cell, fill, rows, run
from tests.store.test_migrating import of_revision_1

# What a merge carries, and what belongs to a file: a new table has to be given its place here, and in merging.
CARRIED = {
    *("artifact", "calibration", "cell", "conflict", "curve", "environment", "evaluation", "layer", "pack", "planned"),
    *("plugin", "recipe", "run", "run_layer", "run_step", "session", "session_plugin", "settings", "speed", "split"),
    *("study", "suite", "trained", "trial", "trial_run", "tuned"),
}
OF_THE_FILE = {"documentation", "driver", "lease", "published", "questions", "square_root", "student_t"}


def new(blank: Path, file: Path) -> Path:
    shutil.copy(blank, file)
    return file


def dump(file: Path) -> dict[str, list[Any]]:
    """Every row of every table, to find out whether anything changed."""
    with Store.open(file, read_only=True) as store:
        return {name: sorted(store.query(f"select * from {name}").rows, key=str) for name in TABLES}


def told(file: Path) -> dict[str, list[Any]]:
    """What a database says, without row numbers, origins, and times of registration and discovery."""
    apart = {"session", "origin", "study"}
    with Store.open(file, read_only=True) as store:
        said = {name: rows(store, f"select * from {name}") for name in VIEWS}
        said["every run"] = rows(
            store,
            "select run.*, pack.finished_at, split.hash as split, environment.hash, started_at, width from run"
            " join environment on environment.id = run.environment_id left join split on split.id = split_id"
            " join pack on pack.id = pack_id join session on session.id = session_id",
        )
        said["conflicts"] = rows(
            store,
            "select run.key, run.attempt, other.attempt as other, differences from conflict"
            " join run on run.id = run_id join run as other on other.id = other_id",
        )
        said["plans"] = rows(store, "select name, profile, hash, plan_hash, is_current, title, text from suite")
    numbers = apart | {"id", "environment_id", "pack_id", "recipe_id", "split_id"}
    return {
        name: sorted(str({column: value for column, value in row.items() if column not in numbers}) for row in given)
        for name, given in said.items()
    }


def everything(file: Path) -> Path:
    """A database with rows of all kinds."""
    with Store.open(file) as store:
        cells = [cell("none", 0), cell("one-shot", 1)]
        runs = [
            run(key, 0.8 + seed / 100, recipe='{"start":{"seed":1}}', components={"x": "1"}, split_hash=f"split {seed}")
            for one in cells
            for seed, key in one.seeds
        ]
        array = ArtifactRecord("mask", "fc1", 0, "bool", (2, 3), "bits+zlib", b"packed")
        runs[1] = replace(runs[1], artifacts=(array, replace(array, name="fc2", content=None)))
        fill(store, cells, [replace(runs[0], status="failed", reason="out of memory"), *runs[1:]])
        fill(store, cells, [*runs[:1], run("none/0/1", 0.1)])
        fill(store, cells, runs[2:4], GPU)
        session = store.start_session(SessionInfo("bench speed", packages={"torch": "2"}, plugins={"mine.py": "1"}))
        here = store.environment(CPU)
        curves = (CurveRecord("trained none/0/1", "train_loss", [(1, 0.5), (2, float("nan"))]),)
        store.write(session, here, PackRecord(evaluations=(EvaluationRecord("state", test_loss=0.5),), curves=curves))
        store.write_speeds(session, here, [SpeedRecord("one-shot/1/0", "shrunk", 1, 8, 1.0, 0.9, 1.2, 1.5, 10, 100)])
        store.remember(here, "width", 3)
        store.end_session(session, "done")
    return file


def test_every_table_has_its_place_in_a_merge() -> None:
    assert set(TABLES) == CARRIED | OF_THE_FILE


def test_into_an_empty_database_it_is_a_copy(blank: Path, tmp_path: Path) -> None:
    other = everything(new(blank, tmp_path / "other.db"))
    here = new(blank, tmp_path / "here.db")
    before = other.read_bytes()
    with Store.open(here) as store:
        merged = store.merge(other)
        assert (merged.runs, merged.new, merged.suites, merged.speeds, merged.conflicts) == (9, 9, 1, 1, ())
        assert {row["origin"] for row in rows(store, "select origin from run")} == {"merged"}
        assert store.done(store.environment(CPU), 1) >= {"none/0/1", "one-shot/1/2"}
        assert store.calibration(store.environment(CPU), "width") == 3
    assert told(here) == told(other)
    assert other.read_bytes() == before


def test_merging_twice_changes_nothing(blank: Path, tmp_path: Path) -> None:
    other = everything(new(blank, tmp_path / "other.db"))
    here = new(blank, tmp_path / "here.db")
    with Store.open(here) as store:
        store.merge(other)
    once = dump(here)
    with Store.open(here) as store:
        assert store.merge(other).new == 0
    assert dump(here) == once


def test_what_went_to_others_comes_back_as_what_it_was(blank: Path, tmp_path: Path) -> None:
    mine, theirs = everything(new(blank, tmp_path / "mine.db")), new(blank, tmp_path / "theirs.db")
    with Store.open(theirs) as store:
        store.merge(mine)
    before = dump(mine)
    with Store.open(mine) as store:
        assert store.merge(theirs).new == 0
    assert dump(mine) == before


def test_another_result_of_the_same_run_is_kept_and_named(blank: Path, tmp_path: Path) -> None:
    other, here = new(blank, tmp_path / "other.db"), new(blank, tmp_path / "here.db")
    with Store.open(other) as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.7), run("one-shot/1/1", 0.9, 0.300001), run("one-shot/1/2")])
        fill(store, [cell()], [run("one-shot/1/0", 0.6)], GPU)
    with Store.open(here) as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.8), run("one-shot/1/1", 0.9, 0.3)])
        merged = store.merge(other)
        assert merged.new == 3  # the third seed, the other environment, and the result that is not the same
        (conflict,) = merged.conflicts
        assert (conflict.key, conflict.environment) == ("one-shot/1/0", CPU.label)
        assert conflict.differences == {"test_accuracy": [0.8, 0.7], "validation_accuracy": [0.8, 0.7]}
        kept = rows(store, "select origin, test_accuracy from run where key = 'one-shot/1/0' order by test_accuracy")
        assert [tuple(row.values()) for row in kept] == [("merged", 0.6), ("merged", 0.7), ("local", 0.8)]
        shown = rows(store, "select environment, test_accuracy from results where seed = 0 order by test_accuracy")
        assert [row["test_accuracy"] for row in shown] == [0.6, 0.8]  # your own stands, environments stay apart
        assert store.merge(other).conflicts == ()
        assert rows(store, "select count(*) as n from conflict") == [{"n": 1}]


def test_a_conflict_can_be_read_in_words(blank: Path, tmp_path: Path) -> None:
    """Of each number that differs: whose run it is, both values, and which of them the other views show."""
    other, here = new(blank, tmp_path / "other.db"), new(blank, tmp_path / "here.db")
    with Store.open(other) as store:
        fill(
            store,
            [cell()],
            [run("one-shot/1/0", 0.7, 0.4), run("one-shot/1/1", 0.9, status="collapsed", weights_kept=0)],
        )
        fill(store, [], [run("nobody/1/3", 0.6)])
    with Store.open(here) as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.8, 0.4), run("one-shot/1/1", 0.9), run("nobody/1/3", 0.5)])
        store.merge(other)
        found = rows(store, "select * from conflicts where quantity <> 'validation_accuracy' order by key, quantity")
        shown = {row["key"]: row["test_accuracy"] for row in rows(store, "select key, test_accuracy from runs")}
    nobody, first, status, weights = found
    assert {row["key"] for row in found} == {"nobody/1/3", "one-shot/1/0", "one-shot/1/1"}
    assert (nobody["suite"], nobody["method"], nobody["seed"]) == (None, None, 3)
    place = ("suite", "profile", "data", "model", "method", "level", "target_sparsity", "seed", "environment")
    assert [first[name] for name in place] == [
        *("penguins", "full", "penguins", "penguin-net", "one-shot", 1, 0.1, 0),
        CPU.label,
    ]
    assert (first["quantity"], first["value"], first["other_value"]) == ("test_accuracy", 0.8, 0.7)
    assert first["difference"] == pytest.approx(-0.1)
    assert (first["origin"], first["other_origin"], first["shown"]) == ("local", "merged", "first")
    assert shown["one-shot/1/0"] == first["value"]
    assert first["session"]
    assert first["other_session"]
    assert (status["quantity"], status["value"], status["words"]) == ("status", None, "done / collapsed")
    assert (weights["quantity"], weights["value"], weights["other_value"]) == ("weights_kept", 102, 0)


def test_a_conflict_of_two_others_says_that_neither_or_the_later_is_shown(blank: Path, tmp_path: Path) -> None:
    here = new(blank, tmp_path / "here.db")
    with Store.open(here) as store:
        for name, accuracy in (("a.db", 0.7), ("b.db", 0.8), ("c.db", 0.9)):
            with Store.open(new(blank, tmp_path / name)) as other:
                fill(other, [cell()], [run("one-shot/1/0", accuracy)])
            store.merge(tmp_path / name)
        found = rows(store, "select * from conflicts where quantity = 'test_accuracy'")
        (standing,) = rows(store, "select test_accuracy from results")
    assert len(found) == 3
    for row in found:
        assert {row["value"]: "first", row["other_value"]: "other"}.get(standing["test_accuracy"], "neither") == row[
            "shown"
        ]
    assert "neither" in {row["shown"] for row in found}


def test_reference_rows_stay_reference(blank: Path, tmp_path: Path) -> None:
    other, here = new(blank, tmp_path / "other.db"), new(blank, tmp_path / "here.db")
    with Store.open(other) as store:
        fill(store, [cell()], [run("one-shot/1/0")])
        with store._writing() as connection:
            connection.exec_driver_sql("update run set origin = 'reference'")
    with Store.open(here) as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.5)])
        merged = store.merge(other)
        assert (merged.new, merged.conflicts) == (1, ())
        assert store.done(store.environment(CPU), 1) == {"one-shot/1/0"}
        origins = rows(store, "select origin from run order by origin")
        assert [row["origin"] for row in origins] == ["local", "reference"]


def test_an_edited_suite_stays_apart_and_ones_own_stays_current(blank: Path, tmp_path: Path) -> None:
    other, here = new(blank, tmp_path / "other.db"), new(blank, tmp_path / "here.db")
    with Store.open(other) as store:
        fill(store, [cell(prefix="new ")], [run("new one-shot/1/0", 0.4)], suite=replace(SUITE, hash="edited"))
    with Store.open(here) as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.8)])
        store.merge(other)
        assert [row["test_accuracy"] for row in rows(store, "select test_accuracy from results")] == [0.8]
        assert {row["hash"] for row in rows(store, "select hash from suite")} == {SUITE.hash, "edited"}


def test_a_session_that_has_ended_meanwhile_gets_its_end(blank: Path, tmp_path: Path) -> None:
    other, here = new(blank, tmp_path / "other.db"), new(blank, tmp_path / "here.db")
    with Store.open(other) as theirs, Store.open(here) as store:
        session = theirs.start_session(SessionInfo("bench run"))
        theirs.write(session, theirs.environment(CPU), PackRecord((run("a/1/0"),)))
        store.merge(other)
        theirs.write(session, theirs.environment(CPU), PackRecord((run("a/1/1"),)))
        theirs.end_session(session, "done")
        store.merge(other)
        (row,) = rows(store, "select status, ended_at is null as open from session")
        assert row == {"status": "done", "open": 0}


def test_a_database_of_an_earlier_release_is_merged_and_left_as_it_is(blank: Path, tmp_path: Path) -> None:
    with Store.open(new(blank, tmp_path / "source.db")) as store:
        fill(store, [cell()], [run("one-shot/1/0")])
    old = of_revision_1(tmp_path / "old.db", tmp_path / "source.db")
    before = old.read_bytes()
    with Store.open(new(blank, tmp_path / "here.db")) as store:
        assert store.merge(old).new == 1
    assert old.read_bytes() == before


def test_what_cannot_be_merged_changes_nothing(blank: Path, tmp_path: Path) -> None:
    here = everything(new(blank, tmp_path / "here.db"))
    before = dump(here)
    (tmp_path / "text.db").write_text("no database")
    broken = everything(new(blank, tmp_path / "broken.db"))
    with Store.open(broken) as store, store._writing() as connection:
        connection.exec_driver_sql("drop table curve")
    with Store.open(here) as store:
        for name, message in (("here.db", "merged into"), ("none.db", "no such database"), ("text.db", "no SQLite")):
            with pytest.raises(UserError, match=message):
                store.merge(tmp_path / name)
        with Store.open(new(blank, tmp_path / "fine.db")) as other:
            fill(other, [cell("other")], [run("other/1/0")])
        with pytest.raises(Exception, match="curve"):
            store.merge(broken)
    assert dump(here) == before


_RUN = st.tuples(
    st.sampled_from(["a/1/0", "a/1/1", "b/2/0"]),
    st.sampled_from(["done", "failed", "collapsed"]),
    st.sampled_from([0.25, 0.5, 0.75]),
    st.sampled_from([CPU, GPU]),
    st.sampled_from(["local", "reference"]),
)


def _make(blank: Path, file: Path, content: Sequence[tuple[Any, ...]]) -> None:
    new(blank, file)
    with Store.open(file) as store:
        for key, status, accuracy, environment, origin in content:
            method, level, _ = key.split("/")
            one = run(key, accuracy if status != "failed" else None, status=status, seconds=accuracy)
            fill(store, [cell(method, int(level))], [one], environment, replace(SUITE, name=method))
            with store._writing() as connection:
                connection.exec_driver_sql(
                    "update or ignore run set origin = ? where id = (select max(id) from run)", (origin,)
                )
        with store._writing() as connection:  # so that order is not decided by the second in which a test was written
            day = "select max(1 + cast(4 * run.seconds as integer)) from run where pack_id = pack.id"
            connection.exec_driver_sql(f"update pack set finished_at = '2026-01-0' || coalesce(({day}), 1)")
            connection.exec_driver_sql("update session set started_at = '2026-01-01', ended_at = '2026-01-02'")
            connection.exec_driver_sql("update suite set registered_at = '2026-01-01'")


@settings(
    max_examples=3, phases=[Phase.generate], deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(_RUN, max_size=4), min_size=3, max_size=3))
def test_three_databases_come_to_the_same_in_any_order(
    blank: Path, tmp_path: Path, contents: list[list[tuple[Any, ...]]]
) -> None:
    names = ["a.db", "b.db", "c.db"]
    for name, content in zip(names, contents, strict=True):
        _make(blank, tmp_path / name, content)
    ends = []
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0, 1]):
        here = new(blank, tmp_path / "here.db")
        with Store.open(here) as store:
            for number in order:
                store.merge(tmp_path / names[number])
            ends.append(told(here))
            for number in order:
                assert store.merge(tmp_path / names[number]).new == 0
        assert told(here) == ends[-1]
    # And by way of another database.
    through, here = new(blank, tmp_path / "through.db"), new(blank, tmp_path / "here.db")
    with Store.open(through) as store:
        store.merge(tmp_path / "b.db")
        store.merge(tmp_path / "c.db")
    with Store.open(here) as store:
        store.merge(through)
        store.merge(tmp_path / "a.db")
    ends.append(told(here))
    assert all(end == ends[0] for end in ends)


@pytest.mark.long
def test_ten_thousand_runs_are_merged_in_seconds(blank: Path, tmp_path: Path) -> None:
    other, here = new(blank, tmp_path / "other.db"), new(blank, tmp_path / "here.db")
    with Store.open(other) as store:
        cells = [cell(f"m{number}", 1, range(10)) for number in range(1000)]
        store.register(SUITE, cells)
        session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
        for one in cells:
            curves = tuple(
                CurveRecord(f"trained {key}", "train_loss", [(i, 0.5) for i in range(60)]) for _, key in one.seeds
            )
            store.write(session, place, PackRecord(tuple(run(key) for _, key in one.seeds), curves=curves))
    with Store.open(here) as store:
        for expected in (10_000, 0):
            started = time.perf_counter()
            assert store.merge(other).new == expected
            assert time.perf_counter() - started < 20
