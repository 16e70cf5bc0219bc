"""The arms of a suite that repeats a published experiment: named in results, without a trace in keys."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from bench.data.policy import DataPolicy
from bench.errors import UserError
from bench.grid import Grid, expand
from bench.only import picked
from bench.plan import make_plan
from bench.records import cell_records
from bench.suite import builtin_suites, read_suite, suite_profiles
from tests.suite.examples import CORRECT, Read, changed

GROUND = "data: digits\nmodel: {mlp: {sizes: [16]}}\n"
ARMS = """\
problems:
  - {data: digits, model: {mlp: {sizes: [16]}}, protocol: published}
  - {data: digits, model: {mlp: {sizes: [16]}}, protocol: honest, training: {epochs: 8}}
"""
REPRODUCTIONS = (
    *("forai", "keras-pruning", "lottery-ticket-pruner", "lth-lenet", "prunet"),
    *("mlgroup-cifar10", "mlgroup-flowers", "mlgroup-fmnist", "mlgroup-penguins"),
)


@pytest.fixture
def grid(read: Read) -> Grid:
    """Two arms on one data set and network; a method of the second keeps to a third protocol."""
    text = changed("  - lottery\n", "  - lottery\n  - dynamic: {protocol: as-run}\n", changed(GROUND, ARMS))
    return expand(read(text), DataPolicy())


def test_arms_have_names_and_rows_of_their_own(grid: Grid) -> None:
    assert [ground.model for ground in grid.grounds] == ["mlp (published)", "mlp (honest)"]
    assert [ground.data.name for ground in grid.grounds] == ["digits", "digits"]
    records = cell_records(make_plan(grid))
    assert len({(one.data, one.model, one.method, one.level) for one in records}) == len(records)
    assert {(one.model, one.method, one.protocol) for one in records if one.method_name in ("none", "dynamic")} == {
        ("mlp (published)", "none", "published"),
        ("mlp (published)", "dynamic (as-run)", "as-run"),
        ("mlp (honest)", "none", "honest"),
        ("mlp (honest)", "dynamic (as-run)", "as-run"),
    }


def test_what_arms_have_in_common_is_one_run(read: Read) -> None:
    plain = expand(read(CORRECT), DataPolicy())
    same = expand(read(changed(", training: {epochs: 8}", "", changed(GROUND, ARMS))), DataPolicy())
    runs = make_plan(plain).runs.keys()
    assert len(same.cells) == 2 * len(plain.cells)
    assert make_plan(same).runs.keys() == runs


def test_networks_are_told_apart_within_an_arm_only(read: Read) -> None:
    one_more = "protocol: published}\n  - {data: digits, model: mlp, protocol: honest}"
    arms = changed("protocol: published}", one_more, ARMS)
    grid = expand(read(changed(GROUND, arms)), DataPolicy())
    assert [ground.model for ground in grid.grounds] == [
        *("mlp (published)", "mlp (sizes 64) (honest)", "mlp (sizes 16) (honest)"),
    ]


def test_a_filter_takes_a_protocol(grid: Grid) -> None:
    assert {cell.ground.model for cell in picked(grid.cells, {"protocol": ["honest"]})} == {"mlp (honest)"}
    assert {cell.method.name for cell in picked(grid.cells, {"protocol": ["as-run"]})} == {"dynamic"}
    with pytest.raises(UserError, match="no cell has the protocol 'honset'; did you mean 'honest'"):
        picked(grid.cells, {"protocol": ["honset"]})


def test_a_protocol_is_content_and_none_is_not(read: Read) -> None:
    texts = {
        "none": CORRECT,
        "of the problem": changed("seeds: 3", "seeds: 3\nprotocol: honest"),
        "another": changed("seeds: 3", "seeds: 3\nprotocol: published"),
        "of a method": changed("  - lottery", "  - lottery: {protocol: as-run}"),
    }
    hashes = {what: read(text).hash for what, text in texts.items()}
    assert all(one != other for one, other in combinations(hashes.values(), 2))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            changed("seeds: 3", "seeds: 3\nprotocol: sound"),
            "mine.yaml:13:11: protocol: unknown protocol 'sound'; known are: as-run, honest, published",
        ),
        (
            changed("  - lottery", "  - lottery: {protocol: [honest]}"),
            "mine.yaml:18:25: protocol: a list is no protocol; known are: published, honest, as-run",
        ),
        (
            changed(GROUND, ARMS.replace("honest", "published")),
            "mine.yaml:5:5: digits with mlp is there twice, first in line 4; keep one, or give each its protocol",
        ),
    ],
)
def test_mistakes(read: Read, text: str, line: str) -> None:
    with pytest.raises(UserError) as caught:
        read(text)
    assert caught.value.lines == (line,)


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_every_reproduction_says_what_it_departs_in_and_has_a_quick_form(name: str) -> None:
    suite = read_suite(name)
    assert suite.notes == ()
    head = " ".join(line.removeprefix("#").strip() for line in suite.text.split("title:")[0].splitlines())
    assert all(word in head for word in (" Protocol: ", " Departure", " Cost: ", " Test data chooses nothing."))
    assert "quick" in suite_profiles(name)
    assert {problem.protocol for problem in suite.problems} <= {None, "published", "honest", "as-run"}
    quick = read_suite(name, "quick")
    assert quick.notes == ()
    assert all(len(problem.seeds) <= 10 for problem in quick.problems)


def test_reproductions_are_all_there_and_every_arm_has_a_dense_network() -> None:
    assert set(REPRODUCTIONS) <= builtin_suites().keys()
    for name in REPRODUCTIONS:
        for problem in read_suite(name).problems:
            assert "none" in {method.name for method in problem.methods}


def test_published_levels_are_those_of_the_reproduced_experiments() -> None:
    """Two prunings of 17 %, five of 20 and 40 %, and the rates of lottery_ticket_pruner, which grow from 20 %."""
    published = read_suite("mlgroup-penguins").problems[0].sparsities.targets
    assert published[-1] == pytest.approx(1 - 0.83**2, abs=1e-12)
    rate, left, levels = 0.2, 1.0, []
    for count in range(1, 5):
        rate **= 1 / count
        left *= 1 - rate
        levels.append(1 - left)
    assert read_suite("lottery-ticket-pruner").problems[0].sparsities.targets == pytest.approx(levels, abs=5e-5)
    conv, linear = 1 - 0.8**5, 1 - 0.6**5
    (dynamic, _) = read_suite("mlgroup-cifar10").problems
    assert dict(dynamic.prune.rates)["conv"] == pytest.approx(conv / linear, abs=1e-4)
    assert replace(dynamic.prune, rates=()).scope == "uniform"
