"""The choice within limits, against a slow one by the words of its definition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import stats
from analysis.candidates import Candidate, Problem, Timing, problems
from analysis.choosing import COSTS, Choice, Limit, choose
from analysis.load import RESULTS, SPEEDS


def candidate(
    number: int, accuracies: Sequence[float], ms: float | None = None, **costs: float | str | None
) -> Candidate:
    timing = None if ms is None else Timing(ms, "dense", 1, 1, 1.0, "here")
    plain = Candidate(
        key=f"{number:08x}rest",
        seed=0,
        model="net",
        method=f"method {number}",
        level=1,
        target_sparsity=0.5,
        validation=stats.mean_interval(list(accuracies)),
        test=stats.mean_interval([0.5]),
        accuracies=dict(enumerate(accuracies)),
        parameters=10.0,
        macs=10.0,
        bytes=10.0,
        stored_as="csr",
        timing=timing,
    )
    return replace(plain, **costs)  # type: ignore[arg-type]  # names and values of its fields


def problem(candidates: Sequence[Candidate]) -> Problem:
    return Problem("suite", "full", "data", False, "here", tuple(candidates))


AMOUNT = st.one_of(st.none(), st.integers(1, 6).map(float))
CANDIDATES = st.lists(st.tuples(st.integers(0, 5), AMOUNT, AMOUNT, AMOUNT, AMOUNT), min_size=1, max_size=8).map(
    lambda rows: [
        candidate(number, [tenths / 10], ms, bytes=size, macs=macs, parameters=parameters)
        for number, (tenths, ms, size, macs, parameters) in enumerate(rows)
    ]
)
LIMITS = st.lists(
    st.one_of(
        st.builds(Limit, st.sampled_from(COSTS), st.integers(1, 6).map(float)),
        st.builds(Limit, st.just("accuracy"), st.integers(0, 5).map(lambda tenths: tenths / 10)),
    ),
    max_size=4,
    unique_by=lambda limit: limit.of,
)


def keeps(one: Candidate, limits: Sequence[Limit]) -> bool:
    for limit in limits:
        value = getattr(one, limit.of)
        if value is None or (value < limit.bound if limit.of == "accuracy" else value > limit.bound):
            return False
    return True


def cost(one: Candidate, axis: str) -> float:
    value = getattr(one, axis)
    return math.inf if value is None else float(value)


@given(CANDIDATES, LIMITS)
def test_the_chosen_one_keeps_all_limits_and_nothing_that_does_is_better(
    candidates: list[Candidate], limits: list[Limit]
) -> None:
    choice = choose(problem(candidates), limits)
    fitting = [one for one in candidates if keeps(one, limits)]
    assert choice.fitting == len(fitting)
    assert (choice.chosen is None) == (not fitting)
    if choice.chosen is not None:
        assert choice.chosen in fitting
        assert choice.broken(choice.chosen) == ()
        assert choice.chosen.accuracy == max(one.accuracy for one in fitting)
        alike = [one for one in fitting if one.accuracy == choice.chosen.accuracy]
        assert cost(choice.chosen, choice.axis) == min(cost(one, choice.axis) for one in alike)
        assert choice.nearest is None


@given(CANDIDATES, LIMITS)
def test_neighbours_are_the_next_ones_that_nothing_beats(candidates: list[Candidate], limits: list[Limit]) -> None:
    choice = choose(problem(candidates), limits)
    axis, chosen = choice.axis, choice.chosen
    if chosen is None or getattr(chosen, axis) is None:
        assert choice.larger is choice.smaller is None
        return
    known = [one for one in candidates if getattr(one, axis) is not None]
    unbeaten = [
        one
        for one in known
        if not any(
            other.accuracy >= one.accuracy
            and cost(other, axis) <= cost(one, axis)
            and (other.accuracy, -cost(other, axis)) != (one.accuracy, -cost(one, axis))
            for other in known
        )
    ]
    here = cost(chosen, axis)
    above = [cost(one, axis) for one in unbeaten if cost(one, axis) > here and one.accuracy > chosen.accuracy]
    below = [cost(one, axis) for one in unbeaten if cost(one, axis) < here]
    assert (cost(choice.larger, axis) if choice.larger else None) == (min(above) if above else None)
    assert (cost(choice.smaller, axis) if choice.smaller else None) == (max(below) if below else None)
    if choice.larger:
        assert choice.larger.accuracy > chosen.accuracy


@given(CANDIDATES, LIMITS)
def test_what_a_limit_costs_is_the_choice_without_it(candidates: list[Candidate], limits: list[Limit]) -> None:
    choice = choose(problem(candidates), limits)
    assert [price.limit for price in choice.prices] == limits
    for price in choice.prices:
        assert price.excluded == sum(not keeps(one, [price.limit]) for one in candidates)
        assert price.unmeasured == sum(getattr(one, price.limit.of) is None for one in candidates)
        rest = [limit for limit in limits if limit != price.limit]
        fitting = [one.accuracy for one in candidates if keeps(one, rest)]
        assert (price.without.accuracy if price.without else None) == max(fitting, default=None)
        if choice.chosen is not None:
            assert price.without is not None
            assert price.without.accuracy >= choice.chosen.accuracy


@given(CANDIDATES, LIMITS)
def test_test_accuracy_decides_nothing(candidates: list[Candidate], limits: list[Limit]) -> None:
    others = [replace(one, test=stats.mean_interval([0.9 - 0.1 * place])) for place, one in enumerate(candidates)]

    def keys(choice: Choice) -> list[str | None]:
        found = [choice.chosen, choice.larger, choice.smaller, choice.nearest, *(p.without for p in choice.prices)]
        return [one.key if one else None for one in found]

    assert keys(choose(problem(candidates), limits)) == keys(choose(problem(others), limits))


def test_where_nothing_fits_the_nearest_is_beyond_the_limits_by_least() -> None:
    large = candidate(1, [0.9], bytes=300.0)
    small = candidate(2, [0.5], bytes=110.0)
    unknown = candidate(3, [0.95], bytes=None)
    choice = choose(problem([large, small, unknown]), [Limit("bytes", 100.0), Limit("accuracy", 0.8)])
    assert choice.chosen is None
    assert choice.nearest == small  # 10 % too large and 37.5 % too often wrong, against three times as large
    assert choice.broken(small) == choice.limits
    assert [(price.excluded, price.unmeasured) for price in choice.prices] == [(3, 1), (1, 0)]
    assert choose(problem([unknown]), [Limit("bytes", 100.0)]).nearest is None


def test_a_gain_is_paired_over_the_seeds_that_both_have() -> None:
    one, other = candidate(1, [0.8, 0.6, 0.7]), candidate(2, [0.7, 0.5])
    found = one.better_by(other)
    assert found is not None
    assert (found.n, found.mean, found.sd) == (2, pytest.approx(0.1), 0.0)
    assert one.better_by(replace(other, accuracies={9: 0.1})) is None


def rows(*given: dict[str, object]) -> pd.DataFrame:
    plain = dict.fromkeys(RESULTS) | {"suite": "s", "profile": "full", "data": "d", "standin": False, "model": "m"}
    plain |= {"environment": "e", "status": "done", "target_sparsity": 0.5, "test_count": 100.0, "test_accuracy": 0.5}
    numbers = {name: math.nan for name in RESULTS if name.startswith("bytes") or name.endswith("kept")}
    return pd.DataFrame([plain | numbers | one for one in given])


def test_cells_come_from_runs() -> None:
    cell = {"method": "lottery", "level": 1, "macs_kept": 5.0, "parameters_kept": 7.0}
    runs = rows(
        cell | {"seed": 0, "key": "a" * 64, "validation_accuracy": 0.8, "bytes_csr": 90.0, "bytes_gzip": 95.0},
        cell | {"seed": 1, "key": "b" * 64, "validation_accuracy": 0.9, "bytes_csr": 99.0, "bytes_gzip": 96.0},
        cell | {"seed": 2, "key": "c" * 64, "validation_accuracy": 1.0, "status": "diverged"},
        cell | {"seed": 0, "key": "d" * 64, "validation_accuracy": 0.7, "level": 2, "status": "collapsed"},
        cell | {"seed": 0, "key": "e" * 64, "validation_accuracy": 0.6, "environment": "elsewhere"},
    )
    speeds = pd.DataFrame(
        [
            dict.fromkeys(SPEEDS)
            | {"key": key * 64, "environment": "e", "form": form, "threads": 1, "batch": 1}
            | {"seconds": seconds, "speedup": 2.0}
            for key, form, seconds in (("a", "dense", 4e-3), ("a", "shrunk", 3e-3), ("b", "shrunk", 1e-3))
        ]
    )
    here, elsewhere = problems(runs, speeds)
    assert (here.environment, elsewhere.environment) == ("e", "elsewhere")
    first, second = here.candidates
    assert (first.run, first.seed, first.validation.n, first.accuracy) == ("b" * 8, 1, 2, pytest.approx(0.85))
    assert (first.bytes, first.stored_as) == (96.0, "gzip")  # at most 96 for both, as CSR at most 99
    assert first.timing == Timing(2.0, "shrunk", 1, 1, 2.0, "e")
    assert (second.level, second.bytes, second.ms, second.macs) == (2, None, None, 5.0)
