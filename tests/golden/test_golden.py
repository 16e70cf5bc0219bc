"""One small run a method and a score, with pinned results: whatever alters a number is noticed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.durations import Duration
from bench.recipe import Optimiser
from bench.registry import Choice, registry
from bench.suite.values import MethodSpec, PruneSpec, SelectSpec, SparsitySpec
from tests.plan.grids import method, plan, steps
from tests.run.crews import results, run

PINS = Path(__file__).with_name("pins.json")
TOLERANCE = 1e-6  # of a loss; other processors sum in another order
LEVELS = SparsitySpec(targets=(0.4, 0.8))

METHODS = {
    "none": method("none"),
    "distil": method("distil"),
    "distil, cooler": method("distil", "distil, cooler", alpha=0.5, temperature=1.0),
    "another-network": method("another-network", network=Choice("mlp", (("sizes", (5,)),))),
    "distil-into": method("distil-into", network=Choice("mlp", (("sizes", (5,)),))),
    "distil-into, for half as long": method(
        *("distil-into", "distil-into, for half as long"),
        network=Choice("mlp", (("sizes", (5,)),)),
        length=Duration(0.5, "share"),
        rate=3.0,
    ),
    "distil-pruned": method("distil-pruned", fine_tune=steps(20)),
    "equal-size": method("equal-size"),
    "dense-longer": method("dense-longer"),
    "one-shot-longer": method("one-shot-longer"),
    "one-shot": method("one-shot"),
    "one-shot, fine-tuned": method("one-shot", "one-shot, fine-tuned", fine_tune=steps(20)),
    "lottery": method("lottery"),
    "lottery, rewound to step 10": method("lottery", "lottery, rewound to step 10", rewind=steps(10)),
    "lottery, its optimiser carried": method("lottery", "lottery, its optimiser carried", optimiser="carried"),
    "lottery-redrawn": method("lottery-redrawn"),
    "lottery-redrawn, one layer": method("lottery-redrawn", "lottery-redrawn, one layer", layers=("fc1",)),
    "lottery-shuffled": method("lottery-shuffled"),
    "lottery-signs": method("lottery-signs"),
    "supermask": method("supermask"),
    "supermask, rescaled": method("supermask", "supermask, rescaled", signs=True, rescale=True),
    "one-shot-rewound": method("one-shot-rewound"),
    "iterative": method("iterative"),
    "at-init": method("at-init"),
    "lottery-kept": method("lottery-kept"),
    "dynamic-drawn": method("dynamic-drawn", count=3),
    "dynamic-rounds": method("dynamic-rounds", every=Duration(0.1, "share")),
    "dynamic-retrained": method("dynamic-retrained", every=Duration(0.1, "share")),
    "dynamic-retrained, one layer": method(
        "dynamic-retrained", "dynamic-retrained, one layer", every=steps(6), weights="redrawn", layers=("fc1",)
    ),
    "dynamic-retrained, kept": method("dynamic-retrained", "dynamic-retrained, kept", every=steps(6), weights="kept"),
    "gradual": method("gradual"),
    "set": method("set", every=steps(7)),
    "rigl": method("rigl", every=steps(7)),
    "rigl, at a constant pace": method(
        "rigl", "rigl, at a constant pace", every=steps(5), decay="constant", fraction=0.5
    ),
    "dynamic": method("dynamic", at=(Duration(0.25, "share"), Duration(0.5, "share"))),
}
SCORES = {
    "magnitude": PruneSpec(),
    "random": PruneSpec(score=Choice("random")),
    "large-final": PruneSpec(score=Choice("large-final")),
    "large-init": PruneSpec(score=Choice("large-init")),
    "magnitude-at": PruneSpec(score=Choice("magnitude-at", (("step", steps(10)),))),
    "small-final": PruneSpec(score=Choice("small-final")),
    "small-init": PruneSpec(score=Choice("small-init")),
    "large-init-large-final": PruneSpec(score=Choice("large-init-large-final")),
    "small-init-small-final": PruneSpec(score=Choice("small-init-small-final")),
    "magnitude-increase": PruneSpec(score=Choice("magnitude-increase")),
    "movement": PruneSpec(score=Choice("movement")),
    "large-final, same sign": PruneSpec(score=Choice("large-final", (("sign", "same"),))),
    "lamp": PruneSpec(score=Choice("lamp"), scope="global"),
    "norm-l1": PruneSpec(score=Choice("norm-l1"), granularity="unit", exclude=("output",)),
    "fpgm": PruneSpec(score=Choice("fpgm"), granularity="unit", exclude=("output",)),
    "inverted": PruneSpec(score=Choice("inverted", (("of", "magnitude"),))),
    "taylor": PruneSpec(score=Choice("taylor")),
    "taylor-squared": PruneSpec(score=Choice("taylor-squared")),
    "snip": PruneSpec(score=Choice("snip")),
    "grasp": PruneSpec(score=Choice("grasp")),
    "fisher": PruneSpec(score=Choice("fisher")),
    "synflow": PruneSpec(score=Choice("synflow", (("rounds", 5),))),
    "activation": PruneSpec(score=Choice("activation"), granularity="unit", exclude=("output",)),
    "magnitude, blocks": PruneSpec(granularity="2x3"),
    "magnitude, global": PruneSpec(scope="global"),
    "magnitude, global with a floor": PruneSpec(scope="global", floor=0.18),
    "magnitude, uniform": PruneSpec(scope="uniform", rates=(("output", 0.5),)),
    "magnitude, erk": PruneSpec(scope="erk"),
    "magnitude, units": PruneSpec(granularity="unit", exclude=("output",)),
    "magnitude, inputs": PruneSpec(granularity="input"),
    "magnitude, channels": PruneSpec(granularity="channel", exclude=("output",)),
}
TRAINERS = {
    "sgd": {"optimiser": Optimiser("sgd", 0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)},
    "adamw": {"optimiser": Optimiser("adamw", 1e-2, weight_decay=1e-2)},
    "adadelta": {"optimiser": Optimiser("adadelta", 1.0)},
    "best": {"select": SelectSpec("best", steps(7))},
    "stop": {"optimiser": Optimiser("adam", 0.1), "select": SelectSpec("stop", steps(3), 2)},
}


def measured(folder: Path, *methods: MethodSpec, **settings: object) -> dict[str, dict[str, float]]:
    """Two losses and a count for each run."""
    run(plan(methods, LEVELS, seeds=(0,), length=60, **settings), folder)
    return {
        f"{row['method']} at level {row['level']}": {
            name: row[name] for name in ("test_loss", "validation_loss", "weights_kept")
        }
        for row in results(folder)
    }


def everything(folder: Path) -> Iterator[tuple[str, str, dict[str, dict[str, float]]]]:
    """What was run, whose numbers these are, and the numbers."""
    found = measured(folder / "methods", *METHODS.values())
    for label, spec in METHODS.items():
        own = {name: values for name, values in found.items() if name.rsplit(" at level", 1)[0] == spec.label}
        yield f"method {label}", f"the method {spec.name!r}, or of the trainer (RESULTS_VERSION)", own
    specs = [method("lottery", label, prune) for label, prune in SCORES.items()]
    found = measured(folder / "scores", *specs)
    for label, prune in SCORES.items():
        own = {name: values for name, values in found.items() if name.rsplit(" at level", 1)[0] == label}
        yield f"score {label}", f"the score {prune.score.name!r}, or of the trainer (RESULTS_VERSION)", own
    for label, settings in TRAINERS.items():
        own = measured(folder / label, METHODS["lottery"], **settings)
        yield f"trainer {label}", "the trainer (RESULTS_VERSION)", own


def test_the_numbers_are_those_that_are_stored(tmp_path: Path) -> None:
    found = list(everything(tmp_path))
    if os.environ.get("WRITE_PINS"):  # after a change that is wanted
        PINS.write_text(json.dumps({name: own for name, _, own in found}, indent=1, sort_keys=True) + "\n")
    pins = json.loads(PINS.read_text())
    assert pins.keys() == {name for name, _, _ in found}
    moved = []
    for name, whose, own in found:
        assert own, name
        for place, values in own.items():
            for quantity, value in values.items():
                if value != pytest.approx(pins[name][place][quantity], rel=TOLERANCE):
                    expected = pins[name][place][quantity]
                    moved.append(
                        f"{name}, {place}: {quantity} is {value!r} and was {expected!r}: "
                        f"raise the results version of {whose} and say why in CHANGELOG.md"
                    )
    assert not moved, "\n" + "\n".join(moved)


@pytest.mark.parametrize("kind", ["method", "score"])
def test_every_one_of_ours_has_a_golden_run(kind: str) -> None:
    ours = {name for name in registry(kind).names() if registry(kind).get(name).make.__module__.startswith("bench.")}
    covered = (
        {spec.name for spec in METHODS.values()} if kind == "method" else {spec.score.name for spec in SCORES.values()}
    )
    batch_norm = {"norm-scale"}  # which the penguins' network has not; tests/pruning has numbers of it
    assert ours - batch_norm == covered, f"give each {kind} a golden run"
