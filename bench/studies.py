"""Studies of a suite: a ground, what is searched there for one method, and the sparsity at which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bench.ground import Ground
from bench.recipe import digest
from bench.suite.studies import StudySpec, TuneSpec
from bench.suite.values import PruneSpec


@dataclass(frozen=True, eq=False)
class Study:
    """What is searched for one method on one ground, at one sparsity where the sparsity itself is not sought."""

    ground: Ground
    tune: TuneSpec
    spec: StudySpec
    target: float | None

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def label(self) -> str:
        """In words."""
        at = "" if self.target is None else f" at {100 * self.target:.4g} %"
        return f"{self.name}{at} on {self.ground.data.name} with {self.ground.model}"

    def hash_in(self, environment: str, version: int) -> str:
        """Its identity in an environment (its hash): all that decides which trials it makes and what they come to.

        Its budget is none of it: a study that may spend more goes on.
        """
        return digest((self._content, environment, version))

    @property
    def _content(self) -> tuple[Any, ...]:
        tune, ground = self.tune, self.ground
        prune = {name: str(value) for name, value in asdict(ground.problem.prune).items() if value != _PRUNE[name]}
        start = ground.start(0)
        return (
            (start.data, start.network, start.initialisation, ground.training, prune),
            (self.spec.method, json.loads(self.spec.entry), self.target),
            (tune.objective, tune.within, tune.sparsities, tune.seeds, tune.halving),
            (tune.sampler, tune.batch, tune.seed, self.spec.name),
        )

    @property
    def sampler_seed(self) -> str:
        """What its sampler draws by: neither data nor environment, so that the same search begins alike everywhere."""
        return f"{self.tune.seed} {self.spec.name} {self.target}"


_PRUNE = asdict(PruneSpec())


def studies_of(ground: Ground) -> Iterator[Study]:
    """All studies of a ground, in the order of the suite."""
    tune = ground.problem.tune
    if tune is None:
        return
    targets: tuple[float | None, ...] = tune.sparsities if tune.objective == "accuracy" else (None,)
    for spec in tune.studies:
        for target in targets:
            yield Study(ground, tune, spec, target)
