"""The key `tune` of a suite: what it may say, and a line for each mistake."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

from pathlib import Path

import pytest

from bench.errors import UserError
from bench.suite import builtin_suites, read_suite
from bench.suite.studies import Budget, Halving, Pick, Range, Shares, TuneSpec
from tests.tuning.suites import written


def tune_of(folder: Path, text: str, **changes: str) -> TuneSpec:
    found = read_suite(written(folder, text, **changes)).problems[0].tune
    assert found is not None
    return found


def test_all_that_it_may_say(tmp_path: Path) -> None:
    text = """\
  seeds: {from: 2000, count: 2}
  sparsities: [80 %, 0.9]
  objective: {sparsity: {within: 1 %}}
  sampler: random
  batch: 5
  budget: {steps: 5000}
  halving: {seeds: 2, share: 1/4}
  seed: 9
  studies:
    - one-shot: {fine-tune: {low: 1 epochs, high: 4 epochs}, fine-tune-rate: {low: 0.1, high: 1, log: true}}
    - lottery: {rewind: {low: 0, high: 20 %}, rounds: {low: 2, high: 9, start: 4}, rates: kinds}
    - one-shot: {scope: {any: [layer, erk]}, label: shapes}
""".replace("1/4", "25 %")
    found = tune_of(tmp_path, text)
    assert (found.seeds, found.sparsities, found.objective, found.within) == (
        (2000, 2001),
        (0.8, 0.9),
        "sparsity",
        0.01,
    )
    assert (found.sampler, found.batch, found.budget, found.halving, found.seed) == (
        *("random", 5, Budget("steps", 5000.0)),
        *(Halving(2, 0.25), 9),
    )
    assert [(study.name, study.method) for study in found.studies] == [
        ("one-shot", "one-shot"),
        ("lottery", "lottery"),
        ("shapes", "one-shot"),
    ]
    assert found.studies[0].params == (
        Range("fine-tune", 1.0, 4.0, "epochs"),
        Range("fine-tune-rate", 0.1, 1.0, "number", log=True),
    )
    assert found.studies[1].params == (
        Range("rewind", 0.0, 20.0, "share"),
        Range("rounds", 2.0, 9.0, "whole", start=4.0),
        Shares("kind"),
    )
    assert found.studies[2].params == (Pick("scope", ("layer", "erk"), 0),)


def test_what_is_left_out(tmp_path: Path) -> None:
    found = tune_of(tmp_path, "  studies: [{one-shot: {rates: each}}]\n")
    assert found.seeds == (1000, 1001, 1002)
    assert found.sparsities == (0.5, 0.9)
    assert (found.objective, found.sampler, found.budget) == ("accuracy", "tpe", Budget("trainings", 100))


def test_it_makes_no_other_suite_of_it(tmp_path: Path) -> None:
    """How options are searched for decides no result: those that are found do."""
    one = read_suite(written(tmp_path, "  studies: [{one-shot: {rates: each}}]\n"))
    other = read_suite(written(tmp_path, "  studies: [{lottery: {rates: kinds}}]\n  seed: 4\n"))
    assert one.hash == other.hash


MISTAKES = {
    "  studies: []\n": "studies: a list stands here; give a list such as",
    "  seed: 1\n": "'studies' is missing; give a list, such as studies: [{one-shot: {rates: each}}]",
    "  studies: [one-shot]\n": "nothing varies in 'one-shot', so that there is nothing to tune",
    "  studies: [{one-shot: {fine-tune: 2 epochs}}]\n": "nothing varies in 'one-shot'",
    "  studies: [{one-sot: {rates: each}}]\n": "unknown method 'one-sot'; did you mean 'one-shot'?",
    "  studies: [{one-shot: {fine-tune: {low: 2 epochs, high: 10 %}}}]\n": "low and high are of two kinds",
    "  studies: [{one-shot: {fine-tune: {low: 5, high: 5}}}]\n": "fine-tune: low is not below high",
    "  studies: [{one-shot: {fine-tune: {low: 5}}}]\n": "fine-tune: 'high' is missing",
    "  studies: [{one-shot: {fine-tune: {low: 5, hihg: 6}}}]\n": "fine-tune: unknown key 'hihg'",
    "  studies: [{one-shot: {fine-tune: {low: soon, high: 6}}}]\n": "fine-tune: 'soon' is no length of time",
    "  studies: [{one-shot: {fine-tune-rate: {low: 0.0, high: 1, log: true}}}]\n": "a logarithmic scale never",
    "  studies: [{one-shot: {fine-tune-rate: {low: 0.1, high: 1, start: 2}}}]\n": "start lies outside of low and high",
    "  studies: [{one-shot: {fine-tun: {low: 1, high: 2}}}]\n": "unknown option 'fine-tun'",
    "  studies: [{one-shot: {fine-tune-rate: {low: -1.5, high: 1.5}, scope: {any: [leyer, global]}}}]\n": "'leyer'",
    "  studies: [{one-shot: {scope: {any: [layer]}}}]\n": "scope: a list stands here; give several values",
    "  studies: [{one-shot: {scope: {any: [layer, layer]}}}]\n": "scope: a value is there twice",
    "  studies: [{one-shot: {rates: {each: {low: 2, high: 4}}}}]\n": "rates: give factors below and above 1",
    "  studies: [{one-shot: {rates: {each: {from: 2}}}}]\n": "rates: a mapping (key: value) stands here; give rates",
    "  studies: [{one-shot: {rates: each, label: a/b}}]\n": "a study's label is a word without '/'",
    "  studies: [{one-shot: {rates: each, fine-tune: [1, 2]}}]\n": "a list spans a grid here",
    "  studies: [{one-shot: {rates: each}}, {one-shot: {scope: {any: [layer, global]}}}]\n": "two studies are called",
    "  studies: [{none: {rates: each}}]\n": "'none' prunes nothing; leave 'rates' out",
    "  seeds: [0, 1000]\n  studies: [{one-shot: {rates: each}}]\n": "seeds: 0 is a seed of the suite too",
    "  sparsities: {ladder: 0.2, rounds: 3}\n  studies: [{one-shot: {rates: each}}]\n": "tuning needs a list",
    "  sampler: nsga-ii\n  studies: [{one-shot: {rates: each}}]\n": "nsga-ii seeks a front; give objective: both",
    "  sampler: grid\n  objective: both\n  studies: [{one-shot: {rates: each}}]\n": "a grid seeks no front",
    "  objective: both\n  sparsities: [0.5]\n  studies: [{one-shot: {rates: each}}]\n": "give two sparsities at least",
    "  objective: speed\n  studies: [{one-shot: {rates: each}}]\n": "unknown key 'speed'",
    "  budget: {trials: 0}\n  studies: [{one-shot: {rates: each}}]\n": "trials: 0 is out of range; give 1 or more",
    "  budget: {trials: 3, steps: 5}\n  studies: [{one-shot: {rates: each}}]\n": "2 of trainings, steps, trials",
    "  bugdet: {trials: 3}\n  studies: [{one-shot: {rates: each}}]\n": "unknown key 'bugdet'; did you mean 'budget'?",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_every_mistake_has_a_line_and_a_place(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        read_suite(written(tmp_path, text))
    (line,) = [line for line in error.value.lines if MISTAKES[text] in line]
    assert "tuned.yaml:" in line


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ("[{one-shot: {rats: tuned}}]", "unknown option 'rats' of the method 'one-shot'; did you mean 'rates'?"),
        ("[{none: {rates: tuned}}]", "'none' prunes nothing; leave 'rates' out"),
    ],
)
def test_only_options_can_be_tuned(methods: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="tuned.yaml:7") as error:
        read_suite(written(tmp_path, "  studies: [{one-shot: {rates: each}}]\n", methods))
    assert said in str(error.value)


def test_a_method_says_what_is_tuned(tmp_path: Path) -> None:
    methods = "[{one-shot: {rates: tuned, fine-tune: {tuned: fine}}}, {one-shot: {rates: tuned, label: mine}}]"
    found = read_suite(written(tmp_path, "  studies: [{one-shot: {rates: each}}]\n", methods)).problems[0].methods
    assert [method.label for method in found] == ["one-shot (rates tuned, fine-tune tuned)", "mine"]
    assert found[0].tuned == (("rates", ""), ("fine-tune", "fine"))


@pytest.mark.parametrize("name", ["mnist", "mnist-tuned", "fmnist-tuned"])
@pytest.mark.parametrize("profile", [None, "quick"])
def test_our_own_suites_tune_on_seeds_of_their_own(name: str, profile: str | None) -> None:
    (problem,) = read_suite(builtin_suites()[name], profile).problems
    assert problem.tune is not None
    assert not set(problem.tune.seeds) & set(problem.seeds)
