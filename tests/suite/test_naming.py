"""Components that are nothing without their first option: `{crate: photos/, size: 96}`."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.arguments import called
from bench.durations import Duration
from bench.errors import UserError
from bench.registry import Choice, Component, registry
from bench.suite import Problem, read_suite, suite_profiles
from bench.suite.choices import Registered
from bench.suite.labels import told_apart
from bench.suite.marks import Report, parse
from tests.suite.examples import CORRECT, Read, changed


def _crate(policy: object, path: str, size: int = 32, mode: Literal["colour", "grey"] = "colour") -> None:
    """A data set that is nothing without its path."""


def _sack(policy: object, path: str, size: int = 32, crate: bool = False) -> None:
    """Another, with an option that is called as the first one is."""


def _own(shape: tuple[int, ...], classes: int, path: str, name: str, weights: str | None = None) -> None:
    """A network of which the suite says where it is."""


@pytest.fixture(autouse=True)
def components() -> Iterator[None]:
    """Registered for one test; the names are nobody else's."""
    sets, networks = registry("dataset"), registry("network")
    sets.names(), networks.names()
    sets._components |= {"crate": Component("dataset", "crate", _crate), "sack": Component("dataset", "sack", _sack)}
    extra = {"called": lambda options: f"own:{options['name']}"}
    networks._components["own"] = Component("network", "own", _own, extra=extra)
    yield
    del sets._components["crate"], sets._components["sack"], networks._components["own"]


def _data(read: Read, written: str, profile: str | None = None, profiles: str = "") -> list[Choice]:
    text = changed("data: digits", f"data: {written}")
    problems: tuple[Problem, ...] = read(changed("{seeds: 1}", profiles or "{seeds: 1}", text), profile).problems
    return list(dict.fromkeys(problem.data for problem in problems))


def _line(read: Read, written: str) -> str:
    with pytest.raises(UserError) as caught:
        _data(read, written)
    (line,) = caught.value.lines
    return line


CRATE = Choice("crate", (("path", "photos/"),))
SMALL = Choice("crate", (("path", "photos/"), ("size", 96)))


@pytest.mark.parametrize(
    ("written", "choices"),
    [
        ("{crate: photos/}", [CRATE]),
        ("{crate: photos/, size: 96}", [SMALL]),
        ("{size: 96, crate: photos/}", [SMALL]),
        ("\n  crate: photos/\n  size: 96", [SMALL]),
        ("{crate: {path: photos/, size: 96}}", [SMALL]),
        ("{crate: photos/, size: 32, mode: colour}", [CRATE]),
        ("[digits, {crate: photos/, size: 96}]", [Choice("digits"), SMALL]),
        ("[{crate: photos/}, {crate: photos/, size: 96}]", [CRATE, SMALL]),
        ("{crate: photos/, size: [32, 96]}", [CRATE, SMALL]),
        ("{crate: [a, b]}", [Choice("crate", (("path", "a"),)), Choice("crate", (("path", "b"),))]),
        ("{sack: a, crate: true}", [Choice("sack", (("crate", True), ("path", "a")))]),
        ("{crate: true, sack: a}", [Choice("sack", (("crate", True), ("path", "a")))]),
    ],
)
def test_the_value_beside_the_name_is_the_first_option(read: Read, written: str, choices: list[Choice]) -> None:
    assert _data(read, written) == choices


def test_a_network_and_a_score(read: Read) -> None:
    text = changed("{mlp: {sizes: [16]}}", "{own: net.py, name: Net, weights: best.pt}")
    text = changed("score: magnitude", "score: {magnitude-at: 10}", text)
    (problem,) = read(text).problems
    assert problem.model == Choice("own", (("name", "Net"), ("path", "net.py"), ("weights", "best.pt")))
    assert problem.prune.score == Choice("magnitude-at", (("step", Duration(10, "steps")),))


def test_what_has_a_default_is_named_with_its_option(read: Read) -> None:
    """A number beside `penguins` would say nothing to a reader."""
    assert _line(read, "{penguins: 3}").startswith(
        "mine.yaml:3:18: penguins: 3 stands here; give options: {penguins: {"
    )


@pytest.mark.parametrize(
    ("written", "place", "what"),
    [
        ("{mnist: a, fmnist: b}", "3:7", "one data set has one name, here are mnist, fmnist"),
        ("{mnist: , fmnist: }", "3:7", "or a list for a grid: [{mnist: ...}, {fmnist: ...}]"),
        ("{crate: a, mnist: {}}", "3:7", "one data set has one name, here are crate, mnist"),
        ("{crate: a, path: b}", "3:18", "'path' is given already, as the value of 'crate'; keep one"),
        ("{crate: a, sise: 3}", "3:18", "unknown option 'sise' of the dataset 'crate'; did you mean 'size'?"),
        ("{crate: a, size: big}", "3:24", "size: 'big' is no whole number"),
        ("{crate: 2024}", "3:15", "path: 2024 is no text; put text that looks like something else into quotes"),
        ("{crate: ''}", "3:15", "path: '' is no text of one line"),
        ("{crate: []}", "3:15", "path: the grid is empty"),
        ("crate", "3:7", "needs the option 'path'; give it: {crate: ...}"),
        ("{crate: , size: 96}", "3:17", "'size' stands beside 'crate' and not among its options; write {crate: {size"),
        ("{crate: {path: a}, size: 96}", "3:26", "write {crate: {..., size: ...}}"),
        ("\n  mnist:\n  validation: 5", "5:3", "write {mnist: {validation: ...}}"),
        ("{craet: a, size: 96}", "3:8", "unknown dataset 'craet'; did you mean 'crate'?"),
        ("{size: 96, craet: a}", "3:18", "unknown dataset 'craet'; did you mean 'crate'?"),
        ("{craet: a}", "3:8", "unknown dataset 'craet'; did you mean 'crate'?"),
        (
            "{path: a, size: 96}",
            "3:7",
            "none of path, size is the name of a data set; write {name: ...}; these are opt",
        ),
        ("{qqq: a, www: 96}", "3:7", "none of qqq, www is the name of a data set; write {name: ...}; known are: "),
        ("[digits, {crate: a, sise: 3}]", "3:27", "did you mean 'size'?"),
    ],
)
def test_mistakes(read: Read, written: str, place: str, what: str) -> None:
    line = _line(read, written)
    assert line.startswith(f"mine.yaml:{place}: ")
    assert what in line


def test_a_network_that_needs_two_options(read: Read) -> None:
    with pytest.raises(UserError) as caught:
        read(changed("{mlp: {sizes: [16]}}", "{own: net.py}"))
    assert caught.value.lines == (
        "mine.yaml:4:8: the network 'own' needs the option 'name'; give it: {own: ..., name: ...}",
    )


@pytest.mark.parametrize(
    ("written", "profile", "choice"),
    [
        ("{crate: a, size: 96}", "{data: {size: 8}}", Choice("crate", (("path", "a"), ("size", 8)))),
        ("{crate: a, size: 96}", "{data: {crate: b}}", Choice("crate", (("path", "b"), ("size", 96)))),
        ("{crate: a}", "{data: {crate: b, size: 8}}", Choice("crate", (("path", "b"), ("size", 8)))),
        ("{crate: a, size: 96}", "{data: {sack: b, size: 8}}", Choice("sack", (("path", "b"), ("size", 8)))),
        ("{crate: a, size: 96}", "{data: digits}", Choice("digits")),
        ("{crate: a, size: 96}", "{data: {digits: {}}}", Choice("digits")),
        ("digits", "{data: {crate: a}}", Choice("crate", (("path", "a"),))),
        ("{crate: {path: a, size: 96}}", "{data: {crate: {size: 8}}}", Choice("crate", (("path", "a"), ("size", 8)))),
    ],
)
def test_a_profile_gives_the_same_choice_other_options(read: Read, written: str, profile: str, choice: Choice) -> None:
    assert _data(read, written, "quick", profile) == [choice]


@given(st.permutations(["crate: photos/", "size: 96", "mode: grey"]))
def test_the_order_of_the_keys_says_nothing(entries: list[str]) -> None:
    report = Report()
    node = parse("{" + ", ".join(entries) + "}", "mine.yaml", report)
    assert node is not None
    expected = Choice("crate", (("mode", "grey"), ("path", "photos/"), ("size", 96)))
    assert Registered().grid("dataset", node, report) == [expected]
    assert not report.mistakes


def test_without_pytorch_choices_are_taken_as_they_are_written(tmp_path: Path) -> None:
    text = changed("data: digits", "data: [{folder: photos/, size: 96}, {npz: a.npz}, digits]")
    (tmp_path / "mine.yaml").write_text(changed("{mlp: {sizes: [16]}}", "{file: net.py, name: Net}", text))
    code = (
        "import sys; from bench.suite import read_suite; suite = read_suite('mine.yaml', components=False);"
        "print([one.data.name for one in suite.problems], {one.model.name for one in suite.problems},"
        "      {'torch', 'numpy'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "['folder', 'npz', 'digits'] {'file'} set()"


def test_without_pytorch_two_names_are_still_a_mistake(read: Read) -> None:
    with pytest.raises(UserError, match="one data set has one name, here are mnist, fmnist"):
        read(changed("data: digits", "data: {mnist: {}, fmnist: {}}"), components=False)


def test_the_profiles_of_a_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(CORRECT)
    assert suite_profiles("mine.yaml") == ("full", "quick")
    assert all(read_suite("mine.yaml", profile) for profile in suite_profiles("mine.yaml"))


def test_what_results_call_a_network() -> None:
    assert called("network", Choice("mlp", (("sizes", (8,)),))) == "mlp"
    assert called("network", Choice("own", (("name", "Net"), ("path", "net.py")))) == "own:Net"


def test_choices_of_one_name_are_told_apart_by_what_differs() -> None:
    small, large = (Choice("mlp", (("bias", False), ("sizes", sizes))) for sizes in ((8,), (8, 4)))
    plain = Choice("mlp")
    assert told_apart("network", {small: "mlp"}) == {small: "mlp"}
    assert told_apart("network", {small: "mlp", large: "mlp"}) == {small: "mlp (sizes 8)", large: "mlp (sizes 8, 4)"}
    every = told_apart("network", {small: "mlp", large: "mlp", plain: "mlp"})
    assert every[small] == "mlp (sizes 8, no bias)"
    assert every[plain].endswith("bias)")
    here, there = (Choice("crate", (("path", path),)) for path in ("a/photos", "b/photos"))
    assert told_apart("dataset", {here: "crate:photos", there: "crate:photos"}) == {
        here: "crate:photos (path a/photos)",
        there: "crate:photos (path b/photos)",
    }


def test_no_two_choices_keep_one_name() -> None:
    sizes = [(), (8,), (8, 4), (4, 8)]
    options = itertools.product(sizes, (True, False), ("relu", "tanh"))
    choices = [
        Choice("mlp", (("activation", activation), ("bias", bias), ("sizes", size)))
        for size, bias, activation in options
    ]
    names = told_apart("network", dict.fromkeys(choices, "mlp"))
    assert len(set(names.values())) == len(choices)
