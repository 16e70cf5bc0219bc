"""What scores ask for, also through the control that turns another around."""

from __future__ import annotations

from tests.pruning.views import drawn, scores_of, view  # isort: skip

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.durations import Duration
from bench.errors import UserError
from bench.pruning import asking
from bench.pruning.view import NetView
from bench.recipe import Prune, Step
from bench.registry import Choice, Component, registry
from bench.suite.values import PruneSpec
from tests.plan.grids import grid, method

INVERTED = registry("score").get("inverted")


def made_up(net: NetView, often: bool = False) -> dict[str, Tensor]:
    """Asks for all that a score may ask for."""
    return dict(net.weights)


@pytest.fixture
def greedy() -> Iterator[Component]:
    """A score that asks for everything, registered for the time of a test."""
    extra: dict[str, Any] = {
        "moments": lambda often=False: (Duration(1, "steps"),) * (2 if often else 1),
        "rounds": lambda often=False: 100 if often else 3,
        "data": lambda often=False: not often,
        "granularities": ("unit",),
    }
    component = Component("score", "greedy", made_up, 4, source="a file", extra=extra)
    scores = registry("score")
    scores.add(component)
    yield component
    del scores._components["greedy"]


def prune_step(steps: tuple[Step, ...]) -> Prune:
    return next(step for step in steps if isinstance(step, Prune))


def planned(score: Choice, **prune: Any) -> Prune:
    spec = PruneSpec(score=score, **prune)
    return prune_step(grid([method("one-shot", prune=spec)]).cells[0].steps)


def test_it_may_depend_on_the_options(greedy: Component) -> None:
    assert len(asking.moments(greedy, {"often": True})) == 2
    assert [asking.rounds(greedy, options) for options in ({}, {"often": True})] == [3, 100]
    assert [asking.wants_batches(greedy, options) for options in ({}, {"often": True})] == [True, False]


def test_a_score_that_asks_for_nothing_gets_nothing() -> None:
    magnitude = registry("score").get("magnitude")
    assert asking.moments(magnitude, {}) == ()
    assert asking.rounds(magnitude, {}) == 1
    assert not asking.wants_batches(magnitude, {})
    assert asking.granularities(magnitude, {}) == asking.scopes(magnitude, {}) == ()
    assert asking.home_scope(magnitude, {}) == ""


def test_turned_around_asks_for_what_the_other_asks_for(greedy: Component) -> None:
    given = {"of": "greedy"}
    assert asking.moments(INVERTED, given) == (Duration(1, "steps"),)
    assert asking.rounds(INVERTED, given) == 3
    assert asking.wants_batches(INVERTED, given)
    assert asking.granularities(INVERTED, given) == ("unit",)
    assert asking.source(INVERTED, given) is greedy


def test_the_file_of_the_other_is_part_of_the_key(greedy: Component) -> None:
    before = asking.identity(INVERTED, {"of": "greedy"})
    for changed in (replace(greedy, source="another text"), replace(greedy, version=5)):
        registry("score").add(changed)
        assert asking.identity(INVERTED, {"of": "greedy"}) != before
    assert asking.identity(greedy, {}) == greedy.identity[1:]


def test_turned_around_has_the_same_numbers_with_the_opposite_sign() -> None:
    weights = drawn({"fc1": (4, 5), "conv": (3, 2, 3, 3)}, 1)
    turned = scores_of("inverted", view(weights), of="magnitude")
    for name, values in scores_of("magnitude", view(weights)).items():
        assert torch.equal(turned[name], -values.double())
    assert torch.equal(scores_of("inverted", view(weights), of="random")["fc1"], -view(weights).uniform("fc1").double())
    earlier = view(weights, drawn({"fc1": (4, 5), "conv": (3, 2, 3, 3)}, 2))
    small = scores_of("small-final", earlier)
    assert all(
        torch.equal(scores_of("inverted", earlier, of="large-final")[name], small[name].double()) for name in small
    )


def test_a_plan_takes_over_what_the_other_looks_at() -> None:
    plain, turned = planned(Choice("large-final")), planned(Choice("inverted", (("of", "large-final"),)))
    assert turned.score.looks_at == plain.score.looks_at == (20,)
    assert turned.score.options == (("of", "large-final"),)
    by_alias = planned(Choice("inverted", (("of", "abs"),)))
    assert by_alias == planned(Choice("inverted", (("of", "magnitude"),)))


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("magnitud", "unknown score 'magnitud'; did you mean 'magnitude'"),
        ("magnitude-at", "'magnitude-at' needs the option 'step', which cannot be given here"),
        ("inverted", "'inverted' needs the option 'of', which cannot be given here"),
    ],
)
def test_what_cannot_be_turned_around_is_refused_when_a_plan_is_made(of: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        planned(Choice("inverted", (("of", of),)))
    assert words in str(caught.value)


@pytest.mark.parametrize(("score", "wrong", "right"), [("fpgm", "weight", "unit"), ("activation", "input", "unit")])
def test_a_score_at_a_granularity_that_makes_no_sense_is_refused(score: str, wrong: str, right: str) -> None:
    with pytest.raises(UserError) as caught:
        planned(Choice(score), granularity=wrong, exclude=("output",))
    assert f"method 'one-shot': the score {score!r} is of no use at granularity {wrong!r}" in str(caught.value)
    assert f"granularity: {right}" in str(caught.value)
    assert planned(Choice(score), granularity=right, exclude=("output",)).granularity == right


def test_where_nothing_is_pruned_the_granularity_is_of_no_account() -> None:
    assert grid([method("none", prune=PruneSpec(score=Choice("fpgm")))]).cells
