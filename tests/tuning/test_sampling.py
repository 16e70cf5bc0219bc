"""What Optuna is asked for and told: the same again after a restart, and better than chance."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.store.study_records import TrialRecord
from bench.tuning.sampling import Search
from bench.tuning.space import Dimension

SPACE = (
    Dimension("keep.a", "real", 0.25, 32.0, log=True, start=1.0),
    Dimension("keep.b", "real", 0.25, 32.0, log=True, start=1.0),
    Dimension("rounds", "whole", 1, 12, start=4),
    Dimension("score", "choice", values=('"magnitude"', '"random"'), start='"magnitude"'),
)
Judged = Callable[[dict[str, Any]], float]


def known_optimum(params: dict[str, Any]) -> float:
    """Its highest value, 1, is at a = 8, b = 2 with 9 rounds by magnitude."""
    from math import log2

    off = (log2(params["keep.a"] / 8) / 7) ** 2 + (log2(params["keep.b"] / 2) / 7) ** 2
    return 1 - off - ((params["rounds"] - 9) / 11) ** 2 - (0.1 if "random" in params["score"] else 0)


def conduct(search: Search, trials: int, judged: Judged = known_optimum) -> list[TrialRecord]:
    """A study through our own asking and telling, batch by batch, with a judge in the place of trainings."""
    told: list[TrialRecord] = []
    while len(told) < trials:
        number = len(told) // search.batch
        for asked in search.ask(told, number, min(search.batch, trials - len(told))):
            value = judged(dict(asked.params))
            told.append(
                TrialRecord(
                    len(told) + 1,
                    number,
                    asked.params,
                    {},
                    asked.notes,
                    "done",
                    value=value,
                    accuracy=value,
                    sparsity=0.5,
                )
            )
    return told


def best(search: Search, trials: int) -> float:
    return max(trial.value or 0.0 for trial in conduct(search, trials))


def search(sampler: Any, seed: str, batch: int = 8, objective: Any = "accuracy") -> Search:
    return Search(SPACE, objective, sampler, seed, batch)


def test_tpe_beats_chance_at_an_equal_budget() -> None:
    """Over 20 seeds, in batches whose trials are asked for before any is told."""
    seeds = range(20)
    found = {name: [best(search(name, f"a study {seed}"), 48) for seed in seeds] for name in ("tpe", "random")}
    wins = sum(one > other for one, other in zip(found["tpe"], found["random"], strict=True))
    assert wins >= 15  # chance alone gives so many in 2 of 100 cases
    assert statistics.mean(found["tpe"]) > statistics.mean(found["random"])
    assert statistics.mean(found["tpe"]) > 0.98


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_a_restart_asks_for_the_same(sampler: Any) -> None:
    one = search(sampler, "a study", batch=4)
    trials = conduct(one, 20)
    again = search(sampler, "a study", batch=4)
    for number in range(5):
        asked = again.ask(trials[: 4 * number], number, 4)
        assert [dict(trial.params) for trial in asked] == [dict(trial.params) for trial in trials[4 * number :][:4]]


def test_a_restart_goes_on_with_the_same_generation() -> None:
    """NSGA-II knows generations by notes that are kept with the trials."""
    one = search("nsga-ii", "a study", batch=6, objective="both")
    trials = conduct(one, 30)
    assert [trial.notes for trial in trials] == [{"NSGAIISampler:generation": at // 6} for at in range(30)]
    asked = search("nsga-ii", "a study", batch=6, objective="both").ask(trials[:24], 4, 6)
    assert [dict(trial.params) for trial in asked] == [dict(trial.params) for trial in trials[24:]]


def test_other_studies_ask_for_others() -> None:
    first = search("tpe", "a study").ask((), 0, 8)
    assert first != search("tpe", "another study").ask((), 0, 8)
    assert first != search("tpe", "a study").ask((), 1, 8)


def test_the_first_trial_is_where_it_starts() -> None:
    start = {one.name: one.start for one in SPACE}
    one = replace(search("tpe", "a study"), start=start)
    assert dict(one.ask((), 0, 4)[0].params) == start
    assert [dict(trial.params) for trial in one.ask((), 0, 4)[1:]] != [start] * 3


def test_trials_of_a_batch_keep_away_from_each_other() -> None:
    """Without the lie about those that run, all of a batch would crowd around the best point so far."""
    one = search("tpe", "a study", batch=16)
    told = conduct(one, 32)
    asked = one.ask(told, 2, 16)
    points = {tuple(trial.params.items()) for trial in asked}
    assert len(points) == 16


@given(st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_grid_tries_every_point_once(points: int, batch: int) -> None:
    space = tuple(replace(one, points=points) for one in SPACE[:2])
    one = Search(space, "accuracy", "grid", "a study", batch)
    told: list[TrialRecord] = []
    while asked := one.ask(told, len(told), batch):
        told += [TrialRecord(len(told) + at, 0, trial.params, {}, state="done") for at, trial in enumerate(asked, 1)]
    tried = [tuple(trial.params.values()) for trial in told]
    assert len(tried) == len(set(tried)) == points**2


def test_what_was_stopped_or_failed_is_told_as_such() -> None:
    one = search("tpe", "a study")
    trials = conduct(one, 16)
    told = [replace(trial, state="stopped", seeds=1) if trial.number % 3 == 0 else trial for trial in trials]
    told[0] = replace(told[0], state="failed", value=None, accuracy=None)
    assert len(one.ask(told, 2, 8)) == 8
