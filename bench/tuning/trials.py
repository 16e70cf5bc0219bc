"""Trials as cells of a grid, so that the ordinary driver makes their runs and shares what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bench.errors import UserError
from bench.grid import Cell, Grid, cells_of
from bench.ground import Ground
from bench.plan import Plan, make_plan
from bench.store.study_records import TrialRecord
from bench.suite.values import MethodSpec, SparsitySpec, Suite
from bench.tuning.books import Need
from bench.tuning.halving import Rung, can_be_cut, cut
from bench.tuning.space import Space

DENSE = MethodSpec("none", "none")


@dataclass(frozen=True)
class Batch:
    """Trials that are made together: their cells, and why those that have none can not be made."""

    cells: Mapping[int, Cell]  # by the number of the trial
    refused: Mapping[int, str]
    part: float

    def plan(self, suite: Suite, ground: Ground) -> tuple[Plan, dict[str, list[Need]]]:
        """Their runs, on no test data, and which trials need each."""
        plan = make_plan(Grid(suite, (ground,), tuple(self.cells.values())), tested=False)
        needs: dict[str, list[Need]] = {}
        for number, cell in self.cells.items():
            for seed, key in plan.keys[cell]:
                needs.setdefault(key, []).append(Need(number, seed, self.part))
        return plan, needs


@dataclass
class Maker:
    """Makes cells of trials, all of one study."""

    space: Space
    _grounds: dict[tuple[float, ...], Ground] = field(default_factory=dict)

    def batch(self, trials: Iterable[TrialRecord], rung: Rung) -> Batch:
        cells, refused = {}, {}
        for trial in trials:
            try:
                cells[trial.number] = self.cell(trial, rung)
            except UserError as error:
                refused[trial.number] = error.lines[0]
        return Batch(cells, refused, rung.part)

    def cell(self, trial: TrialRecord, rung: Rung) -> Cell:
        """A trial with the seeds of a rung, and as much of its last training as that gives."""
        if trial.number == 0:
            ground = self._ground((), rung)
            method = DENSE
        else:
            method = self.space.method(trial.params)
            ground = self._ground(self._way_to(self.space.sparsity(trial.params)), rung)
        cells = cells_of(ground, method, trial.number, [])
        if not cells:
            raise UserError(f"method {method.label!r} has no network of this sparsity")
        cell = cells[-1]
        cut_all = {seed: cut(steps, rung.part) for seed, steps in cell.by_seed.items()}
        return replace(cell, steps=cut(cell.steps, rung.part), by_seed=cut_all)

    def cuts(self, trial: TrialRecord, rung: Rung) -> bool:
        """Whether a trial can be looked at before the end of its last training."""
        try:
            return can_be_cut(self.cell(trial, rung).steps)
        except UserError:
            return False

    def _way_to(self, target: float) -> tuple[float, ...]:
        """The sparsities of the tuning below the target, by which methods in rounds climb to it."""
        return (*(step for step in self.space.study.tune.sparsities if step < target - 1e-9), target)

    def _ground(self, targets: tuple[float, ...], rung: Rung) -> Ground:
        """The ground of the study at these sparsities, with the seeds of a rung."""
        place = (*targets, -1.0, *map(float, rung.seeds))
        if place not in self._grounds:
            ground = self.space.study.ground
            problem = replace(
                ground.problem,
                seeds=rung.seeds,
                sparsities=SparsitySpec(targets=targets or (0.5,)),
                methods=(),
                artifacts="none",
                tune=None,
            )
            self._grounds[place] = replace(ground, problem=problem)
        return self._grounds[place]
