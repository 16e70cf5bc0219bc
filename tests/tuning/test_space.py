"""From a point of a search space to what a suite could say: shares that come to exactly the level."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.grid import Grid, expand
from bench.levels import ladder
from bench.pruning.masks import exact_count
from bench.studies import Study, studies_of
from bench.suite import read_suite
from bench.suite.values import SparsitySpec
from bench.tuning.space import DENSITY, Space, kept_shares
from tests.tuning.suites import written

BOTH = "  objective: both\n"


def grid(folder: Path, text: str) -> Grid:
    return expand(read_suite(written(folder, text)), DataPolicy(), lambda ground, method: method)


def study(folder: Path, entry: str, more: str = "") -> Study:
    return next(studies_of(grid(folder, f"  studies: [{entry}]\n{more}").grounds[0]))


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.01, 100)), min_size=1, max_size=6),
    st.floats(0.001, 0.999),
)
@settings(max_examples=300, deadline=None)
def test_shares_come_to_the_density(layers: list[tuple[int, float]], density: float) -> None:
    sizes = {str(place): size for place, (size, _) in enumerate(layers)}
    factors = {str(place): factor for place, (_, factor) in enumerate(layers)}
    shares = kept_shares(sizes, factors, density)
    assert all(0 < share <= 1 for share in shares.values())
    assert sum(shares[name] * size for name, size in sizes.items()) == pytest.approx(density * sum(sizes.values()))
    part = [name for name in sizes if shares[name] < 1]
    scales = [shares[name] / factors[name] for name in part]
    assert all(scale == pytest.approx(scales[0]) for scale in scales)  # in proportion to their factors
    for name in set(sizes) - set(part):  # and a whole layer would have had more than all
        assert not scales or scales[0] * factors[name] >= 1 - 1e-9


@given(a=st.floats(0.25, 32), b=st.floats(0.25, 32), target=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
@settings(max_examples=40, deadline=None)
def test_tuned_rates_take_exactly_the_level(
    a: float, b: float, target: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through the levels of a suite, to the weight."""
    one = study(tmp_path_factory.mktemp("suite"), "{one-shot: {rates: each}}", f"  sparsities: [{target}]\n")
    names = [dimension.name for dimension in Space(one).dimensions]
    assert names == ["keep.fc2", "keep.output"]
    method = Space(one).method(dict(zip(names, (a, b), strict=True)))
    layers = one.ground.layers
    (level,) = ladder(SparsitySpec(targets=(target,)), method.prune, layers, "here")
    gone = sum(exact_count(share, layer.weights) for (_, share), layer in zip(level.layers, layers, strict=True))
    assert gone == exact_count(target, sum(layer.weights for layer in layers))


def test_every_kind_of_option_can_vary(tmp_path: Path) -> None:
    entry = (
        "{one-shot: {fine-tune: {low: 0 %, high: 40 %}, fine-tune-rate: {low: 0.01, high: 1, log: true},"
        " scope: {any: [layer, global]}, score: {any: [magnitude, random]}, floor: {low: 0, high: 5}}}"
    )
    one = Space(study(tmp_path, entry))
    assert {name.name: name.kind for name in one.dimensions} == {
        "fine-tune": "real",
        "fine-tune-rate": "real",
        "scope": "choice",
        "score": "choice",
        "floor": "whole",
    }
    params = {"fine-tune": 12.345678, "fine-tune-rate": 0.1, "scope": '"global"', "score": '"random"', "floor": 3}
    assert one.entry(params) == {
        "one-shot": {"fine-tune": "12.346 %", "fine-tune-rate": 0.1, "scope": "global", "score": "random", "floor": 3}
    }
    method = one.method(params)
    assert (method.prune.scope, method.prune.score.name, method.prune.floor) == ("global", "random", 3)
    assert str(dict(method.options)["fine-tune"]) == "12.346 %"


def test_moments_and_amounts_of_pruning_in_training_can_vary(tmp_path: Path) -> None:
    entry = (
        "{dynamic: {at: [{low: 10 %, high: 40 %}, {low: 50 %, high: 90 %}],"
        " parts: [1.0, {low: 0.25, high: 4.0, log: true}]}}"
    )
    one = Space(study(tmp_path, entry))
    assert [name.name for name in one.dimensions] == ["at.0", "at.1", "parts.1"]
    assert one.entry({"at.0": 25.0, "at.1": 60.0, "parts.1": 2.0}) == {
        "dynamic": {"at": ["25 %", "60 %"], "parts": [1.0, 2.0]}
    }


def test_where_the_sparsity_is_sought_it_is_a_dimension(tmp_path: Path) -> None:
    one = Space(
        study(tmp_path, "{one-shot: {rates: kinds, fine-tune-rate: {low: 0.1, high: 1.0}}}", "  objective: both\n")
    )
    assert [name.name for name in one.dimensions] == ["fine-tune-rate", DENSITY]  # one kind of layer alone
    low, high = one.dimensions[-1].low, one.dimensions[-1].high
    assert (round(low, 9), round(high, 9)) == (0.1, 0.5)
    assert one.sparsity({DENSITY: 0.2}) == 0.8


def test_an_excluded_layer_has_no_share(tmp_path: Path) -> None:
    one = Space(study(tmp_path, "{one-shot: {rates: each, exclude: output}}"))
    assert [name.name for name in one.dimensions] == ["keep.fc2"]
    assert set(one.entry({"keep.fc2": 2.0})["one-shot"]["rates"]) == {"fc1", "fc2"}


def test_the_identity_of_a_study(tmp_path: Path) -> None:
    """All that decides its trials is part of it; its budget and other seeds of the suite are not."""
    base = study(tmp_path, "{one-shot: {rates: each}}").hash_in("here", 1)

    def changed(more: str, entry: str = "{one-shot: {rates: each}}") -> Any:
        return study(tmp_path, entry, more).hash_in("here", 1)

    assert changed("  budget: {trials: 3}\n") == base
    for more in ("  seed: 3\n", "  batch: 3\n", "  sampler: random\n", "  seeds: [5000]\n", "  halving: none\n"):
        assert changed(more) != base, more
    assert changed("", "{one-shot: {rates: {each: {low: 0.5, high: 4}}}}") != base
    assert study(tmp_path, "{one-shot: {rates: each}}").hash_in("there", 1) != base


def test_without_a_database_it_is_said_where_to_look(tmp_path: Path) -> None:
    text = written(tmp_path, "  studies: [{one-shot: {rates: each}}]\n", methods="[none, {one-shot: {rates: tuned}}]")
    with pytest.raises(UserError, match="its rates is chosen by a study, and studies are in a database"):
        expand(read_suite(text), DataPolicy())
