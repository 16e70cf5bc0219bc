"""The hash of a suite: the same for the same content however it is written, another for another content."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bench.errors import UserError
from bench.suite.choices import Registered
from bench.suite.identity import content_hash
from bench.suite.marks import Report, from_python, parse
from bench.suite.profiles import read_profiles
from tests.suite.examples import CORRECT, Read, changed

_CONTENT: dict[str, Any] = YAML(typ="safe", pure=True).load(CORRECT)


def _hash(text: str) -> str:
    report = Report()
    root = parse(text, "mine.yaml", report)
    assert root is not None
    whole = read_profiles(root, from_python({}, "override"), Registered(), report)["full"]
    assert not report.mistakes
    return content_hash(whole.problems, whole.head.metric, whole.head.stage)


def _shuffled(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict):
        order = draw(st.permutations(list(value)))
        return {key: _shuffled(draw, value[key]) for key in order}
    return [_shuffled(draw, one) for one in value] if isinstance(value, list) else value


@st.composite
def _written_otherwise(draw: st.DrawFn) -> str:
    """The correct suite, its keys in another order, in another style, with comments."""
    yaml = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False
    yaml.default_flow_style = draw(st.sampled_from([True, False, None]))
    yaml.indent = draw(st.integers(2, 8))
    stream = io.StringIO()
    yaml.dump(_shuffled(draw, _CONTENT), stream)
    comment = draw(st.text(st.characters(categories=["L", "N", "Zs"]), max_size=20))
    return f"# {comment}\n{stream.getvalue()}\n# {comment}\n"


@given(_written_otherwise())
@settings(max_examples=40, deadline=None)
def test_writing_it_otherwise_changes_nothing(text: str) -> None:
    assert _hash(text) == _hash(CORRECT)


SAME = {
    "title": ("title: A correct suite", "title: Another title"),
    "metric at its default": ("metric: test_accuracy\n", ""),
    "initialisation at its default": ("data: digits", "data: digits\ninitialisation: torch"),
    "option at its default": ("[16]", "[16], bias: true, head: logits"),
    "option of a method at its default": ("  - lottery", "  - lottery: {rewind: 0 epochs}"),
    "empty options": ("  - lottery", "  - lottery: {}"),
    "usual name": ("  - lottery", "  - imp"),
    "label that it has anyway": ("  - lottery", "  - lottery: {label: lottery}"),
    "prune at its default": ("prune: {score: magnitude}\n", ""),
    "prune written out": (
        "{score: magnitude}",
        "{scope: layer, granularity: weight, exclude: [], rates: {}, floor: 0}",
    ),
    "score that the problem has anyway": ("  - lottery", "  - lottery: {score: magnitude}"),
    "optimiser at its default": ("adam\n", "adam\n  betas: [0.9, 0.999]\n  weight-decay: 0\n"),
    "selection at its default": (
        "  batch: 50",
        "  select: last\n  augmentation: none\n  loss: cross-entropy\n  batch: 50",
    ),
    "schedule as a table": ("linear", "{linear: {warmup: 0 epochs, final: 0}}"),
    "number in another form": ("1e-3", "0.001"),
    "percentage": ("[0.5, 0.9]", "[50 %, 90 %]"),
    "length in another form": ("1 epoch}", "1.0 epochs}"),
    "seeds as a list": ("seeds: 3", "seeds: [0, 1, 2]"),
    "seeds as a range": ("seeds: 3", "seeds: {from: 0, count: 3}"),
    "a list of one data set": ("data: digits", "data: [digits]"),
    "which states stay": ("seeds: 3", "seeds: 3\nkeep: none"),
    "which seeds have arrays": ("seeds: 3", "seeds: 3\nartifacts: all"),
    "stage at its default": ("seeds: 3", "seeds: 3\nstage: final"),
    "another profile": ("quick: {seeds: 1}", "brief: {seeds: 2}"),
}
OTHER = {
    "metric": ("test_accuracy", "test_loss"),
    "stage": ("seeds: 3", "seeds: 3\nstage: develop"),
    "data": ("data: digits", "data: penguins"),
    "size": ("[16]", "[17]"),
    "initialisation": ("data: digits", "data: digits\ninitialisation: glorot-normal"),
    "rate": ("1e-3", "2e-3"),
    "schedule": ("linear", "cosine"),
    "end of the schedule": ("linear", "{linear: {final: 0.1}}"),
    "batch": ("batch: 50", "batch: 51"),
    "length": ("epochs: 4", "epochs: 5"),
    "unit of the length": ("epochs: 4", "steps: 4"),
    "selection": ("  batch: 50", "  select: best\n  batch: 50"),
    "seeds": ("seeds: 3", "seeds: 4"),
    "sparsities": ("[0.5, 0.9]", "[0.5, 0.91]"),
    "ladder": ("[0.5, 0.9]", "{ladder: 0.5, rounds: 2}"),
    "score": ("score: magnitude", "score: random"),
    "scope of one method": ("  - lottery", "  - lottery: {scope: global}"),
    "allocation of one method": ("  - lottery", "  - lottery: {scope: erk}"),
    "floor of one method": ("  - lottery", "  - lottery: {floor: 1}"),
    "floor as a share": ("  - lottery", "  - lottery: {floor: 1 %}"),
    "methods": ("  - lottery", "  - lottery\n  - dynamic"),
    "option": ("1 epoch}", "2 epochs}"),
    "label": ("  - lottery", "  - lottery: {label: ticket}"),
}


@pytest.mark.parametrize("what", SAME)
def test_what_is_no_content(what: str) -> None:
    assert _hash(changed(*SAME[what])) == _hash(CORRECT)


def test_what_is_content() -> None:
    hashes = {what: _hash(changed(*OTHER[what])) for what in OTHER} | {"correct": _hash(CORRECT)}
    assert len(set(hashes.values())) == len(hashes), hashes


def test_a_profile_is_what_it_makes_of_the_suite(read: Read) -> None:
    assert read(CORRECT, "quick").hash == read(changed("seeds: 3", "seeds: 1")).hash


def test_the_hash_is_pinned(read: Read) -> None:
    """Rows in people's databases carry it: a new key of the schema, left out, must not change it."""
    assert read(CORRECT).hash == "386a4efafd05aa3cb5906fe80b94067db2a0f436"


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_gives_anything_but_a_suite_or_mistakes(read: Read, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(CORRECT)))
    stop = data.draw(st.integers(start, min(len(CORRECT), start + 12)))
    piece = st.text(st.sampled_from("aq01-:,.%&*!#[]{}'\"\n\t \x00é|>?@"), max_size=6)
    text = CORRECT[:start] + data.draw(piece) + CORRECT[stop:]
    lines = _mistakes(read, text)
    assert all(line.startswith("mine.yaml:") and "\n" not in line for line in lines)


def _mistakes(read: Read, text: str) -> tuple[str, ...]:
    try:
        read(text)
    except UserError as error:
        return error.lines or ("a mistake without a line",)
    return ()
