"""A Prune and a Reset on one state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import Tensor

from bench.errors import UserError
from bench.executors.changes import prune
from bench.executors.resets import reset
from bench.measures.size import size_of
from bench.models.base import build, multiply_adds
from bench.models.layout import parameter_layout
from bench.pruning.view import NetView
from bench.recipe import EVERYTHING, Level, Prune, Reset, Score
from bench.registry import Choice, registry
from bench.training.state import State

MODULE = build(Choice("mlp", (("sizes", (4, 3)),)), (5,), 2)  # fc1 4x5, fc2 3x4, output 2x3
LAYOUT = parameter_layout(MODULE)
ALL = ("fc1", "fc2", "output")


def drawn(seed: int, updates: int = 3) -> State:
    generator = torch.Generator().manual_seed(seed)
    used = LAYOUT.flatten({place.name: torch.ones(place.shape) for place in LAYOUT.places})
    return State(
        weights=torch.randn(LAYOUT.width, generator=generator) * used,
        mask=torch.ones(LAYOUT.width, dtype=torch.bool),
        buffers=torch.zeros(0),
        moments={"momentum": torch.randn(LAYOUT.width, generator=generator) * used},
        updates=updates,
        optimiser=f"optimiser {seed}",
        order=10 * seed,
    )


def level(share: float, *names: str) -> Level:
    return Level(1, tuple((name, share) for name in names or ALL))


def gone(state: State) -> dict[str, int]:
    return {name: int((~mask).sum()) for name, mask in LAYOUT.weights(state.mask).items()}


def test_magnitude_takes_the_smallest() -> None:
    before = drawn(1)
    after = prune(before, Prune(level(0.5), Score("magnitude")), LAYOUT, (), 0, "here")
    for name, weights in LAYOUT.weights(before.weights).items():
        kept = LAYOUT.weights(after.mask)[name]
        assert weights[kept].abs().min() > weights[~kept].abs().max()
        assert torch.equal(LAYOUT.weights(after.weights)[name], weights * kept)
    assert gone(after) == {"fc1": 10, "fc2": 6, "output": 3}
    assert not after.moments["momentum"][~after.mask].any()
    assert before.mask.all()  # a state is never changed in place
    assert LAYOUT.views(after.mask)["fc1.bias"].all()


def test_a_unit_goes_with_its_bias_and_an_input_without() -> None:
    before = drawn(2)
    for name, granularity in (("fc1", "unit"), ("fc2", "input")):
        after = prune(before, Prune(level(0.5, name), Score("magnitude"), granularity), LAYOUT, (), 0, "here")
        kept = LAYOUT.weights(after.mask)[name]
        assert gone(after)[name] == kept.numel() // 2
        along = 1 if granularity == "unit" else 0
        assert torch.equal(kept.any(along), kept.all(along))
        norms = LAYOUT.weights(before.weights)[name].norm(dim=along)
        assert norms[kept.any(along)].min() > norms[~kept.any(along)].max()
        bias = LAYOUT.views(after.mask)[f"{name}.bias"]
        assert torch.equal(bias, kept.any(1)) if granularity == "unit" else bias.all()


@pytest.mark.parametrize("granularity", ["1:2", "2:4"])
def test_patterns_leave_the_biases(granularity: str) -> None:
    before = drawn(1)
    names = ("fc2",)  # four inputs: whole groups of two and of four
    after = prune(before, Prune(level(0.5, *names), Score("magnitude"), granularity), LAYOUT, (), 0, "here")
    assert gone(after)["fc2"] == 6
    assert LAYOUT.views(after.mask)["fc2.bias"].all()


def test_large_final_looks_at_the_other_moment() -> None:
    now, final = drawn(3), drawn(4)
    step = Prune(level(0.5), Score("large-final", looks_at=(40,)))
    after = prune(now, step, LAYOUT, [final], 0, "here")
    expected = prune(final, Prune(level(0.5), Score("magnitude")), LAYOUT, (), 0, "here")
    assert torch.equal(after.mask, expected.mask)
    assert torch.equal(after.weights, now.weights * after.mask)


def test_random_is_new_at_each_pruning_and_belongs_to_the_seed() -> None:
    state, step = drawn(5), Prune(level(0.5), Score("random"))
    first = prune(state, step, LAYOUT, (), 7, "here").mask
    assert torch.equal(first, prune(state, step, LAYOUT, (), 7, "here").mask)
    assert not torch.equal(first, prune(state, step, LAYOUT, (), 8, "here").mask)
    assert not torch.equal(first, prune(state, step, LAYOUT, (), 7, "there").mask)


@pytest.fixture
def own_score() -> Iterator[dict[str, object]]:
    """A score that gives what a test asks for."""
    given: dict[str, object] = {}

    def score(net: NetView) -> Mapping[str, Tensor]:
        return given["make"](net)  # type: ignore[operator, no-any-return]  # set by the test

    scores = registry("score")
    scores.names()  # built-in ones first
    from bench.registry import score as register

    register("score-of-a-test")(score)
    yield given
    del scores._components["score-of-a-test"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda net: {}, "gives nothing for layer 'fc1'"),
        (lambda net: {name: weight.sum(1) for name, weight in net.weights.items()}, "gives the shape (4,)"),
        (lambda net: {name: weight / 0 * 0 for name, weight in net.weights.items()}, "not numbers"),
    ],
)
def test_a_score_that_gives_nonsense_is_refused(own_score: dict[str, object], make: object, words: str) -> None:
    own_score["make"] = make
    with pytest.raises(UserError) as caught:
        prune(drawn(1), Prune(level(0.5), Score("score-of-a-test")), LAYOUT, (), 0, "here")
    assert words in str(caught.value)


def test_a_score_cannot_change_the_network(own_score: dict[str, object]) -> None:
    def spoil(net: NetView) -> dict[str, Tensor]:
        scores = {name: weight.abs() for name, weight in net.weights.items()}
        for name in net.weights:
            net.weights[name].zero_()
            net.masks[name].fill_(True)
        return scores

    own_score["make"] = spoil
    before = drawn(1)
    weights = before.weights.clone()
    once = prune(before, Prune(level(0.3), Score("magnitude")), LAYOUT, (), 0, "here")
    after = prune(once, Prune(level(0.5), Score("score-of-a-test")), LAYOUT, (), 0, "here")
    assert torch.equal(before.weights, weights)
    assert gone(after) == {"fc1": 10, "fc2": 6, "output": 3}
    assert not (after.mask & ~once.mask).any()


def test_low_goes_first_at_every_granularity_also_where_scores_are_negative(own_score: dict[str, object]) -> None:
    """`high is kept` holds for a score below zero too, such as the negative of a loss."""
    own_score["make"] = lambda net: {name: weight.abs() - 100 for name, weight in net.weights.items()}
    for granularity in ("weight", "unit", "input"):
        step = Prune(level(0.5, "fc1"), Score("magnitude"), granularity)
        expected = prune(drawn(1), step, LAYOUT, (), 0, "here")
        shifted = Prune(level(0.5, "fc1"), Score("score-of-a-test"), granularity)
        kept, wanted = (
            LAYOUT.weights(state.mask)["fc1"] for state in (prune(drawn(1), shifted, LAYOUT, (), 0, "here"), expected)
        )
        lowest = (LAYOUT.weights(drawn(1).weights)["fc1"].abs() - 100).sum(1 if granularity == "unit" else 0)
        if granularity == "weight":
            assert torch.equal(kept, wanted)
        else:
            line = kept.any(1 if granularity == "unit" else 0)
            assert lowest[line].min() > lowest[~line].max(), granularity


def test_a_reset_brings_back_all_but_the_masks() -> None:
    before, target = drawn(1), drawn(2, updates=0)
    pruned = prune(before, Prune(level(0.5), Score("magnitude")), LAYOUT, (), 0, "here")
    after = reset(pruned, Reset(0), LAYOUT, target, lambda: drawn(9), (0, "here"))
    assert torch.equal(after.mask, pruned.mask)
    assert torch.equal(after.weights, target.weights * pruned.mask)
    assert torch.equal(after.moments["momentum"], target.moments["momentum"] * pruned.mask)
    assert (after.updates, after.optimiser, after.order) == (target.updates, target.optimiser, target.order)
    assert EVERYTHING == ("biases", "buffers", "clock", "optimiser", "order", "weights")


def test_a_reset_of_clock_order_and_optimiser_keeps_the_weights() -> None:
    before, target = drawn(1), drawn(2, updates=0)
    after = reset(before, Reset(0, ("clock", "optimiser", "order")), LAYOUT, target, lambda: drawn(9), (0, "here"))
    assert torch.equal(after.weights, before.weights)
    assert (after.updates, after.optimiser, after.order) == (0, target.optimiser, target.order)


@pytest.mark.parametrize("part", ["weights", "biases"])
def test_weights_and_biases_go_back_apart(part: str) -> None:
    before, target = drawn(1), drawn(2)
    after = reset(before, Reset(0, (part,)), LAYOUT, target, lambda: drawn(9), (0, "here"))  # type: ignore[arg-type]  # a Part
    for name, view in LAYOUT.views(after.weights).items():
        source = target if name.endswith("weight") == (part == "weights") else before
        assert torch.equal(view, LAYOUT.views(source.weights)[name])
    assert after.moments is before.moments
    assert after.order == before.order


def test_redrawn_values_are_new_and_the_masks_stay() -> None:
    pruned = prune(drawn(1), Prune(level(0.5), Score("magnitude")), LAYOUT, (), 0, "here")
    after = reset(pruned, Reset(0, ("biases", "weights"), redraw=True), LAYOUT, drawn(2), lambda: drawn(9), (0, "here"))
    assert torch.equal(after.weights, drawn(9).weights * pruned.mask)
    assert torch.equal(after.mask, pruned.mask)


def test_size_is_counted_from_zeros() -> None:
    macs = multiply_adds(MODULE, (5,))
    whole = size_of(MODULE, (5,), LAYOUT, drawn(1).weights, macs)
    assert (whole.weights, whole.kept, whole.parameters, whole.sparsity) == (38, 38, 47, 0.0)
    weights = drawn(1).weights.clone()
    LAYOUT.weights(weights)["fc2"][1] = 0  # a unit without incoming weights: what hangs on it has no live path
    found = size_of(MODULE, (5,), LAYOUT, weights, macs)
    assert found.kept == 34
    assert [layer.effective for layer in found.layers] == [20, 8, 4]
    assert found.parameters_kept == 43  # its bias still sends
    LAYOUT.views(weights)["fc2.bias"][1] = 0
    assert size_of(MODULE, (5,), LAYOUT, weights, macs).parameters_kept == 42
    LAYOUT.weights(weights)["output"].zero_()
    empty = size_of(MODULE, (5,), LAYOUT, weights, macs)
    assert empty.effective_sparsity == 1
    assert empty.empty_layers == ("output",)
    assert empty.multiply_adds_kept == 28
