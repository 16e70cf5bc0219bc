import math
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.store import (
    FINAL,
    CurveRecord,
    EvaluationRecord,
    LayerRecord,
    PackRecord,
    RunRecord,
    SessionInfo,
    Status,
    Store,
)
from tests.store.build import CPU, GPU, cell, fill, rows, run


def write(store: Store, *runs: RunRecord) -> int:
    session = store.start_session(SessionInfo("bench run"))
    return store.write(session, store.environment(CPU), PackRecord(runs))


def test_done_names_the_final_runs_of_one_environment_and_version(store: Store) -> None:
    runs = [
        run("a/1/0"),
        run("a/1/1", status="collapsed"),
        run("a/1/2", status="diverged"),
        run("a/1/3", status="failed"),
        run("a/1/4", results_version=2),
    ]
    fill(store, [], runs)
    here, elsewhere = store.environment(CPU), store.environment(GPU)
    assert store.done(here, 1) == {"a/1/0", "a/1/1", "a/1/2"}
    assert store.done(here, 2) == {"a/1/4"}
    assert store.done(elsewhere, 1) == set()


def test_writing_twice_changes_nothing(store: Store) -> None:
    runs = [run("a/1/0"), run("a/1/1", 0.5)]
    assert write(store, *runs) == 2
    before = rows(store, "select * from run")
    assert write(store, *runs) == 0
    assert write(store, replace(runs[0], test_accuracy=0.1), run("a/1/2")) == 1
    assert rows(store, "select * from run where seed < 2") == before
    assert len(rows(store, "select * from pack")) == 2


def test_a_run_that_is_twice_in_a_pack_is_written_once(store: Store) -> None:
    assert write(store, run("a/1/0"), run("a/1/0")) == 1


def test_failed_attempts_are_counted(store: Store) -> None:
    failure = RunRecord("a/1/0", 0, "failed", reason="out of memory")
    write(store, failure)
    write(store, failure, RunRecord("a/1/1", 1, "failed"))
    place = store.environment(CPU)
    assert store.attempts(place) == {"a/1/0": 2, "a/1/1": 1}
    assert store.attempts(place, results_version=2) == {}
    assert store.attempts(store.environment(GPU)) == {}
    write(store, run("a/1/0"))
    attempts = [row["attempt"] for row in rows(store, "select attempt from run where key = 'a/1/0' order by attempt")]
    assert attempts == [1, 2, 3]
    assert write(store, failure) == 0  # what is done does not fail any more


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["a/1/0", "a/1/1", "a/1/2"]),
                st.sampled_from(["done", "collapsed", "diverged", "failed"]),
                st.floats(0, 1),
                st.sampled_from([1, 2]),
            ),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_a_final_row_never_changes(
    fresh: Callable[[], Store], packs: list[list[tuple[str, Status, float, int]]]
) -> None:
    with fresh() as store:
        session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
        seen: list[object] = []
        for pack in packs:
            runs = tuple(
                run(key, accuracy, status=status, results_version=version) for key, status, accuracy, version in pack
            )
            store.write(session, place, PackRecord(runs))
            there = rows(store, "select * from run order by id")
            assert there[: len(seen)] == seen
            seen = list(there)
        for version in (1, 2):
            statuses: dict[str, list[str]] = {}
            for row in rows(
                store, "select key, status from run where results_version = :v order by attempt", v=version
            ):
                statuses.setdefault(row["key"], []).append(row["status"])
            for run_statuses in statuses.values():
                assert all(status == "failed" for status in run_statuses[:-1])  # nothing comes after an end
            assert store.done(place, version) == {key for key, last in statuses.items() if last[-1] in FINAL}


def test_what_is_not_finite_is_null_and_the_status_stays(store: Store) -> None:
    write(store, run("a/1/0", 0.1, math.nan, status="diverged", reason="loss is NaN", train_loss=math.inf))
    (row,) = rows(store, "select status, reason, train_loss, test_loss, test_accuracy from run")
    assert tuple(row.values()) == ("diverged", "loss is NaN", None, None, 0.1)


def test_numpy_numbers_are_stored_as_numbers(store: Store) -> None:
    record = run("a/1/0", np.float32(0.5), seed=np.int64(0), weights=np.int32(204), weights_kept=np.uint8(7))
    write(store, replace(record, layers=(LayerRecord("fc1", "linear", np.int64(9), np.int64(4)),)))
    (row,) = rows(store, "select typeof(seed) || typeof(weights_kept) || typeof(test_accuracy) as types from run")
    assert row["types"] == "integerintegerreal"


def test_a_pack_is_written_whole_or_not_at_all(store: Store) -> None:
    session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
    evaluation = EvaluationRecord("state", test_loss=0.5)
    wrong = replace(run("a/1/1"), layers=(LayerRecord("fc1", "linear", 10, "many"),))  # type: ignore[arg-type]  # the point
    with pytest.raises(TypeError):
        store.write(session, place, PackRecord((run("a/1/0"), wrong), (evaluation,), (CurveRecord("s", "loss", []),)))
    for table in ("run", "pack", "evaluation", "curve", "layer", "trained", "recipe"):
        assert rows(store, f"select * from {table}") == []


def test_evaluations_come_back(store: Store) -> None:
    session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
    known = EvaluationRecord("state", 0.1, 0.2, math.nan, np.float32(0.5))
    store.write(session, place, PackRecord(evaluations=(known,)))
    store.write(session, place, PackRecord(evaluations=(replace(known, validation_loss=9.0),)))  # the first one stays
    assert store.evaluations(["state", "unknown"], place) == {"state": EvaluationRecord("state", 0.1, 0.2, None, 0.5)}
    assert store.evaluations(["state"], store.environment(GPU)) == {}
    assert store.evaluations(["state"], place, results_version=2) == {}
    assert store.evaluations((f"{i}" for i in range(2000)), place) == {}


def test_seeds_share_a_recipe(store: Store) -> None:
    recipe = '{"start": {"data": "penguins", "seed": %d}, "steps": ["train", "prune %s"]}'
    runs = [run(f"a/{level}/{seed}", recipe=recipe % (seed, level)) for level in (1, 2) for seed in range(3)]
    write(store, *(replace(one, components={"magnitude": "version 2"}) for one in runs))
    texts = rows(
        store, "select text, components, count(*) as runs from recipe join run on recipe_id = recipe.id group by 1, 2"
    )
    assert [row["runs"] for row in texts] == [3, 3]
    assert texts[0]["text"] == '{"start":{"data":"penguins"},"steps":["train","prune 1"]}'
    assert texts[0]["components"] == '{"magnitude":"version 2"}'


@pytest.mark.parametrize(("recipe", "components"), [('{"steps":[]}', None), (None, {"x": "1"})])
def test_a_recipe_may_lack_its_text_or_its_components(
    store: Store, recipe: str | None, components: dict[str, str] | None
) -> None:
    assert write(store, run("a/1/0", recipe=recipe, components=components)) == 1
    (row,) = rows(store, "select text, components from recipe")
    assert tuple(row.values()) == (recipe, '{"x":"1"}' if components else None)
    with pytest.raises(sqlite3.IntegrityError, match="is_json"), closing(sqlite3.connect(store.place)) as connection:
        connection.execute("update recipe set text = 'no JSON'")


def test_secrets_are_not_stored(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    url = "postgresql://ada:sesame@host/bench"
    session = store.start_session(SessionInfo(f"bench run /home/ada/x.yaml --db {url}", note=f"see {url}"))
    failure = RunRecord("a/1/0", 0, "failed", reason=f"cannot reach {url} from /home/ada/x")
    store.write(session, store.environment(CPU), PackRecord((failure,)))
    store.close()
    content = (tmp_path / "results.db").read_bytes()
    assert b"cannot reach" in content
    assert b"sesame" not in content
    assert b"/home/ada" not in content


def test_a_calibration_is_remembered_for_each_environment(store: Store) -> None:
    here, elsewhere = store.environment(CPU), store.environment(GPU)
    assert store.calibration(here, "lenet") is None
    store.remember(here, "lenet", {"width": 8})
    store.remember(here, "lenet", {"width": 16})
    assert store.calibration(here, "lenet") == {"width": 16}
    assert store.calibration(elsewhere, "lenet") is None


def test_writing_is_fast(store: Store) -> None:
    session, place = store.start_session(SessionInfo("bench run")), store.environment(CPU)
    points = [(step, 1 / step) for step in range(1, 21)]
    packs = []
    for number in range(20):
        keys = [f"a/{number}/{seed}" for seed in range(100)]
        curves = tuple(CurveRecord(f"trained {key}", "train_loss", points) for key in keys)
        packs.append(PackRecord(tuple(run(key) for key in keys), curves=curves))
    start = time.perf_counter()
    for pack in packs:
        store.write(session, place, pack)
    assert 2000 / (time.perf_counter() - start) > 800  # runs a second; 4,000 and more on a quiet machine


def test_cells_keep_all_their_settings(store: Store) -> None:
    fill(store, [cell("one-shot", level, settings={"batch": 10, "lr": 0.1}) for level in (1, 2)], [])
    (row,) = rows(
        store, "select text, count(*) as cells from settings join cell on settings_id = settings.id group by 1"
    )
    assert tuple(row.values()) == ('{"batch":10,"lr":0.1}', 2)
