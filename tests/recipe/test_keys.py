"""The keys: pinned, blind to names and places, unchanged by a new option.

A pin that moves means that every stored result of that kind is lost to its users. When the numbers of a component did
change, raise its version; when nothing changed, mend the key.
"""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.recipe import (
    EVERYTHING,
    Level,
    Optimiser,
    Prune,
    Recipe,
    Reset,
    Schedule,
    Score,
    Select,
    Start,
    Train,
    Training,
    canonical,
    changed_key,
    digest,
    merged,
    start_key,
    trained_key,
)

START = Start("fingerprint", ("lenet-300-100", (1, 28, 28), 10), ("glorot-normal",), 3)
ADAM = Training(Optimiser("adam", 1.2e-3), Schedule("linear", 4600), 60)
SGD = Training(
    Optimiser("sgd", 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
    Schedule("step", 1000, warmup=10, milestones=(500, 750), gamma=0.2, final=0.01),
    128,
    "flip",
    Select("stop", 20, 5),
)
ADAMW = Training(Optimiser("adamw", 1e-3, beta1=0.8, beta2=0.99, eps=1e-6), Schedule("cosine", 100), 7)
ADADELTA = Training(Optimiser("adadelta", 1.0, rho=0.95), Schedule("constant", 100), 7, select=Select("best"))
LEVEL = Level(2, (("fc1", 0.36), ("fc2", 0.36), ("output", 0.19)))
PRUNE = Prune(LEVEL, Score("magnitude"))

PINS = {
    "start": (lambda: start_key(START), "f3bd867fdc8d03f846bb026c5f1096f611afcea3"),
    "train, adam": (lambda: trained_key("base", ADAM, 0, 4600), "98317330eaf374b4c090ac1a756c54e9e53465af"),
    "train, sgd": (lambda: trained_key("base", SGD, 100, 1000), "15486d9d727d98c6aef1b432eb1ebfb5efdfacaf"),
    "train, adamw": (lambda: trained_key("base", ADAMW, 0, 50), "a8d8a160b5662fb8ab31d7f9ce644aa7d0286e9e"),
    "train, adadelta": (lambda: trained_key("base", ADADELTA, 0, 100), "f00eb9261019c363c1d0fd6407f63632a85d0ecc"),
    "prune": (lambda: changed_key("base", PRUNE), "facf2e1b9ab817fc7a71a0ceb664d774c368dbb6"),
    "prune, every field": (
        lambda: changed_key(
            "base",
            Prune(LEVEL, Score("magnitude-at", (("step", 50),), ("version 2",), (50,)), "unit", "global"),
        ),
        "e7daa5e5530bd9b94edecd7b1e19a561aaaf7e49",
    ),
    "reset": (lambda: changed_key("base", Reset()), "a586e59f0b365fd0e245fa59cb393d9189cfab56"),
    "reset, every field": (
        lambda: changed_key("base", Reset(100, ("biases", "weights"), True)),
        "779e6035996e4daff7caeefcad331f4d0f537773",
    ),
    "recipe": (
        lambda: digest(Recipe(START, (Train(ADAM, 0, 4600), PRUNE, Reset(), Train(ADAM, 0, 4600)))),
        "d6a33a29c04c6333519cf8bce8ff83396d4b1a21",
    ),
}


@pytest.mark.parametrize("name", PINS)
def test_pinned(name: str) -> None:
    key, pin = PINS[name]
    assert key() == pin, "a key moved: stored results would not be found again"


def test_the_defaults_are_pinned() -> None:
    """A released default never changes value: keys leave it out."""
    assert vars(Optimiser("sgd", 0.1)) == {
        "kind": "sgd",
        "lr": 0.1,
        "momentum": 0.0,
        "nesterov": False,
        "weight_decay": 0.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "rho": 0.9,
        "eps": None,
    }
    assert vars(Schedule("linear", 5)) == {
        "kind": "linear",
        "length": 5,
        "warmup": 0,
        "milestones": (),
        "gamma": 0.1,
        "final": 0.0,
    }
    assert vars(Select()) == {"kind": "last", "every": 0, "patience": 0}
    assert vars(Training(ADAM.optimiser, ADAM.schedule, 60)) == vars(replace(ADAM, augmentation=None, select=Select()))
    magnitude = {"name": "magnitude", "options": (), "identity": (), "looks_at": (), "batch": 0}
    assert vars(Score("magnitude")) == magnitude
    assert (PRUNE.granularity, PRUNE.scope) == ("weight", "layer")
    assert vars(Reset()) == {
        "to": 0,
        "parts": EVERYTHING,
        "redraw": False,
        "layers": (),
        "signs": False,
        "shuffle": False,
        "rescale": False,
    }
    assert EVERYTHING == ("biases", "buffers", "clock", "optimiser", "order", "weights")


@pytest.mark.parametrize(
    "value",
    [ADAM, SGD, ADAM.optimiser, SGD.schedule, SGD.select, LEVEL, PRUNE, Score("magnitude"), Reset(), START],
    ids=lambda value: type(value).__name__,
)
def test_a_new_field_at_its_default_renames_nothing(value: object) -> None:
    """The class of a later release: the same name, one option more."""
    kind = type(value)
    grown = make_dataclass(
        kind.__name__,
        [("novelty", float, field(default=0.5)), ("more", tuple, field(default_factory=tuple))],
        bases=(kind,),
        frozen=True,
    )
    assert digest(grown(**vars(value))) == digest(value)
    assert digest(grown(**vars(value), novelty=0.6)) != digest(value)
    assert digest(grown(**vars(value), more=(1,))) != digest(value)


def test_the_index_of_a_level_is_no_part_of_a_key() -> None:
    assert changed_key("base", replace(PRUNE, level=replace(LEVEL, index=7))) == changed_key("base", PRUNE)


def test_all_else_is() -> None:
    variants = [
        PRUNE,
        replace(PRUNE, level=Level(2, LEVEL.layers[:2])),
        replace(PRUNE, level=Level(2, (*LEVEL.layers[:2], ("output", 0.2)))),
        replace(PRUNE, granularity="unit"),
        replace(PRUNE, scope="global"),
        replace(PRUNE, norms=True),
        replace(PRUNE, score=Score("random")),
        replace(PRUNE, score=Score("magnitude", identity=("version 2",))),
        replace(PRUNE, score=Score("magnitude", identity=("source abc",))),
        replace(PRUNE, score=Score("magnitude", looks_at=(3,))),
        replace(PRUNE, score=Score("magnitude", batch=60)),
        Reset(),
        Reset(1),
        Reset(redraw=True),
        Reset(redraw=True, layers=("fc1",)),
        Reset(signs=True),
        Reset(shuffle=True),
        Reset(rescale=True),
        Reset(parts=("weights",)),
    ]
    assert len({changed_key("base", step) for step in variants}) == len(variants)
    assert changed_key("other base", PRUNE) != changed_key("base", PRUNE)
    starts = [
        START,
        replace(START, seed=4),
        replace(START, data="other"),
        replace(START, network=("mlp",)),
        replace(START, initialisation=("torch",)),
    ]
    assert len({start_key(start) for start in starts}) == len(starts)


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert digest(Optimiser("sgd", 1)) == digest(Optimiser("sgd", 1.0))
    assert digest(0.1 + 0.2) != digest(0.3)
    assert digest([1, 2]) == digest((1, 2))
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert digest(-0.0) == digest(0)


def test_what_cannot_be_written_down_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be part of a key"):
        canonical(object())
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError):
            digest(number)


def test_dataclasses_of_other_names_are_other_things() -> None:
    @dataclass(frozen=True)
    class Other:
        name: str = "x"

    @dataclass(frozen=True)
    class Another:
        name: str = "x"

    assert digest(Other()) != digest(Another())


def test_neighbouring_trains_are_one() -> None:
    whole = (Train(ADAM, 0, 4600),)
    assert (
        merged((Train(ADAM, 0, 100), Train(ADAM, 100, 100), Train(ADAM, 100, 3000), Train(ADAM, 3000, 4600))) == whole
    )
    apart = (Train(ADAM, 0, 100), PRUNE, Train(ADAM, 100, 4600))
    assert merged(apart) == apart
    other = (Train(ADAM, 0, 100), Train(replace(ADAM, batch=30), 100, 4600))
    assert merged(other) == other
    assert merged((Train(ADAM, 0, 0),)) == ()


@given(cuts=st.lists(st.integers(0, 4600), max_size=6))
def test_merging_undoes_any_cut(cuts: list[int]) -> None:
    stops = [0, *sorted(cuts), 4600]
    parts = tuple(Train(ADAM, start, stop) for start, stop in pairwise(stops))
    assert merged(parts) == (Train(ADAM, 0, 4600),)


def test_a_state_at_step_0_of_a_train_is_its_base() -> None:
    assert trained_key("base", ADAM, 0, 0) == "base"
    assert trained_key("base", ADAM, 40, 40) == "base"
    keys = {trained_key("base", ADAM, start, stop) for start in range(5) for stop in range(start + 1, 6)}
    assert len(keys) == 15
