"""`bench list`: recipes read off the steps, what they cost, and the suites that use a component."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bench.cli import recipes
from bench.cli.users import suites_using
from bench.methods.task import Task
from bench.recipe import Reset, Step, Train
from bench.registry import Component, registry
from bench.suite import builtin_suites
from tests.cli.conftest import Bench

METHODS = [name for name in registry("method").names() if registry("method").get(name).source is None]


def written_out(told: str, rounds: int) -> list[str]:
    """The verbs that a recipe stands for, one after the other."""
    verbs: list[str] = []
    for block, often, plain in re.findall(r"\((Train[^()]*|Prune[^()]*)\) x (\(rounds - 1\)|\w+)|([^→()]+)", told):
        if block:
            count = {"rounds": rounds, "(rounds - 1)": rounds - 1}.get(often) or int(often)
            verbs += block.split(" → ") * count
        elif plain.strip():
            verbs.append(plain.strip())
    return verbs


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_a_recipe_is_what_the_method_yields(name: str, rounds: int) -> None:
    component = registry("method").get(name)
    told = recipes.recipe(component)
    assert told, f"{name} has a recipe that can be told"
    assert written_out(told, rounds) == [recipes._verb(step) for step in recipes._steps(component, rounds)]
    assert len(told) <= 80


def made_up(function: object) -> Component:
    return Component("method", "mine", function)  # type: ignore[arg-type]  # a method


def test_recipes_in_words() -> None:
    told = {name: recipes.recipe(registry("method").get(name)) for name in METHODS}
    assert told["none"] == "Train"
    assert told["lottery"] == "Train → (Prune → Reset → Train) x rounds"
    assert told["lottery-redrawn"] == "(Train → Prune → Reset) x rounds → Redraw → Train"
    assert told["iterative"] == "Train → (Prune → Reset rate → Fine-tune) x rounds"
    assert told["gradual"] == "Train → (Prune → Train) x 19"
    assert told["supermask"] == "Train → Prune → Reset"


def test_a_round_less_than_the_ladder_has() -> None:
    def mine(task: Task) -> Iterator[Step]:
        for level in task.rounds[:-1]:
            yield task.prune(level)
            yield Reset()
        yield task.train()

    assert recipes.recipe(made_up(mine)) == "(Prune → Reset) x (rounds - 1) → Train"


def test_what_cannot_be_told_is_left_out() -> None:
    def triangular(task: Task) -> Iterator[Step]:
        for count in range(len(task.rounds)):
            for _ in range(count):
                yield task.prune(task.level)
            yield Reset()

    def broken(task: Task) -> Iterator[Step]:
        raise ZeroDivisionError

    def endless(task: Task) -> Iterator[Step]:
        for number in range(40):
            yield task.prune(task.level) if number in (1, 4, 9, 16, 25, 36) else Reset()

    for function in (triangular, broken, endless):
        assert recipes.recipe(made_up(function)) == ""
    assert recipes.cost(made_up(broken)) == ""


def test_neighbouring_trains_are_one_verb() -> None:
    def halves(task: Task) -> Iterator[Step]:
        yield Train(task.training, 0, 500)
        yield Train(task.training, 500, 1000)

    assert recipes.recipe(made_up(halves)) == "Train"
    assert recipes.cost(made_up(halves)) == "1 x dense"


def test_suites_that_use_a_component() -> None:
    methods, networks = suites_using("method"), suites_using("network")
    assert methods["none"] == list(builtin_suites())
    assert "penguins" not in methods["lottery-kept"]
    assert "cifar10" in networks["lenet-5"], "its quick profile has it"
    assert suites_using("dataset")["digits"] == ["starter"]
    assert suites_using("score")["magnitude"] == list(builtin_suites())
    assert set(methods) <= set(METHODS), "under our names, also where a suite has a usual one"


def test_list_has_it_all_in_json_and_fits_a_screen(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {one["name"]: one for one in bench("list", "methods", "--json").json["methods"]}
    lottery = said["lottery"]
    assert set(lottery) == {"name", "summary", "options", "recipe", "cost", "aliases", "reference", "suites"}
    assert (lottery["cost"], "mnist" in lottery["suites"]) == ("(rounds + 1) x dense", True)
    scores = {one["name"]: one for one in bench("list", "scores", "--json").json["scores"]}
    assert "starter" in scores["magnitude"]["suites"]
    assert scores["fpgm"]["suites"] == []
    monkeypatch.setattr("bench.cli.output.WIDE", 100)
    out = bench("list", "methods").out
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 100
    for words in ("recipe: Train → (Prune → Reset → Train) x rounds", "from: Frankle and Carbin, ICLR 2019"):
        assert words in out
