"""Which choices of score, granularity, scope and floor go together: a table of those that make no sense, with reasons.

What hangs on the layers of a network is found where levels are expanded (bench/levels.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.arguments import arguments
from bench.errors import UserError
from bench.patterns import CHANNEL, n_of_m
from bench.pruning import asking
from bench.registry import Component, registry
from bench.suite.values import PruneSpec


@dataclass(frozen=True)
class Refusal:
    """Why choices do not go together, and the mend; the keys of the suite that say them, the likeliest slip first."""

    keys: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class _Scored:
    """How something is pruned, with the score looked up."""

    prune: PruneSpec
    component: Component
    options: asking.Options

    @property
    def name(self) -> str:
        """Of the score that the numbers come from."""
        return asking.source(self.component, self.options).name


def _granularity(scored: _Scored) -> str | None:
    wanted = asking.granularities(scored.component, scored.options)
    if not wanted or scored.prune.granularity in wanted:
        return None
    return (
        f"the score {scored.name!r} is of no use at granularity {scored.prune.granularity!r}; give granularity: "
        f"{' or '.join(wanted)}, or another score"
    )


def _scope(scored: _Scored) -> str | None:
    wanted = asking.scopes(scored.component, scored.options)
    if not wanted or scored.prune.scope in wanted:
        return None
    return (
        f"the score {scored.name!r} compares layers with each other, and scope: {scored.prune.scope} does not; give "
        f"scope: {' or '.join(wanted)}, or another score such as magnitude"
    )


def _turned_in_rounds(scored: _Scored) -> str | None:
    if scored.name == scored.component.name or asking.rounds(scored.component, scored.options) == 1:
        return None
    return (
        f"{scored.component.name}: {scored.name!r} works in rounds, and turned around the first of them cut all ways "
        "through the network, after which it says the same of all that is left; choose random as the control"
    )


def _channels_by_shape(scored: _Scored) -> str | None:
    if scored.prune.granularity != CHANNEL or scored.prune.scope in ("layer", "global"):
        return None
    return (
        f"scope: {scored.prune.scope} counts weights, and whole channels run through several layers; give scope: layer "
        "or scope: global"
    )


def _groups_across(scored: _Scored) -> str | None:
    if n_of_m(scored.prune.granularity) is None or scored.prune.scope == "layer":
        return None
    return f"granularity {scored.prune.granularity} compares neighbours, so that only scope: layer fits it; give that"


def _groups_with_floor(scored: _Scored) -> str | None:
    if n_of_m(scored.prune.granularity) is None or not scored.prune.floor:
        return None
    return f"granularity {scored.prune.granularity} has a floor of its own in each group; leave floor out"


def _rates(scored: _Scored) -> str | None:
    scope = scored.prune.scope
    if not scored.prune.rates or scope in ("layer", "uniform"):
        return None
    by = "the score" if scope == "global" else "its shape"
    return (
        f"with scope: {scope} how much goes of a layer follows from {by}, and rates say it too; leave rates out "
        "(rates: {}), or give scope: layer or scope: uniform"
    )


RULES: tuple[tuple[tuple[str, ...], Callable[[_Scored], str | None]], ...] = (
    (("granularity", "score"), _granularity),
    (("scope", "score"), _scope),
    (("score",), _turned_in_rounds),
    (("scope", "granularity"), _channels_by_shape),
    (("scope", "granularity"), _groups_across),
    (("floor", "granularity"), _groups_with_floor),
    (("rates", "scope"), _rates),
)


def refused(prune: PruneSpec) -> Refusal | None:
    """The first reason why these choices make no sense together, if there is one."""
    component = registry("score").get(prune.score.name)
    try:
        scored = _Scored(prune, component, arguments(component, dict(prune.score.options)))
        for keys, rule in RULES:
            if reason := rule(scored):
                return Refusal(keys, reason)
    except UserError as error:
        return Refusal(("score",), str(error))
    return None


def remark(prune: PruneSpec) -> str | None:
    """What is allowed and yet worth a word: a score that was made for another scope than the default."""
    component = registry("score").get(prune.score.name)
    options = arguments(component, dict(prune.score.options))
    home = asking.home_scope(component, options)
    if not home or prune.scope != "layer":
        return None
    name = asking.source(component, options).name
    return f"{name!r} is meant for scope: {home}, as in its paper; here it ranks the weights of each layer alone"
