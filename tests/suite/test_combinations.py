"""Any sensible combination can stand in a suite; what makes no sense is refused: a reason, its place and the mend."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

import itertools

import pytest

from bench.durations import Duration
from bench.errors import UserError
from bench.registry import Choice, registry
from bench.suite.combinations import RULES, refused, remark
from bench.suite.values import PruneSpec, SparsitySpec
from tests.plan.grids import grid, method
from tests.suite.examples import Read, changed

GRANULARITIES = ("weight", "unit", "input", "4x4", "2:4")
SCOPES = ("layer", "uniform", "erk", "er", "global")
OPTIONS = {"magnitude-at": (("step", Duration(1, "steps")),), "inverted": (("of", "magnitude"),)}

# What is of no use, by hand: scores of whole units, scores that compare layers, and neighbours across layers.
UNITS_ALONE = {"activation", "fpgm", "norm-scale"}
WEIGHTS_ALONE = {"lamp"}
GLOBAL_ALONE = {"lamp"}


def scores() -> list[Choice]:
    names = [name for name in registry("score").names() if registry("score").get(name).source is None]
    return [Choice(name, OPTIONS.get(name, ())) for name in names]


def expected(score: str, granularity: str, scope: str) -> str | None:
    if (score in UNITS_ALONE and granularity != "unit") or (score in WEIGHTS_ALONE and granularity != "weight"):
        return "is of no use at granularity"
    if score in GLOBAL_ALONE and scope != "global":
        return "compares layers with each other"
    if granularity == "2:4" and scope != "layer":
        return "only scope: layer fits it"
    return None


@pytest.mark.parametrize("score", scores(), ids=lambda score: score.name)
def test_every_score_with_every_granularity_and_scope(score: Choice) -> None:
    for granularity, scope in itertools.product(GRANULARITIES, SCOPES):
        found = refused(PruneSpec(score, granularity, scope))  # type: ignore[arg-type]
        words = expected(score.name, granularity, scope)
        assert (found is None) == (words is None), (granularity, scope, found)
        assert words is None or (found is not None and words in found.reason and "give" in found.reason)


def of(name: str) -> Choice:
    return Choice("inverted", (("of", name),))


# What is refused: what it says, and the key of the suite that is shown.
REFUSED = {
    "N of M over all layers": (PruneSpec(granularity="2:4", scope="global"), "only scope: layer fits it", "scope"),
    "N of M by shape": (PruneSpec(granularity="1:4", scope="erk"), "only scope: layer fits it", "scope"),
    "N of M with a floor": (PruneSpec(granularity="2:4", floor=1), "leave floor out", "floor"),
    "shares within layers for lamp": (PruneSpec(Choice("lamp")), "give scope: global", "scope"),
    "lamp turned around": (PruneSpec(of("lamp")), "give scope: global", "scope"),
    "factors over all layers": (PruneSpec(scope="global", rates=(("first", 0.5),)), "leave rates out", "rates"),
    "factors by shape": (PruneSpec(scope="erk", rates=(("first", 0.5),)), "or give scope: layer", "rates"),
    "rounds turned around": (PruneSpec(of("synflow"), scope="global"), "choose random as the control", "score"),
    "units for single weights": (PruneSpec(Choice("fpgm")), "give granularity: unit", "granularity"),
}  # fmt: skip
MISNAMED = {
    "what is not there turned around": (PruneSpec(of("magntude")), "did you mean 'magnitude'?", "score"),
    "what needs an option turned around": (PruneSpec(of("magnitude-at")), "needs the option 'step'", "score"),
}  # fmt: skip
ALLOWED = {
    "grasp turned around": PruneSpec(of("grasp"), scope="global"),
    "lamp over all layers": PruneSpec(Choice("lamp"), scope="global"),
    "lamp turned around over all layers": PruneSpec(of("lamp"), scope="global"),
    "factors within layers": PruneSpec(rates=(("first", 0.5),)),
    "factors in proportion": PruneSpec(scope="uniform", rates=(("first", 0.5),)),
    "floor over all layers": PruneSpec(scope="global", floor=1),
    "floor by shape": PruneSpec(scope="erk", floor=0.01),
    "N of M": PruneSpec(granularity="2:4", exclude=("output",)),
    "snip within layers": PruneSpec(Choice("snip")),
    "blocks by shape": PruneSpec(granularity="4x4", scope="erk"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_makes_no_sense(what: str) -> None:
    prune, words, key = REFUSED[what]
    found = refused(prune)
    assert found is not None
    assert words in found.reason
    assert found.keys[0] == key
    with pytest.raises(UserError, match=r"^method 'one-shot': ") as caught:
        grid([method("one-shot", prune=prune)])
    assert words in str(caught.value)
    assert grid([method("none", prune=prune)]).cells, "where nothing is pruned it is of no account"


@pytest.mark.parametrize("what", MISNAMED)
def test_what_does_not_exist(what: str) -> None:
    prune, words, key = MISNAMED[what]
    found = refused(prune)
    assert found is not None
    assert words in found.reason
    assert found.keys == (key,)


@pytest.mark.parametrize("what", ALLOWED)
def test_what_makes_sense(what: str) -> None:
    assert refused(ALLOWED[what]) is None


def test_every_rule_refuses_something() -> None:
    reached = {refused(prune).keys for prune, _, _ in REFUSED.values()}  # type: ignore[union-attr]  # tested above
    assert reached == {keys for keys, _ in RULES}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("{score: magnitude}", "{score: lamp, scope: layer}", "14:29"),  # of all methods, said once
        ("  - lottery", "  - lottery: {score: lamp}", "18:22"),
        ("  - lottery", "  - lottery: {score: lamp, scope: erk}", "18:35"),
        ("  - lottery", "  - lottery: {scope: global, rates: {first: 0.5}}", "18:37"),
        ("  - lottery", "  - lottery: {granularity: '2:4', floor: 1}", "18:42"),
        ("  - lottery", "  - lottery: {score: {inverted: synflow}, scope: global}", "18:22"),
        ("  - lottery", "  - lottery: {granularity: [weight, unit], score: fpgm}", "18:28"),
    ],
)
def test_a_suite_says_where(read: Read, old: str, new: str, place: str) -> None:
    with pytest.raises(UserError) as caught:
        read(changed(old, new))
    (line,) = caught.value.lines
    assert line.startswith(f"mine.yaml:{place}: ")


def test_a_suite_that_prunes_nothing_may_say_anything(read: Read) -> None:
    text = changed("  - one-shot: {fine-tune: 1 epoch}\n  - lottery\n", "")
    for prune in ("{score: lamp}", "{granularity: unit}", "{scope: global, rates: {first: 0.5}}"):
        (problem,) = read(changed("{score: magnitude}", prune, text)).problems
        assert grid([problem.methods[0]]).cells


def test_scores_of_the_whole_network_are_remarked_on_within_layers(read: Read) -> None:
    for name in ("snip", "grasp", "synflow"):
        assert remark(PruneSpec(Choice(name), scope="global")) is None
        assert remark(PruneSpec(Choice(name), scope="erk")) is None
    (note,) = read(changed("  - lottery", "  - lottery: {score: snip}")).notes
    assert note == (
        "mine.yaml:18:22: 'snip' is meant for scope: global, as in its paper; here it ranks the weights of each layer "
        "alone"
    )
    assert read(changed("  - lottery", "  - lottery: {score: snip, scope: global}")).notes == ()


def test_a_network_without_batch_norm_has_no_factors_of_it() -> None:
    prune = PruneSpec(Choice("norm-scale"), "unit", exclude=("output",))
    with pytest.raises(UserError) as caught:
        grid([method("one-shot", prune=prune)])
    assert str(caught.value) == (
        "method 'one-shot': score norm-scale: no batch norm follows fc1; leave that out with exclude: [fc1], or choose "
        "another score"
    )


def test_a_ladder_may_have_a_rate_for_a_layer_that_a_method_leaves_out() -> None:
    sparsities = SparsitySpec(rate=0.5, rounds=2, rates=(("fc1", 0.25),))
    cells = grid([method("one-shot", prune=PruneSpec(exclude=("fc1",)))], sparsities).cells
    assert [cell.target for cell in cells] == [pytest.approx(0.5 * 36 / 180), pytest.approx(0.75 * 36 / 180)]
