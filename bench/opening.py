"""Opening a stored run again: from its name to its recipe, its data and its network.

The database keeps the text of a suite and the keys of its runs. The text is read and expanded anew, and the run is
found in its plan by its key; where that fails, what the key was made of has changed, and it is said what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bench.chosen import Kept
from bench.data.base import Dataset, open_dataset
from bench.data.policy import DataPolicy, Progress
from bench.data.sheets import class_names
from bench.errors import UserError
from bench.grid import Cell, Grid, expand
from bench.ground import Ground
from bench.masking import without_tokens
from bench.models.base import build
from bench.models.layout import buffer_layout, parameter_layout
from bench.plan import Plan, Run, make_plan
from bench.recipe import Recipe, canonical
from bench.registry import load_plugin, loaded_sources
from bench.states import States, home, states_folder
from bench.store import Store
from bench.store.texts import content_hash
from bench.stored import StoredRun, stored_runs
from bench.suite.reading import read_stored
from bench.suite.values import Suite
from bench.training.state import State


@dataclass(frozen=True, eq=False)
class OpenedRun:
    """A run that is known in full. Its state may be gone: then `state` and what rests on it raise StateMissing."""

    stored: StoredRun
    database: str
    plan: Plan = field(repr=False)  # of its seed, on its ground
    run: Run = field(repr=False)
    plugins: tuple[Path, ...] = ()  # files of the user's own that it needs

    @property
    def key(self) -> str:
        return self.stored.key

    @property
    def name(self) -> str:
        return self.stored.name

    @property
    def facts(self) -> Mapping[str, Any]:
        """The row, its cell and its session, by the names that they have in the database."""
        return self.stored.facts

    @property
    def cell(self) -> Cell:
        return self.run.cell

    @property
    def ground(self) -> Ground:
        """With the network that it has, which need not be the suite's."""
        return self.run.cell.own

    @property
    def recipe(self) -> Recipe:
        return self.run.recipe

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample, as the network gets it."""
        return tuple(self.ground.data.shape)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the network's outputs."""
        return class_names(self.ground.data)

    @cached_property
    def dataset(self) -> Dataset:
        return open_dataset(self.ground.place.data, self.ground.place.policy)

    @cached_property
    def states(self) -> States:
        """Those of the environment that the run was made in."""
        version = self.stored.facts["results_version"]
        return States(states_folder(self.database, self.stored.environment, version))

    def state(self) -> State:
        """The final state; StateMissing where it is not kept any more."""
        return self.states.get(self.key)

    def network(self) -> nn.Module:
        """An ordinary module with the run's weights and buffers, in evaluation; what is pruned is zero."""
        state, module = self.state(), self._plan()
        weights = parameter_layout(module).views(state.weights)
        buffers = buffer_layout(module).views(state.buffers)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                parameter.copy_(weights[name])
            for name, buffer in module.named_buffers():
                if name in buffers:
                    buffer.copy_(buffers[name])
        return module.eval()

    def masks(self) -> dict[str, Tensor]:
        """False where a weight is pruned, by the names of the prunable layers."""
        return {name: mask.clone() for name, mask in parameter_layout(self._plan()).weights(self.state().mask).items()}

    def _plan(self) -> nn.Module:
        """The network before it has weights of its own."""
        return build(self.ground.place.network, self.shape, self.ground.data.classes)


def open_run(
    name: str, database: str = "results.db", *, plugins: Sequence[Path] = (), progress: Progress | None = None
) -> OpenedRun:
    """The run that the first digits of its key name. `plugins` are files of the user's own that it was made with."""
    with Store.open(database, read_only=True) as store:
        stored = _preferred(stored_runs(name, store), database)
    if not stored.has_network:
        raise UserError(f"run {stored.name}: {stored.facts['status']}, it has no network ({stored.facts['reason']})")
    loaded = _load_plugins(stored, database, plugins)
    policy = DataPolicy.from_environment("standin" if stored.facts["standin"] else "real", progress=progress)
    plan = _planned(stored, policy, database)
    return OpenedRun(stored, database, plan, plan.runs[stored.key], loaded)


def _preferred(found: Sequence[StoredRun], database: str) -> StoredRun:
    """Of several environments one whose state is kept, so that nothing has to be trained."""

    def kept(one: StoredRun) -> bool:
        folder = states_folder(database, one.environment, one.facts["results_version"])
        return one.has_network and one.key in States(folder)

    return next((one for one in found if kept(one)), found[0])


def _load_plugins(stored: StoredRun, database: str, given: Sequence[Path]) -> tuple[Path, ...]:
    """The user's own files, given or as the database keeps them. Text that came from elsewhere is not run unasked."""
    for path in given:
        load_plugin(path)
    at_hand = {without_tokens(text): path for text, path in loaded_sources().items()}  # as the database has them
    needed = [Path(at_hand[text]) for text in stored.plugins.values() if text in at_hand]
    absent = {name: text for name, text in stored.plugins.items() if text not in at_hand}
    if absent and not stored.made_here:
        raise UserError(
            f"run {stored.name}: was made on another machine with {', '.join(absent)}, code that would run here; read "
            'it (`bench sql "SELECT name, text FROM plugin"`), and if you trust it, give the file with --plugin'
        )
    for name, text in absent.items():
        file = home(database) / "plugins" / content_hash(text)[:12] / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"{file}: cannot be written ({error.strerror}); give {name} with --plugin") from error
        load_plugin(file)
        needed.append(file)
    return tuple(dict.fromkeys([*(Path(path).expanduser().resolve() for path in given), *needed]))


def _planned(stored: StoredRun, policy: DataPolicy, database: str) -> Plan:
    """The plan that has the run. Seeds share nothing, so that of its own seed is enough."""
    facts = stored.facts
    try:
        suite = read_stored(stored.suite_text, facts["suite"], facts["profile"], {"seeds": [facts["seed"]]})
    except UserError as error:
        raise UserError(f"run {stored.name}: its suite can not be read any more: {error.lines[0]}") from error
    plans = []
    for part in _parts(suite, stored):
        plan = make_plan(_expanded(part, policy, stored, database))
        if stored.key in plan.runs:
            return plan
        plans.append(plan)
    raise UserError(f"run {stored.name}: can not be opened again, since {_changed(stored, plans)}")


def _parts(suite: Suite, stored: StoredRun) -> Iterator[Suite]:
    """The problems that may be meant one by one, then, should the recipe need others, the whole suite."""
    data, model = stored.settings["data"]["name"], stored.settings["model"]["name"]
    meant = [one for one in suite.problems if (one.data.name, one.model.name) == (data, model)]
    for problem in meant:
        yield replace(suite, problems=(problem,))
    if len(meant) != 1 or len(suite.problems) > 1:
        yield suite


def _expanded(suite: Suite, policy: DataPolicy, stored: StoredRun, database: str) -> Grid:
    try:
        if not any(method.tuned for problem in suite.problems for method in problem.methods):
            return expand(suite, policy)
        with Store.open(database, read_only=True) as store:
            return expand(suite, policy, Kept(store, stored.key, stored.facts["method"]))
    except UserError as error:
        raise UserError(*(f"run {stored.name}: {line}" for line in error.lines)) from error


def _changed(stored: StoredRun, plans: Sequence[Plan]) -> str:
    """What the key was made of and what that is now, in words."""
    facts = stored.facts
    was = stored.recipe or {}
    for plan in plans:
        for cell, keys in plan.keys.items():
            if (cell.method.label, cell.level, cell.ground.data.name) != (
                facts["method"],
                facts["level"],
                facts["data"],
            ):
                continue
            data = cell.ground.data
            if data.fingerprint != stored.settings["data"]["fingerprint"]:
                before = stored.settings["data"]["fingerprint"][:8]
                return (
                    f"the content of data set {data.name} was {before} when it ran and is {data.fingerprint[:8]} now "
                    f"({data.source}); bring the old files back"
                )
            now = canonical(plan.runs[keys[0][1]].recipe)
            return _differing(was, now, facts)
    made = facts["code_commit"]
    by = f" (commit {made[:12]})" if made else ""
    return f"its suite has no such cell in this release; use the one that made it{by}"


def _differing(was: Mapping[str, Any], now: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    before, after = was.get("start", {}), now["start"]
    for part in ("network", "initialisation"):
        if part in before and before[part] != after.get(part):
            return (
                f"the {part} {facts['components'].get(part, '')} is not what it was: a file of yours that it reads, a "
                "plugin's text or its version has changed; bring the old one back"
            )
    made = facts["code_commit"]
    by = f" (commit {made[:12]})" if made else ""
    return f"this release writes another recipe for {facts['method']}; use the one that made it{by}"
