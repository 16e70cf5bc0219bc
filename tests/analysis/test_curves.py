"""Areas under curves and the sparsity that is kept, against slow computations by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import stats
from analysis.areas import areas, areas_by_seed, span_of
from analysis.cube import Cube, cubes
from analysis.ranks import ranking
from analysis.retention import Kept, retention
from tests.analysis.generate import Simulation

TARGETS = (0.5, 0.75, 0.875, 0.96875)  # 1, 2, 3 and 5 halvings
Curves = dict[str, list[list[float | None]]]  # by method and seed, a value for each level


def cube_of(curves: Curves, metric: str = "test_accuracy", test_count: int = 10_000, **place: str) -> Cube:
    """A cube of chosen values; that of `none` is one number for each seed."""
    (usual,) = Simulation(methods=("none",), seeds=[0], test_count=test_count).rows()
    rows = []
    for position, (method, by_seed) in enumerate(curves.items()):
        for seed, values in enumerate(by_seed):
            for level, value in enumerate(values, start=0 if method == "none" else 1):
                target = 0.0 if level == 0 else TARGETS[level - 1]
                name = {"method": method, "method_name": method, "level": level, "target_sparsity": target}
                made = {"sparsity": target, "seed": seed, "position": position, metric: value, "metric": metric}
                if value is not None:
                    rows.append(usual | name | made | place)
    (cube,) = cubes(pd.DataFrame(rows))
    return cube


def kept_of(cube: Cube, given_up: float = 0.1) -> Kept:
    (found,) = retention(cube, given_up)
    return found


values = st.lists(st.floats(0.1, 1).map(lambda x: round(x, 3)), min_size=4, max_size=4)


@settings(deadline=None, max_examples=40)
@given(st.lists(values, min_size=1, max_size=4), st.floats(0.01, 0.5))
def test_the_sparsity_kept_is_that_of_a_slow_walk_along_each_curve(curves: list[list[float]], given_up: float) -> None:
    found = kept_of(cube_of({"none": [[0.9]] * len(curves), "m": curves}), given_up)
    reached = []
    for curve in curves:
        points = [(0.0, 0.9), *zip((-math.log2(1 - target) for target in TARGETS), curve, strict=True)]
        limit, place = 0.9 * (1 - given_up), math.inf
        for (x, y), (next_x, next_y) in pairwise(points):
            if next_y < limit:
                place = x + (next_x - x) * (y - limit) / (y - next_y)
                break
        reached.append(place)
    assert found.n == len(curves)
    assert found.censored == sum(math.isinf(place) for place in reached)
    if not found.censored:
        assert found.sparsity == pytest.approx(1 - 2 ** -np.mean(reached))
        if len(reached) > 1:
            mean = stats.mean_interval(reached)
            assert mean.low is not None
            assert mean.high is not None
            ends = 1 - 2 ** -max(0.0, mean.low), 1 - 2**-mean.high
            assert (found.low, found.high) == pytest.approx(ends)
    elif 2 * found.censored >= len(curves):
        assert found.sparsity is None
    else:
        assert found.sparsity == pytest.approx(1 - 2 ** -np.median(reached))


def test_a_curve_that_crosses_at_a_level_is_kept_up_to_it() -> None:
    found = kept_of(cube_of({"none": [[1.0]], "m": [[1.0, 0.95, 0.85, 0.1]]}))
    assert found.sparsity == pytest.approx(1 - 2**-2.5)  # half-way between 2 and 3 halvings
    assert (found.low, found.high, found.how) == (None, None, "")


def test_a_loss_may_rise() -> None:
    found = kept_of(cube_of({"none": [[0.5]] * 2, "m": [[0.5, 0.5, 0.6, 9.0], [0.5, 0.5, 0.6, 9.0]]}, "test_loss"))
    assert found.sparsity == pytest.approx(1 - 2**-2.5)


def test_seeds_that_never_lose_are_censored_and_said() -> None:
    lost, held = [1.0, 1.0, 0.8, 0.1], [1.0, 1.0, 1.0, 1.0]
    some = kept_of(cube_of({"none": [[1.0]] * 7, "m": [lost] * 4 + [held] * 3}))
    assert (some.n, some.censored, some.how) == (7, 3, "order statistics")
    assert some.sparsity == pytest.approx(1 - 2**-2.5)
    assert some.high is None  # the interval has no upper end among the levels
    most = kept_of(cube_of({"none": [[1.0]] * 4, "m": [lost] * 2 + [held] * 2}))
    assert (most.sparsity, most.low, most.censored, most.last) == (None, None, 2, TARGETS[-1])


def test_seeds_without_all_levels_do_not_count_and_are_told() -> None:
    cube = cube_of({"none": [[1.0]] * 3, "m": [[1.0, 1.0, 0.8, 0.1]] * 2 + [[1.0, None, 0.8, 0.1]]})
    assert (kept_of(cube).n, kept_of(cube).incomplete) == (2, 1)


def test_what_is_lost_before_the_first_level_is_told() -> None:
    assert kept_of(cube_of({"none": [[1.0]] * 2, "m": [[0.5, 0.4, 0.3, 0.2]] * 2})).early == 2


def test_without_a_dense_network_nothing_is_kept() -> None:
    assert retention(cube_of({"m": [[1.0, 0.9, 0.8, 0.7]]}), 0.1) == ()


@settings(deadline=None, max_examples=30)
@given(st.lists(values, min_size=2, max_size=4))
def test_the_area_is_the_trapezoid_over_halvings(curves: list[list[float]]) -> None:
    cube = cube_of({"none": [[0.9]] * len(curves), "m": curves})
    span = span_of(cube)
    assert span is not None
    expected = [np.trapezoid(curve, [1, 2, 3, 5]) / 4 for curve in curves]
    assert areas_by_seed(cube, span)[0] == pytest.approx(expected)
    assert areas_by_seed(cube, span, "sparsity")[0] == pytest.approx(
        [np.trapezoid(curve, TARGETS) / (TARGETS[-1] - TARGETS[0]) for curve in curves]
    )
    found = areas(cube)
    assert found is not None
    (area,) = found.areas
    assert area.summary.mean == pytest.approx(np.mean(expected))
    assert area.difference is not None
    assert area.difference.mean == pytest.approx(np.mean(expected) - 0.9)


def test_areas_are_over_the_levels_that_all_have_and_the_rest_is_named() -> None:
    flat: list[float | None] = [0.9, 0.8, 0.7, 0.6]
    cube = cube_of(
        {"a": [flat] * 3, "b": [flat] * 3, "short": [[0.9, None, None, None]] * 3, "c": [[None, *flat[1:]]] * 3}
    )
    found = areas(cube)
    assert found is not None
    assert found.span.left_out == ("short", "c")
    assert (found.span.low, found.span.high) == (0.5, TARGETS[-1])
    assert [area.method for area in found.areas] == ["a", "b"]
    assert areas(cube_of({"a": [[0.9, None, None, None]]})) is None


def test_ranks_over_seeds_and_over_problems() -> None:
    good: list[float | None] = [0.9, 0.8, 0.7, 0.6]
    bad: list[float | None] = [0.8, 0.7, 0.6, 0.5]
    one = cube_of({"none": [[1.0]] * 3, "good": [good] * 3, "bad": [bad] * 3})
    other = cube_of({"none": [[1.0]] * 3, "bad": [bad] * 3, "good": [good] * 3, "more": [good] * 3}, data="digits")
    over_seeds, over_problems = ranking([one], "seeds"), ranking([one, other])
    assert over_seeds is not None
    assert (over_seeds.ranks.methods, over_seeds.ranks.blocks) == (("good", "bad"), 3)
    assert over_problems is not None
    assert (over_problems.ranks.methods, over_problems.ranks.blocks) == (("good", "bad"), 2)
    assert over_problems.left_out == ("more",)
    losses = ranking([cube_of({"good": [bad] * 3, "bad": [good] * 3}, "test_loss")], "seeds")
    assert losses is not None
    assert losses.ranks.methods == ("good", "bad")
    assert ranking([one]) is None  # a single problem is no sample of problems
    over_levels = ranking([one], "levels")
    assert over_levels is not None
    assert over_levels.ranks.blocks == 4
