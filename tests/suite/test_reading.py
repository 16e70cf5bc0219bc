"""What a correct suite file is read as."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.recipe import Optimiser
from bench.suite import (
    Choice,
    Duration,
    PruneSpec,
    SelectSpec,
    SparsitySpec,
    Suite,
    TrainingSpec,
    builtin_suites,
    read_suite,
)
from tests.suite.examples import CORRECT, Read, changed

_GROUND = "data: digits\nmodel: {mlp: {sizes: [16]}}\n"


def _labels(suite: Suite) -> list[str]:
    return [method.label for method in suite.problems[0].methods]


def _training(read: Read, old: str, new: str) -> TrainingSpec:
    return read(changed(old, new)).problems[0].training


def test_a_whole_suite(read: Read) -> None:
    suite = read(CORRECT)
    assert (suite.name, suite.title, suite.profile) == ("mine", "A correct suite", "full")
    assert (suite.metric, suite.text, suite.notes) == ("test_accuracy", CORRECT, ())
    (problem,) = suite.problems
    assert problem.data == Choice("digits")
    assert problem.model == Choice("mlp", (("sizes", (16,)),))
    assert problem.initialisation == Choice("torch")
    assert problem.training == TrainingSpec(Optimiser("adam", 1e-3), 50, Duration(4, "epochs"), "linear")
    assert problem.seeds == (0, 1, 2)
    assert problem.sparsities == SparsitySpec(targets=(0.5, 0.9))
    assert _labels(suite) == ["none", "one-shot (fine-tune 1 epoch)", "lottery"]
    assert problem.methods[1].options == (("fine-tune", Duration(1, "epochs")),)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("4", (0, 1, 2, 3)),
        ("[3, 5]", (3, 5)),
        ("{from: 100, count: 3}", (100, 101, 102)),
    ],
)
def test_seeds(read: Read, written: str, expected: tuple[int, ...]) -> None:
    assert read(changed("seeds: 3", f"seeds: {written}")).problems[0].seeds == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[50 %, 0.9]", SparsitySpec((0.5, 0.9))),
        ("{ladder: 20 %, rounds: 3}", SparsitySpec(rate=0.2, rounds=3)),
        (
            "{ladder: 0.2, rounds: 3, rates: {linear: 0.3}, output: 0.1}",
            SparsitySpec(rate=0.2, rounds=3, rates=(("linear", 0.3), ("output", 0.1))),
        ),
    ],
)
def test_sparsities(read: Read, written: str, expected: SparsitySpec) -> None:
    assert read(changed("[0.5, 0.9]", written)).problems[0].sparsities == expected


def test_schedules(read: Read) -> None:
    step = _training(read, "schedule: linear", "schedule: {step: {at: [50 %, 75 %], gamma: 0.2}}")
    assert (step.schedule, step.gamma) == ("step", 0.2)
    assert step.milestones == (Duration(0.5, "share"), Duration(0.75, "share"))
    cosine = _training(read, "schedule: linear", "schedule: {cosine: {warmup: 10 steps, final: 1 %}}")
    assert (cosine.schedule, cosine.warmup, cosine.final) == ("cosine", Duration(10, "steps"), 0.01)
    assert _training(read, "  schedule: linear\n", "").schedule == "constant"
    assert _training(read, "schedule: linear", "schedule: {cosine: }").schedule == "cosine"


def test_optimisers(read: Read) -> None:
    sgd = _training(read, "adam\n", "sgd\n  momentum: 0.9\n  nesterov: true\n  weight-decay: 5e-4\n")
    assert sgd.optimiser == Optimiser("sgd", 1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
    adamw = _training(read, "adam\n", "adamw\n  betas: [0.8, 0.9]\n  eps: 1e-6\n")
    assert adamw.optimiser == Optimiser("adamw", 1e-3, beta1=0.8, beta2=0.9, eps=1e-6)
    assert _training(read, "adam\n  lr: 1e-3", "adadelta").optimiser == Optimiser("adadelta", 1.0)


def test_lengths_and_selections(read: Read) -> None:
    assert _training(read, "epochs: 4", "steps: 50_000").length == Duration(50_000, "steps")
    assert _training(read, "  batch", "  select: best\n  batch").select == SelectSpec("best")
    every = _training(read, "  batch", "  select: {best: {every: 100 steps}}\n  batch").select
    assert every == SelectSpec("best", Duration(100, "steps"))
    stop = _training(read, "  batch", "  select: {stop: {patience: 10, every: 1 epoch}}\n  batch").select
    assert stop == SelectSpec("stop", Duration(1, "epochs"), 10)


def test_prune_and_what_a_method_overrides(read: Read) -> None:
    text = changed("{score: magnitude}", "{granularity: unit, exclude: output, rates: {fc1: 0.5}}")
    suite = read(changed("  - lottery", "  - lottery: {score: random, exclude: []}", text))
    prune = PruneSpec(granularity="unit", exclude=("output",), rates=(("fc1", 0.5),))
    methods = suite.problems[0].methods
    assert methods[1].prune == suite.problems[0].prune == prune
    assert methods[2].prune == PruneSpec(Choice("random"), "unit", rates=(("fc1", 0.5),))
    assert methods[2].label == "lottery (score random, nothing excluded)"


def test_grids_of_methods(read: Read) -> None:
    entry = "one-shot: {fine-tune: [0, 1 epoch], score: [magnitude, random]}"
    assert _labels(read(changed("one-shot: {fine-tune: 1 epoch}", entry)))[1:-1] == [
        "one-shot",
        "one-shot (score random)",
        "one-shot (fine-tune 1 epoch)",
        "one-shot (fine-tune 1 epoch, score random)",
    ]


def test_what_prunes_by_chance_is_told_by_its_own_score_and_not_by_the_problems(read: Read) -> None:
    suite = read(changed("  - lottery", "  - lottery\n  - set\n  - rigl: {scope: global, every: 5}"))
    *_, lottery, by_chance, rigl = suite.problems[0].methods
    assert [one.prune.score for one in (lottery, by_chance, rigl)] == [
        Choice("magnitude"),
        Choice("random"),
        Choice("random"),
    ]
    assert [by_chance.label, rigl.label] == ["set", "rigl (every 5 steps, scope global)"]


def test_labels(read: Read) -> None:
    suite = read(changed("  - lottery", "  - lottery: {label: ticket}"))
    assert _labels(suite)[-1] == "ticket"
    suite = read(changed("  - lottery", "  - lottery: {rewind: [0, 100 steps], label: ticket}"))
    assert _labels(suite)[-2:] == ["ticket (rewind 0 steps)", "ticket (rewind 100 steps)"]


def test_an_option_that_takes_a_list(read: Read) -> None:
    one = read(changed("  - lottery", "  - dynamic: {at: [1/4, 1/2, 3/4]}")).problems[0].methods[-1]
    assert one.options == (("at", (Duration(0.25, "share"), Duration(0.5, "share"), Duration(0.75, "share"))),)
    assert one.label == "dynamic (at 25 %, 50 %, 75 %)"
    grid = _labels(read(changed("  - lottery", "  - dynamic: {at: [[1/3, 2/3], [50 %]]}")))
    assert grid[-2:] == ["dynamic", "dynamic (at 50 %)"]


def test_grids_of_data_and_networks(read: Read) -> None:
    text = changed("data: digits", "data: [digits, {penguins: {split: published}}]")
    suite = read(changed("{mlp: {sizes: [16]}}", "[{mlp: {sizes: [[16], [8, 8]]}}, penguin-net]", text))
    assert [(problem.data.name, problem.model.name) for problem in suite.problems] == [
        ("digits", "mlp"),
        ("digits", "mlp"),
        ("digits", "penguin-net"),
        ("penguins", "mlp"),
        ("penguins", "mlp"),
        ("penguins", "penguin-net"),
    ]
    assert suite.problems[3].data.options == (("split", "published"),)
    assert suite.problems[1].model.options == (("sizes", (8, 8)),)


def test_problems_override_what_they_share(read: Read) -> None:
    problems = (
        "problems:\n"
        "  - {data: digits, model: mlp}\n"
        "  - {data: penguins, model: penguin-net, training: {steps: 100, schedule: cosine}, seeds: 2}\n"
    )
    first, second = read(changed(_GROUND, problems)).problems
    assert (first.training.length, first.training.schedule) == (Duration(4, "epochs"), "linear")
    assert (second.training.length, second.training.schedule) == (Duration(100, "steps"), "cosine")
    assert second.training.optimiser == first.training.optimiser
    assert (len(first.seeds), len(second.seeds)) == (3, 2)


def test_a_profile_has_the_last_word(read: Read) -> None:
    problems = "problems:\n  - {data: digits, model: mlp, training: {epochs: 9}, seeds: 7}\n"
    quick = "{title: In brief, seeds: 1, training: {steps: 10}, sparsities: [0.3]}"
    text = changed("{seeds: 1}", quick, changed(_GROUND, problems))
    suite = read(text, "quick")
    (problem,) = suite.problems
    assert (suite.profile, suite.title, problem.seeds) == ("quick", "In brief", (0,))
    assert problem.training.length == Duration(10, "steps")
    assert problem.training.optimiser.lr == 1e-3
    assert problem.sparsities.targets == (0.3,)
    assert read(text).problems[0].seeds == tuple(range(7))


def test_a_profile_may_change_a_ladder_or_choose_otherwise(read: Read) -> None:
    text = changed("[0.5, 0.9]", "{ladder: 0.2, rounds: 20, output: 0.1}")
    text = changed("{seeds: 1}", "{sparsities: {rounds: 2}, model: penguin-net}", text)
    (problem,) = read(text, "quick").problems
    assert problem.sparsities == SparsitySpec(rate=0.2, rounds=2, rates=(("output", 0.1),))
    assert problem.model == Choice("penguin-net")


def test_an_unknown_profile(read: Read) -> None:
    with pytest.raises(UserError, match=r"mine.yaml:19:1: unknown profile 'quik'; did you mean 'quick'\?"):
        read(CORRECT, "quik")


def test_overrides(read: Read) -> None:
    suite = read(CORRECT, "quick", overrides={"seeds": 2, "training": {"epochs": 1}})
    assert suite.problems[0].seeds == (0, 1)
    assert suite.problems[0].training.length == Duration(1, "epochs")
    with pytest.raises(UserError) as caught:
        read(CORRECT, overrides={"seeds": "many"})
    assert caught.value.lines == ("override seeds: seeds: 'many' is no whole number; write one such as 10",)


def test_usual_names_are_told_what_we_call_them(read: Read) -> None:
    text = changed("  - lottery\n", "  - imp\n", changed("one-shot:", "omp:"))
    suite = read(changed("data: digits", "data: digits\ninitialisation: xavier-normal", text))
    assert [method.name for method in suite.problems[0].methods] == ["none", "one-shot", "lottery"]
    assert suite.problems[0].initialisation == Choice("glorot-normal")
    assert suite.notes == (
        "mine.yaml:4:17: 'xavier-normal' is called 'glorot-normal' here",
        "mine.yaml:18:5: 'omp' is called 'one-shot' here",
        "mine.yaml:19:5: 'imp' is called 'lottery' here",
    )


def test_settings_say_every_default_and_are_ready_for_json(read: Read) -> None:
    settings = json.loads(json.dumps(read(CORRECT).settings, allow_nan=False))
    (problem,) = settings["problems"]
    assert problem["model"] == {
        "name": "mlp",
        "options": {"activation": "relu", "bias": True, "head": "logits", "sizes": [16]},
    }
    assert problem["training"]["optimiser"]["beta2"] == 0.999
    assert problem["methods"][2]["options"] == {"rewind": "0 steps", "optimiser": "fresh", "rounds": None}
    assert problem["methods"][1]["prune"]["score"] == {"name": "magnitude", "options": {}}


def test_a_suite_is_found_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_suite("penguins").name == "penguins"
    assert read_suite(builtin_suites()["penguins"]).hash == read_suite("penguins").hash
    (tmp_path / "own.yaml").write_text(CORRECT, encoding="utf-8-sig", newline="\r\n")
    assert read_suite("own.yaml").name == read_suite(tmp_path / "own.yaml").name == "own"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("pengiuns", "unknown suite 'pengiuns'; did you mean 'penguins'?"),
        ("mine/mnits.yaml", "mine/mnits.yaml: no such suite file; did you mean 'mnist'?"),
        ("strater.yaml", "strater.yaml: no such suite file; did you mean 'starter'?"),
        (".", "this is a folder; give a suite file, or a name: "),
    ],
)
def test_a_suite_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, what: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        read_suite(name)
    assert len(caught.value.lines) == 1
    assert what in caught.value.lines[0]


def test_without_components_pytorch_stays_out() -> None:
    code = (
        "import sys; from bench.suite import read_suite; suite = read_suite('mnist', 'quick', components=False);"
        "assert suite.problems[0].model.name == 'lenet-300-100' and not suite.hash;"
        "assert not {'torch', 'numpy', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_reading_is_quick() -> None:
    read_suite("mnist")
    took = []
    for _ in range(3):
        start = time.perf_counter()
        read_suite("mnist")
        took.append(time.perf_counter() - start)
    assert min(took) < 0.15


@pytest.mark.parametrize("profile", [None, "quick"])
@pytest.mark.parametrize("name", ["starter", "penguins", "mnist", "fmnist"])
def test_the_suites_that_come_with_it(name: str, profile: str | None) -> None:
    suite = read_suite(name, profile)
    assert suite.notes == ()
    assert suite.text.startswith("# ")
    for problem in suite.problems:
        assert {"none", "one-shot", "lottery", "dynamic"} <= {method.name for method in problem.methods}


def test_the_published_penguin_level_is_there() -> None:
    (problem,) = read_suite("penguins").problems
    assert len(problem.seeds) == 100
    assert len(problem.sparsities.targets) >= 8
    assert problem.sparsities.targets[0] == pytest.approx(1 - 0.83**2, abs=1e-9)
    assert (problem.prune.scope, read_suite("penguins").metric) == ("global", "test_loss")
