"""What studies have chosen for a suite's methods: `rates: tuned` looked up in the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.errors import UserError, nearest
from bench.ground import Ground
from bench.store import Store
from bench.store.study_records import Found
from bench.studies import Study, studies_of
from bench.suite.choices import Registered
from bench.suite.marks import Report, from_python
from bench.suite.methods import read_methods
from bench.suite.schema import PRUNE_KEYS
from bench.suite.studies import Chosen
from bench.suite.values import AtLevel, MethodSpec, PruneSpec

_ENVIRONMENTS = "SELECT hash FROM environment ORDER BY id"
_KEPT = """
SELECT DISTINCT tuned.option, study.hash, trial.number, trial.entry
FROM planned
JOIN tuned ON tuned.cell_id = planned.cell_id
JOIN trial ON trial.id = tuned.trial_id
JOIN study ON study.id = trial.study_id
WHERE planned.key = :key
ORDER BY tuned.option, study.hash, trial.number
"""


@dataclass
class Waiting:
    """Leaves out the methods whose studies are not there yet, and keeps the reasons."""

    choices: Callable[[], Choices]
    reasons: list[str] = field(default_factory=list)

    def __call__(self, ground: Ground, method: MethodSpec) -> MethodSpec | None:
        try:
            return self.choices()(ground, method)
        except UserError as error:
            self.reasons += error.lines
            return None


class Choices:
    """The studies of a database, for one suite in one profile. `store` is None where there is no database yet."""

    def __init__(
        self, store: Store | None, place: str, suite: str, profile: str, environment: str, version: int
    ) -> None:
        self._store, self._place, self._suite, self._profile = store, place, suite, profile
        self._environment, self._version = environment, version

    def __call__(self, ground: Ground, method: MethodSpec) -> MethodSpec:
        """The method with what was chosen for each level of its ground."""
        targets = ground.problem.sparsities.targets
        if not targets:
            raise UserError(
                f"method {method.label!r}: what is tuned belongs to a sparsity, and the suite has a ladder; give a "
                "list of sparsities"
            )
        return replace(method, by_level=tuple(self._at(ground, method, target) for target in targets))

    def _at(self, ground: Ground, method: MethodSpec, target: float) -> AtLevel:
        picks = []
        for option, reference in method.tuned:
            found = self._study(ground, method, reference, target)
            trial = found.best
            if trial is None:
                raise UserError(
                    f"method {method.label!r}: no trial of study {found.suite}/{found.name} came to a result; widen "
                    "its ranges, and tune again"
                )
            self._check_seeds(ground, method, found)
            picks.append(_Pick(Chosen(option, found.hash, trial.number), trial.entry))
        return _level(ground, method, target, picks)

    def _study(self, ground: Ground, method: MethodSpec, reference: str, target: float) -> Found:
        """The study that is meant: of this suite, or of another one where its name stands before a slash."""
        suite, slash, name = reference.rpartition("/")
        own = [study for study in studies_of(ground) if study.name == (name or method.name)]
        if slash or not own:
            found = self._elsewhere(ground, method, suite or self._suite, name or method.name, target)
        else:
            found = self._own(own, method, target)
        if not found.is_complete:
            raise UserError(
                f"method {method.label!r}: study {found.suite}/{found.name} is not finished ({found.finished} trials, "
                f"{found.open} open); `{self._command(found.suite)}` goes on with it"
            )
        return found

    def _own(self, studies: Sequence[Study], method: MethodSpec, target: float) -> Found:
        meant = [study for study in studies if study.target is not None and abs(study.target - target) < 1e-9]
        if not meant:
            raise UserError(
                f"method {method.label!r}: study {studies[0].name!r} does not choose for a sparsity of {target:.4g}; "
                "name it under `tune: sparsities:`, with objective: accuracy"
            )
        hashes = self._hashes(meant[0])
        found = {} if self._store is None else {one.hash: one for one in self._store.studies.find(hashes)}
        for one in hashes:
            if one in found:
                return found[one]
        raise self._missing(method, f"{self._suite}/{meant[0].name}", target, self._suite)

    def _hashes(self, study: Study) -> list[str]:
        """In this environment first, then in all others that the database knows."""
        others = [] if self._store is None else [str(row[0]) for row in self._store.query(_ENVIRONMENTS).rows]
        places = dict.fromkeys([self._environment, *others])
        return [study.hash_in(place, self._version) for place in places]

    def _elsewhere(self, ground: Ground, method: MethodSpec, suite: str, name: str, target: float) -> Found:
        """A study of another suite: on the same data and network, the same profile first, the latest one."""
        found = [] if self._store is None else self._store.studies.named(suite, name)
        meant = [
            one
            for one in found
            if (one.data, one.model) == (ground.data.name, ground.model)
            and one.target_sparsity is not None
            and abs(one.target_sparsity - target) < 1e-9
        ]
        if not meant:
            known = {study.name for study in studies_of(ground)}
            if suite == self._suite:
                raise UserError(
                    f"method {method.label!r}: the suite has no study {name!r} under `tune:`; {nearest(name, known)}"
                )
            raise self._missing(method, f"{suite}/{name}", target, suite)
        return max(
            meant, key=lambda one: (one.environment == self._environment, one.profile == self._profile, one.begun_at)
        )

    def _missing(self, method: MethodSpec, study: str, target: float, suite: str) -> UserError:
        return UserError(
            f"method {method.label!r}: there is no study {study} at {100 * target:.4g} % in {self._place}; "
            f"`{self._command(suite)}` makes it"
        )

    def _command(self, suite: str) -> str:
        return f"bench tune {suite}" + ("" if self._profile == "full" else f" --profile {self._profile}")

    def _check_seeds(self, ground: Ground, method: MethodSpec, found: Found) -> None:
        """What was chosen on a seed looks better on it than it is."""
        if shared := sorted(set(ground.seeds) & set(found.seeds)):
            raise UserError(
                f"method {method.label!r}: seed {shared[0]} is one of those that chose its options (study "
                f"{found.suite}/{found.name}); confirm them on seeds that tuning never saw, such as seeds: {{from: "
                f"{max(found.seeds) + 1}, count: {len(ground.seeds)}}}"
            )


@dataclass(frozen=True)
class _Pick:
    """An option's value: that of a trial's entry."""

    chosen: Chosen
    entry: Any


def _level(ground: Ground, method: MethodSpec, target: float, picks: Sequence[_Pick]) -> AtLevel:
    """A method at a level, its picked options filled in; with rates comes the scope that they are meant for."""
    options, prune, usual = dict(method.options), method.prune, ground.problem.prune
    for pick in picks:
        option, best = pick.chosen.option, method_of(pick.entry, usual)
        if option in PRUNE_KEYS:
            prune = replace(prune, **{option: getattr(best.prune, option)})
            if option == "rates" and prune.scope == usual.scope:
                prune = replace(prune, scope=best.prune.scope)
        else:
            options.pop(option, None)
            options |= {name: value for name, value in best.options if name == option}
    return AtLevel(target, tuple(sorted(options.items())), prune, tuple(pick.chosen for pick in picks))


class Kept:
    """What had been chosen for a run that is there, whatever its study has found since.

    Other methods whose options were chosen are left out: the run needs none of them.
    """

    def __init__(self, store: Store, key: str, label: str) -> None:
        self._label = label
        rows = store.query(_KEPT, {"key": key}).rows
        self._picks = [_Pick(Chosen(row[0], row[1], row[2]), json.loads(row[3])) for row in rows]

    def __call__(self, ground: Ground, method: MethodSpec) -> MethodSpec | None:
        if method.label != self._label or not self._picks:
            return None
        targets = ground.problem.sparsities.targets
        return replace(method, by_level=tuple(_level(ground, method, one, self._picks) for one in targets))


def method_of(entry: Any, prune: PruneSpec) -> MethodSpec:
    """A method from its entry in plain values, as a suite would have it."""
    report = Report()
    node = from_python([entry], "a trial's entry")
    (spec,) = read_methods(node, prune, None, Registered(), report) or (None,)
    if spec is None or report.mistakes:
        raise UserError(*(report.lines() or (f"{json.dumps(entry)} is no method",)))
    return spec
