"""A control: a score that means something does clearly worse when it is turned around."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from bench.pruning.view import NetView
from bench.registry import Component, registry, score


def _other(of: str) -> Component:
    return registry("score").get(of)


def _by_our_name(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("of", _other(given["of"]).name),)


@score("inverted", numbers_of=_other, settings=_by_our_name, sample={"of": "magnitude"})
def inverted(net: NetView, of: str) -> dict[str, Tensor]:
    """Another score with the opposite sign, as a control: what that one keeps last is kept first."""
    scores: Mapping[str, Tensor] = _other(of).make(net)
    return {name: -values.double() for name, values in scores.items()}
