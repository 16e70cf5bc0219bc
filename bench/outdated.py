"""Results that were made with another text or version of what a plan uses: kept, but apart, and not counted as done."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from bench.plan import Plan
from bench.records import components_of
from bench.store import Store

_MADE = """select recipe.components, run.key from run
join recipe on recipe.id = run.recipe_id"""


@dataclass(frozen=True)
class Outdated:
    """How many runs in the database used another form of a component."""

    kind: str
    name: str
    runs: int


def outdated(plan: Plan, store: Store | None) -> list[Outdated]:
    """The components of a plan of which the database has runs in another text or version."""
    if store is None:
        return []
    identities = {
        (kind, _name(identity)): identity for run in plan.runs.values() for kind, identity in components_of(run).items()
    }
    found: Counter[tuple[str, str]] = Counter()
    for text, key in store.query(_MADE).rows:
        if key in plan.runs:
            continue  # an edit that changed no number: a method is known by the recipe that it yields
        for kind, identity in (json.loads(text) if text else {}).items():
            place = (kind, _name(identity))
            if identities.get(place, identity) != identity:
                found[place] += 1
    return [Outdated(kind, name, runs) for (kind, name), runs in sorted(found.items())]


def _name(identity: str) -> str:
    return identity.split(" ", 1)[0]
