"""Every kind of mistake in a suite file gives a line with its place and its mend."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from bench.errors import UserError
from tests.suite.examples import CORRECT, Read, changed


class Mistake(NamedTuple):
    old: str  # of the correct file
    new: str
    place: str  # line:column
    what: str  # a part of the line that is said


_TRAINING = "  optimiser: adam\n  lr: 1e-3\n  schedule: linear\n  batch: 50\n  epochs: 4\n"
_TWO_PROBLEMS = "problems:\n  - {{data: digits, model: mlp{}}}\n  - {}\n"
_GROUND = "data: digits\nmodel: {mlp: {sizes: [16]}}\n"

MISTAKES = {
    # keys
    "unknown key": Mistake("seeds: 3", "sedes: 3", "12:1", "unknown key 'sedes'; did you mean 'seeds'?"),
    "usual name of a key": Mistake("data: digits", "dataset: digits", "3:1", "did you mean 'data'?"),
    "American spelling": Mistake(
        "  optimiser:", "  optimizer:", "6:3", "unknown key 'optimizer'; did you mean 'optimiser'?"
    ),
    "usual name in the training": Mistake("  lr:", "  learning_rate:", "7:3", "did you mean 'lr'?"),
    "underscore for a dash": Mistake(
        "  batch: 50", "  weight_decay: 0\n  batch: 50", "9:3", "did you mean 'weight-decay'?"
    ),
    "key that is like nothing": Mistake(
        "  batch: 50", "  batch: 50\n  qqqqq: 1", "10:3", "known are: augmentation, batch"
    ),
    "states that are to stay": Mistake(
        "seeds: 3", "seeds: 3\nkeep: some", "13:7", "keep: unknown choice of states 'some'; known are: all, best, last,"
    ),
    "seeds that are to have arrays": Mistake(
        "seeds: 3",
        "seeds: 3\nartifacts: some",
        "13:12",
        "artifacts: unknown choice of seeds 'some'; known are: all, first, none",
    ),
    "duplicate key": Mistake("seeds: 3", "seeds: 3\nseeds: 4", "13:1", "'seeds' is there twice, first in line 12"),
    "duplicate key inside": Mistake("{sizes: [16]}", "{sizes: [16], sizes: [8]}", "4:28", "'sizes' is there twice"),
    "missing key": Mistake("seeds: 3\n", "", "1:1", "'seeds' is missing; give their number"),
    "missing data": Mistake("data: digits\n", "", "1:1", "'data' is missing; give a data set"),
    "missing key of the training": Mistake(
        "  batch: 50\n", "", "6:3", "'batch' is missing; give the number of samples"
    ),
    "key that is a list": Mistake("seeds: 3", "? [a, b]\n: 3\nseeds: 3", "12:3", "a key is a single word"),
    "merge key": Mistake("seeds: 3", "<<: {seeds: 3}\nseeds: 3", "12:1", "unknown key '<<'"),
    # YAML
    "tab": Mistake("  lr: 1e-3", "\tlr: 1e-3", "7:1", "broken YAML: a tab; indent with spaces"),
    "indentation": Mistake("  lr: 1e-3", "   lr: 1e-3", "7:6", "broken YAML: a ':' that can not stand here"),
    "indentation too small": Mistake("  lr: 1e-3", " lr: 1e-3", "7:2", "indent what belongs together alike"),
    "open bracket": Mistake("[0.5, 0.9]", "[0.5, 0.9", "14:6", "the bracket that is opened at 13:13 is not closed"),
    "open brace": Mistake("{score: magnitude}", "{score: magnitude", "15:8", "opened at 14:8 is not closed"),
    "open quote": Mistake("title: A", "title: 'A", "1:8", "a quote is opened here and never closed"),
    "colon in text": Mistake("A correct suite", "A: correct suite", "1:9", "put text with ': ' into quotes"),
    "sign that begins no word": Mistake(
        "A correct suite", "@home", "1:8", "no word can begin with '@'; put it into quotes"
    ),
    "reference to nothing": Mistake("data: digits", "data: *digits", "3:7", "begins with '*' refers to an '&'"),
    "reference to itself": Mistake("{sizes: [16]}", "&x {sizes: *x}", "4:14", "contains itself"),
    "second document": Mistake("seeds: 3", "---\nseeds: 3", "12:1", "begins a second document"),
    "tag": Mistake("seeds: 3", "seeds: !new 3", "12:8", "the tag !new means nothing in a suite"),
    "control character": Mistake("A correct", "A \x07correct", "1:10", "0x07 can not stand in YAML"),
    "key without a colon": Mistake("seeds: 3", "seeds\nmore: 3", "13:1", "a key without a ':'"),
    # wrong types
    "text for a number": Mistake("lr: 1e-3", "lr: fast", "7:7", "lr: 'fast' is no number"),
    "number in quotes": Mistake("lr: 1e-3", "lr: '1e-3'", "7:7", "leave the quotes out"),
    "truth for a number": Mistake("lr: 1e-3", "lr: true", "7:7", "lr: true is no number"),
    "part of a sample": Mistake("batch: 50", "batch: 50.5", "9:10", "batch: 50.5 is no whole number"),
    "list for a mapping": Mistake(_TRAINING, "  - optimiser: adam\n", "6:3", "training: a list stands here; a mapping"),
    "text for a mapping": Mistake(
        "training:\n" + _TRAINING, "training: long\n", "5:11", "training: 'long' stands here"
    ),
    "mapping for a list": Mistake("[0.5, 0.9]", "{a: 1, ladder: 0.2, rounds: 2}", "13:14", "unknown key 'a'"),
    "one value for a list": Mistake("[0.5, 0.9]", "0.5", "13:13", "give a list: [0.5]"),
    "mapping for a number": Mistake("lr: 1e-3", "lr: {a: 1}", "7:7", "lr: a mapping (key: value) is no number"),
    "nothing for the rate": Mistake("lr: 1e-3", "lr:", "7:3", "lr: nothing is no number"),
    "nothing for the length": Mistake("epochs: 4", "epochs:", "10:3", "epochs: nothing is no number"),
    "nothing for a title": Mistake("A correct suite", "", "1:1", "title: nothing is no text"),
    "nothing for the score": Mistake("score: magnitude", "score: ", "14:9", "nothing is no score; give its name"),
    "nothing for the profiles": Mistake("\n  quick: {seeds: 1}", "", "19:1", "profiles: nothing stands here"),
    "nothing for a number": Mistake("batch: 50", "batch:", "9:3", "batch: nothing is no whole number"),
    "number for a title": Mistake("A correct suite", "12", "1:8", "title: 12 is no text"),
    "list for a name": Mistake("A correct suite", "[a]", "1:8", "title: a list is no text"),
    # numbers out of range
    "sparsity above 1": Mistake("[0.5, 0.9]", "[0.5, 1.2]", "13:19", "1.2 is above 1; a sparsity lies between 0 and 1"),
    "percentage without its sign": Mistake("[0.5, 0.9]", "[0.5, 90]", "13:19", "90 is above 1"),
    "sparsity 0": Mistake("[0.5, 0.9]", "[0, 0.9]", "13:14", "the method 'none' is the dense network"),
    "sparsity 1": Mistake("[0.5, 0.9]", "[0.5, 1]", "13:19", "1 would prune every weight"),
    "negative sparsity": Mistake("[0.5, 0.9]", "[-0.5, 0.9]", "13:14", "-0.5 is negative"),
    "sparsity that is no number": Mistake("[0.5, 0.9]", "[0.5, .nan]", "13:19", "nan is no finite number"),
    "sparsity in words": Mistake("[0.5, 0.9]", "[half, 0.9]", "13:14", "'half' is no number"),
    "broken percentage": Mistake("[0.5, 0.9]", "[x %, 0.9]", "13:14", "'x %' is no percentage"),
    "rate of 0": Mistake("lr: 1e-3", "lr: 0", "7:7", "lr: 0 is out of range; give a number above 0"),
    "endless rate": Mistake("lr: 1e-3", "lr: .inf", "7:7", "lr: inf is no finite number"),
    "rate of 400 digits": Mistake("lr: 1e-3", f"lr: 1{'0' * 400}", "7:7", "is no finite number"),
    "epochs without end": Mistake("epochs: 4", "epochs: 1e300", "10:11", "epochs: 1e+300 is out of range"),
    "negative decay": Mistake(
        "  batch: 50", "  weight-decay: -1\n  batch: 50", "9:17", "weight-decay: -1 is out of range"
    ),
    "batch of 0": Mistake("batch: 50", "batch: 0", "9:10", "batch: 0 is out of range; give 1 or more"),
    "no epochs": Mistake("epochs: 4", "epochs: 0", "10:11", "epochs: 0 is out of range"),
    "no seeds": Mistake("seeds: 3", "seeds: 0", "12:8", "seeds: 0 is out of range; give 1 or more"),
    "too many seeds": Mistake("seeds: 3", "seeds: 1e9", "12:8", "give 100,000 at most"),
    # grids
    "empty sparsities": Mistake("[0.5, 0.9]", "[]", "13:13", "the grid is empty"),
    "empty seeds": Mistake("seeds: 3", "seeds: []", "12:8", "seeds: the grid is empty"),
    "empty data": Mistake("data: digits", "data: []", "3:7", "the grid is empty: give at least one"),
    "no methods": Mistake(
        "  - none\n  - one-shot: {fine-tune: 1 epoch}\n  - lottery\n", "  []\n", "16:3", "methods: the grid is empty"
    ),
    "empty grid of an option": Mistake(
        "{fine-tune: 1 epoch}", "{fine-tune: []}", "17:27", "fine-tune: the grid is empty"
    ),
    "descending sparsities": Mistake("[0.5, 0.9]", "[0.9, 0.5]", "13:19", "give them in ascending order"),
    "sparsity twice": Mistake("[0.5, 0.9]", "[0.5, 50 %]", "13:19", "'50 %' is there twice"),
    "seed twice": Mistake("seeds: 3", "seeds: [1, 2, 1]", "12:15", "seeds: 1 is there twice"),
    "negative seed": Mistake("seeds: 3", "seeds: [1, -2]", "12:12", "seeds: -2 is out of range"),
    "seeds without a count": Mistake("seeds: 3", "seeds: {from: 3}", "12:8", "'count' is missing; say how many"),
    "data twice": Mistake("data: digits", "data: [digits, digits]", "3:16", "the data set 'digits' is there twice"),
    "option value twice": Mistake(
        "{fine-tune: 1 epoch}", "{fine-tune: [1 epoch, 1 epochs]}", "17:37", "'1 epochs' is in the grid twice"
    ),
    # the ladder
    "ladder without rounds": Mistake("[0.5, 0.9]", "{ladder: 0.2}", "13:13", "'rounds' is missing; say how many"),
    "rounds without a ladder": Mistake("[0.5, 0.9]", "{rounds: 2}", "13:13", "'ladder' is missing; give the share"),
    "rate of a round": Mistake("[0.5, 0.9]", "{ladder: 20, rounds: 2}", "13:22", "20 is above 1"),
    "rate of the output": Mistake(
        "[0.5, 0.9]", "{ladder: 0.2, rounds: 2, output: 1}", "13:46", "output: 1 is out of range"
    ),
    "rate of a layer": Mistake(
        "[0.5, 0.9]", "{ladder: 0.2, rounds: 2, rates: {fc1: x}}", "13:51", "fc1: 'x' is no number"
    ),
    "output's rate twice": Mistake(
        "[0.5, 0.9]",
        "{ladder: 0.2, rounds: 2, output: 0.1, rates: {output: 0.1}}",
        "13:38",
        "output's rate is given twice",
    ),
    # names
    "unknown method": Mistake("  - lottery", "  - lotery", "18:5", "unknown method 'lotery'; did you mean 'lottery'?"),
    "unknown data set": Mistake("data: digits", "data: mnits", "3:7", "unknown dataset 'mnits'; did you mean 'mnist'?"),
    "unknown network": Mistake("{mlp: {sizes: [16]}}", "lenet-300", "4:8", "did you mean 'lenet-300-100'?"),
    "unknown score": Mistake("score: magnitude", "score: magntude", "14:16", "did you mean 'magnitude'?"),
    "unknown initialisation": Mistake(
        "data: digits", "data: digits\ninitialisation: glorot", "4:17", "unknown initialisation 'glorot'; did you mean"
    ),
    "unknown optimiser": Mistake(
        "optimiser: adam", "optimiser: adm", "6:14", "unknown optimiser 'adm'; did you mean 'adam'?"
    ),
    "unknown metric": Mistake(
        "test_accuracy", "accuracy", "2:9", "unknown metric 'accuracy'; did you mean 'test_accuracy'?"
    ),
    "a filter": Mistake("{score: magnitude}", "{granularity: filter}", "14:22", "it is called 'unit' here"),
    "unknown granularity": Mistake("{score: magnitude}", "{granularity: units}", "14:22", "did you mean 'unit'?"),
    "unknown scope": Mistake("{score: magnitude}", "{scope: gobal}", "14:16", "did you mean 'global'?"),
    "unknown schedule": Mistake(
        "schedule: linear", "schedule: cosin", "8:13", "unknown key 'cosin'; did you mean 'cosine'?"
    ),
    "unknown selection": Mistake("  batch: 50", "  select: first\n  batch: 50", "9:11", "unknown key 'first'"),
    "unknown augmentation": Mistake(
        "  batch: 50", "  augmentation: blur\n  batch: 50", "9:17", "unknown augmentation 'blur'"
    ),
    "unknown loss": Mistake("  batch: 50", "  loss: hinge\n  batch: 50", "9:9", "unknown loss 'hinge'"),
    "number for a data set": Mistake("data: digits", "data: 3", "3:7", "3 is no data set; give its name"),
    "two networks in a mapping": Mistake("{mlp: {sizes: [16]}}", "{mlp: , lenet: }", "4:8", "one network has one name"),
    "list of scores": Mistake("score: magnitude", "score: [magnitude, random]", "14:16", "give one score"),
    # options
    "unknown option of a method": Mistake(
        "{fine-tune: 1 epoch}",
        "{finetune: 1 epoch}",
        "17:16",
        "unknown option 'finetune' of the method 'one-shot'; did you",
    ),
    "unknown option of a network": Mistake("{sizes: [16]}", "{size: [16]}", "4:15", "did you mean 'sizes'?"),
    "option that the network gets anyway": Mistake("{sizes: [16]}", "{classes: 3}", "4:15", "unknown option 'classes'"),
    "option of what has none": Mistake("data: digits", "data: {digits: {a: 1}}", "3:17", "it has none"),
    "wrong type of an option": Mistake(
        "{fine-tune: 1 epoch}", "{fine-tune: soon}", "17:27", "'soon' is no length of time"
    ),
    "unit of time": Mistake("{fine-tune: 1 epoch}", "{fine-tune: 1 week}", "17:27", "'week' is no unit of time"),
    "negative time": Mistake("{fine-tune: 1 epoch}", "{fine-tune: -1}", "17:27", "fine-tune: -1 is negative"),
    "truth for a time": Mistake("{fine-tune: 1 epoch}", "{fine-tune: true}", "17:27", "true is no length of time"),
    "text for a truth": Mistake("{sizes: [16]}", "{bias: yes}", "4:21", "bias: 'yes' is neither true nor false"),
    "word that is not known": Mistake("{sizes: [16]}", "{head: tahn}", "4:21", "did you mean 'tanh'?"),
    "one size for several": Mistake("{sizes: [16]}", "{sizes: 16}", "4:22", "16 stands here; give a list"),
    "wrong item of a list": Mistake("{sizes: [16]}", "{sizes: [a]}", "4:22", "'a' is no whole number"),
    "options that are no mapping": Mistake("{fine-tune: 1 epoch}", "0.5", "17:15", "give options"),
    "option that has no default": Mistake(
        "score: magnitude", "score: magnitude-at", "14:16", "needs the option 'step'"
    ),
    "pruning of what does not prune": Mistake(
        "  - none", "  - none: {score: random}", "16:12", "'none' prunes nothing"
    ),
    "score of what prunes by chance": Mistake(
        "  - none", "  - rigl: {score: snip}", "16:12", "'rigl' prunes by chance; leave 'score' out"
    ),
    "score of a whole network": Mistake(
        "  - none", "  - equal-size: {score: random}", "16:18", "'equal-size' prunes nothing; leave 'score' out"
    ),
    "sizes where only the cost counts": Mistake(
        "  - none", "  - dense-longer: {exclude: [output]}", "16:20", "'dense-longer' prunes nothing"
    ),
    "student that is no network": Mistake(
        "  - none", "  - distil-into: {network: lenet-300-10}", "16:28", "did you mean 'lenet-300-100'?"
    ),
    "mistake in a student": Mistake(
        "  - none", "  - distil-into: {network: {mlp: {sizes: [0.5]}}}", "16:42", "0.5 is no whole number"
    ),
    "student without a network": Mistake(
        "  - none", "  - distil-into", "16:5", "the method 'distil-into' needs the option 'network'"
    ),
    "label twice": Mistake("  - lottery", "  - lottery\n  - lottery", "19:5", "called 'lottery', the first in line 18"),
    "label too long": Mistake("  - lottery", f"  - lottery: {{label: {'x' * 61}}}", "18:22", "a label has 60 at most"),
    "empty label": Mistake("  - lottery", "  - lottery: {label: ''}", "18:22", "label: '' is no text of one line"),
    "empty entry": Mistake("  - lottery", "  -", "18:4", "nothing is no method"),
    "layer excluded twice": Mistake("{score: magnitude}", "{exclude: [fc1, fc1]}", "14:18", "a layer is there twice"),
    "negative factor": Mistake("{score: magnitude}", "{rates: {fc1: -1}}", "14:22", "fc1: -1 is out of range"),
    "negative floor": Mistake("{score: magnitude}", "{floor: -1}", "14:16", "floor: -1 is negative"),
    "floor of all": Mistake("{score: magnitude}", "{floor: 100 %}", "14:16", "neither a share below 1 nor a whole"),
    "part of a granule": Mistake("{score: magnitude}", "{floor: 1.5}", "14:16", "write such as 1 or '0.5 %'"),
    # the training
    "epochs and steps": Mistake(
        "  epochs: 4", "  epochs: 4\n  steps: 9", "11:3", "both 'epochs' and 'steps' are given"
    ),
    "no length": Mistake("  epochs: 4\n", "", "6:3", "'epochs' is missing"),
    "momentum for adam": Mistake(
        "  batch: 50", "  momentum: 0.9\n  batch: 50", "9:3", "'momentum' belongs to sgd, not to adam"
    ),
    "betas for sgd": Mistake("adam\n", "sgd\n  betas: [0.9, 0.99]\n", "7:3", "'betas' belongs to adam and adamw"),
    "three betas": Mistake("adam\n", "adam\n  betas: [0.9, 0.9, 0.9]\n", "7:10", "betas: 3 values stand here"),
    "no rate": Mistake("  lr: 1e-3\n", "", "6:3", "'lr' is missing"),
    "nesterov without momentum": Mistake("adam\n", "sgd\n  nesterov: true\n", "7:3", "'nesterov' needs a momentum"),
    "moments for linear": Mistake(
        "linear", "{linear: {at: [10 %]}}", "8:23", "unknown key 'at'; known are: final, warmup"
    ),
    "steps without moments": Mistake("linear", "step", "8:13", "'at' is missing; give its moments"),
    "no moments": Mistake("linear", "{step: {at: []}}", "8:25", "at: 0 values stand here; give at least 1"),
    "moments out of order": Mistake("linear", "{step: {at: [75 %, 50 %]}}", "8:32", "50 % does not come after 75 %"),
    "moment after the end": Mistake("linear", "{step: {at: [9 epochs]}}", "8:26", "later than the end of the training"),
    "two schedules": Mistake("linear", "{step: {at: [1]}, cosine: {}}", "8:13", "give exactly one"),
    "patience that is missing": Mistake("  batch: 50", "  select: stop\n  batch: 50", "9:11", "'patience' is missing"),
    # problems and profiles
    "problems that are no list": Mistake(
        _GROUND, "problems: digits\n", "3:11", "problems: 'digits' stands here; give a list"
    ),
    "no problems": Mistake(_GROUND, "problems: []\n", "3:11", "problems: the grid is empty"),
    "problem that is no mapping": Mistake(
        _GROUND, _TWO_PROBLEMS.format("", "mnist"), "5:5", "problems: 'mnist' stands here"
    ),
    "problem twice": Mistake(_GROUND, _TWO_PROBLEMS.format("", "{data: digits, model: mlp}"), "5:5", "first in line 4"),
    "problem without a network": Mistake(
        _GROUND, _TWO_PROBLEMS.format("", "{data: mnist}"), "5:5", "'model' is missing"
    ),
    "title in a problem": Mistake(
        _GROUND, _TWO_PROBLEMS.format(", title: A", "{data: mnist, model: mlp}"), "4:32", "top level"
    ),
    "unknown key in a profile": Mistake(
        "{seeds: 1}", "{seed: 1}", "20:11", "unknown key 'seed'; did you mean 'seeds'?"
    ),
    "wrong value in a profile": Mistake("{seeds: 1}", "{training: {lr: x}}", "20:26", "lr: 'x' is no number"),
    "empty profile": Mistake("{seeds: 1}", "", "20:3", "the profile 'quick' holds nothing"),
    "profile of a reserved name": Mistake("quick:", "full:", "20:3", "give this one another name"),
    "profile in a profile": Mistake(
        "{seeds: 1}", "{profiles: {a: {seeds: 1}}}", "20:11", "a profile can not have profiles"
    ),
    "profiles that are a list": Mistake("  quick: {seeds: 1}", "  - quick", "20:3", "profiles: a list stands here"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_has_its_place_and_mend(read: Read, kind: str) -> None:
    mistake = MISTAKES[kind]
    with pytest.raises(UserError) as caught:
        read(changed(mistake.old, mistake.new))
    lines = caught.value.lines
    assert any(line.startswith(f"mine.yaml:{mistake.place}: ") and mistake.what in line for line in lines), lines
    assert all(re.match(r"mine\.yaml:\d+:\d+: ", line) and "\n" not in line for line in lines)
    assert len(lines) <= 2, lines  # the mistake, and at most one that follows from it


def test_there_are_enough_kinds() -> None:
    assert len(MISTAKES) >= 40


def test_the_file_without_mistakes_is_read(read: Read) -> None:
    assert read(CORRECT).notes == ()
    assert read(CORRECT, "quick").problems[0].seeds == (0,)


def test_all_mistakes_are_said_at_once_and_in_order(read: Read) -> None:
    text = changed("lr: 1e-3", "lr: -1\n  momentum: 0.9\n  epocs: 3")
    for old, new in [
        ("[0.5, 0.9]", "[1.2, 0.9, 0]"),
        ("  - lottery", "  - lotery"),
        ("seeds: 3", "seeds: 3\nseeds: 4"),
    ]:
        text = changed(old, new, text)
    with pytest.raises(UserError) as caught:
        read(text)
    places = [tuple(int(part) for part in line.split(":")[1:3]) for line in caught.value.lines]
    assert places == [(7, 7), (8, 3), (9, 3), (15, 1), (16, 14), (16, 24), (21, 5)]


def test_what_several_problems_share_is_said_once(read: Read) -> None:
    ground = _TWO_PROBLEMS.format("", "{data: penguins, model: mlp}")
    with pytest.raises(UserError) as caught:
        read(changed("lr: 1e-3", "lr: -1", changed(_GROUND, ground)))
    assert len(caught.value.lines) == 1


# References to lists of references: a few lines that stand for 100,000 values.
_REFERENCES = b"".join(b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 10)) for c in b"bcdef")


@pytest.mark.parametrize(
    ("raw", "place", "what"),
    [
        (b"", "1:1", "the file is empty"),
        (b"# nothing but a comment\n", "1:1", "the file is empty"),
        (b"- data: mnist\n- model: mlp\n", "1:1", "a list stands here; a suite is a mapping"),
        (b"mnist", "1:1", "'mnist' stands here; a suite is a mapping"),
        (b"title: caf\xe9\n", "1:11", "the byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (b"{}", "1:1", "'data' is missing"),
        (b"[" * 5000, "1:1", "too deeply"),
        (b"a: " + b"[" * 60 + b"]" * 60, "1:54", "too deeply"),
        (b"a: &a [x, x, x, x, x, x, x, x, x, x]\n" + _REFERENCES, "1:1", "stands for more than 20,000 values"),
    ],
)
def test_files_that_hold_no_suite(read: Read, raw: bytes, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        read(raw)
    assert any(line.startswith(f"mine.yaml:{place}: ") and what in line for line in caught.value.lines), caught.value
