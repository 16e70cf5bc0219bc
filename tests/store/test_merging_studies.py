"""Studies that are merged: by what they are, as far as both went the same way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.store import SessionInfo, Store
from bench.store.merging import Merged
from bench.store.reference import ship
from bench.store.study_records import TrialRecord
from tests.store.build import CPU, GPU, rows
from tests.store.studies import BETTER, BROKEN, DEFAULT, STUDY, confirm, trial, tune
from tests.store.test_merging import dump, new, told

OPEN = trial(3, None, state="waiting")


@pytest.fixture
def other(blank: Path, tmp_path: Path) -> Path:
    """Two studies in two environments, one of them with a trial that has not ended, and a suite that has its best."""
    file = new(blank, tmp_path / "other.db")
    with Store.open(file) as store:
        tune(store, [DEFAULT, BETTER, BROKEN, OPEN])
        tune(store, [DEFAULT, BETTER], GPU)
        confirm(store)
    return file


@pytest.fixture
def here(blank: Path, tmp_path: Path) -> Path:
    return new(blank, tmp_path / "here.db")


def merge(into: Path, other: Path) -> Merged:
    with Store.open(into) as store:
        return store.merge(other)


def test_into_an_empty_database_all_that_has_ended_comes_along(here: Path, other: Path) -> None:
    merged = merge(here, other)
    assert (merged.studies, merged.trials, merged.study_conflicts) == (2, 5, ())
    with Store.open(here, read_only=True) as store:
        found = rows(store, "select number, state, value, params, reason from trials where environment like 'cpu%'")
        assert [(row["number"], row["state"], row["value"]) for row in found] == [
            (0, "done", 0.7),
            (1, "done", 0.8),
            (2, "failed", None),  # the one that waits is asked for again by who goes on
        ]
        assert found[2]["reason"] == "out of memory"
        assert rows(store, "select count(*) as n from trial_run") == [{"n": 10}]
        commands = "select distinct command from trial join session on session.id = session_id"
        assert rows(store, commands) == [{"command": "bench tune penguins"}]
        (brought,) = rows(store, "select method, trial, options, pairs from tuning")
        assert brought == {"method": "tuned", "trial": 1, "options": "rates, scope", "pairs": 3}


def test_without_open_trials_it_is_a_copy(here: Path, tmp_path: Path, blank: Path) -> None:
    other = new(blank, tmp_path / "other.db")
    with Store.open(other) as store:
        tune(store)
        confirm(store)
    merge(here, other)
    assert told(here) == told(other)


def test_merging_twice_changes_nothing(here: Path, other: Path) -> None:
    merge(here, other)
    once = dump(here)
    again = merge(here, other)
    assert (again.studies, again.trials, again.study_conflicts) == (0, 0, ())
    assert dump(here) == once
    back = dump(other)
    assert merge(other, here).trials == 0
    assert dump(other) == back


def test_a_study_that_went_further_elsewhere_goes_on_from_there(here: Path, other: Path) -> None:
    """One of the trials waits here, another was never asked for."""
    with Store.open(here) as store:
        study = tune(store, [DEFAULT, replace(BETTER, state="waiting")])
    merged = merge(here, other)
    assert (merged.studies, merged.trials, merged.study_conflicts) == (1, 4, ())
    with Store.open(here) as store:
        assert [(one.number, one.state, one.value) for one in store.studies.trials(study)] == [
            *((0, "done", 0.7), (1, "done", 0.8)),
            (2, "failed", None),
        ]
        assert len(store.studies.runs(study)) == 6
        again = store.studies.begin(replace(STUDY, environment_id=store.environment(CPU)), 1)
        assert (again.id, again.requeued) == (study, 0)


@pytest.mark.parametrize(
    ("mine", "reason"),
    [
        (replace(BETTER, value=0.5, accuracy=0.5), "value of trial 1 0.5 and 0.8"),
        (replace(BETTER, params={"rates.fc1": 0.9}), "trial 1 tried something else"),
        (replace(BETTER, state="failed", value=None), "state of trial 1 failed and done"),
    ],
)
def test_a_study_that_went_another_way_stays_and_is_named(
    here: Path, other: Path, mine: TrialRecord, reason: str
) -> None:
    with Store.open(here) as store:
        study = tune(store, [DEFAULT, mine], GPU)
        before = (store.studies.trials(study), store.studies.runs(study))
    merged = merge(here, other)
    (conflict,) = merged.study_conflicts
    assert (conflict.study, conflict.environment) == ("penguins/one-shot at 90 %", GPU.label)
    assert conflict.reason == reason
    assert merged.studies == 1  # that of the other environment
    with Store.open(here) as store:
        assert (store.studies.trials(study), store.studies.runs(study)) == before
        assert rows(store, "select * from tuned") == []  # the cell's options come from a trial that is not here


def test_results_within_the_tolerance_are_the_same(here: Path, other: Path) -> None:
    with Store.open(here) as store:
        tune(store, [DEFAULT, replace(BETTER, value=0.800001)])
        tune(store, [DEFAULT, replace(BETTER, value=0.805)], GPU)  # not deterministic
    assert merge(here, other).study_conflicts == ()


def test_nothing_is_put_into_a_study_that_is_being_conducted(here: Path, other: Path) -> None:
    with Store.open(here) as store:
        study = tune(store, [DEFAULT])
        session = store.start_session(SessionInfo("bench tune penguins"))
        store.studies.begin(replace(STUDY, environment_id=store.environment(CPU)), session)
        (conflict,) = store.merge(other).study_conflicts
        assert conflict.reason == "a command is at it here; merge again when that has ended"
        assert [one.number for one in store.studies.trials(study)] == [0]
        store.studies.end(study, session)
        assert store.merge(other).study_conflicts == ()
        assert [one.number for one in store.studies.trials(study)] == [0, 1, 2]


def test_what_ships_has_the_studies_without_folders(other: Path, tmp_path: Path) -> None:
    with Store.open(other) as store:
        said = replace(trial(4, None), state="failed", reason="no room in /srv/ada/tmp/work")
        tune(store, [said], hash="broken", name="broken")
    ship(other, tmp_path / "shipped.db")
    with Store.open(tmp_path / "shipped.db", read_only=True) as store:
        assert rows(store, "select count(*) as n from studies") == [{"n": 3}]
        assert [row["trial"] for row in rows(store, "select trial from tuning")] == [1]
        for table in ("trial", "trial_run"):
            found = rows(store, f"select distinct reason from {table} where reason like 'no room%'")
            assert found == [{"reason": "no room in work"}]
