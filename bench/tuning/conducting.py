"""Conducting a study: a batch of trials is asked for, entered, made by the ordinary driver, judged, and told.

The trials in the database are the truth. They are entered before anything is done for them, and a batch ends in one
transaction, so that a process that is killed at any moment leaves a study that goes on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from bench.driver import drive
from bench.executors.local import Crew
from bench.keeping import wanted_elsewhere
from bench.plan import Plan
from bench.receipts import Listener, Session
from bench.records import RESULTS_VERSION
from bench.states import States
from bench.store.study_records import StudyRecord, TrialRecord
from bench.studies import Study
from bench.suite.values import Suite
from bench.tuning.books import TrialBooks
from bench.tuning.budget import Allowance, runs_of_a_trial
from bench.tuning.halving import Rung, better_half, rungs
from bench.tuning.judging import Judge
from bench.tuning.sampling import Search
from bench.tuning.space import Space
from bench.tuning.trials import Maker

BEFORE = -1  # the batch of the dense network


@dataclass(frozen=True, eq=False)
class Workplace:
    """What studies are conducted with."""

    suite: Suite
    session: Session
    environment: str  # its hash
    states: States
    crew: Crew
    listener: Listener


@dataclass(eq=False)
class Conductor:
    """One study, as far as it has come."""

    study: Study
    allowance: Allowance
    place: Workplace
    id: int = 0
    maker: Maker = field(init=False)
    search: Search = field(init=False)
    _plans: list[Plan] = field(default_factory=list)  # of the batch that is being made

    def __post_init__(self) -> None:
        space = Space(self.study)
        self.maker = Maker(space)
        self.search = search_of(space)

    def take_up(self) -> None:
        """Enter the study, or go on with it."""
        begun = self.place.session.store.studies.begin(self._record(), self.place.session.session)
        self.id = begun.id
        if begun.requeued:
            self.place.listener.noticed(
                f"{self.study.label}: {begun.requeued} trials of a process that is gone are begun anew"
            )

    @property
    def hash(self) -> str:
        return self.study.hash_in(self.place.environment, RESULTS_VERSION)

    def trials(self) -> list[TrialRecord]:
        return self.place.session.store.studies.trials(self.id)

    def let_go(self) -> None:
        self.place.session.store.studies.end(self.id, self.place.session.session)

    def advance(self) -> bool:
        """Make one batch; False when there is none to make."""
        studies = self.place.session.store.studies
        trials = self.trials()
        waiting = [trial for trial in trials if not trial.is_finished]
        if not waiting:
            waiting = self._ask(trials)
        if not waiting:
            return False
        batch = [trial for trial in waiting if trial.batch == waiting[0].batch]
        studies.start(self.id, [trial.number for trial in batch], self.place.session.session)
        self._make(batch)
        self._tell()
        return True

    def _record(self) -> StudyRecord:
        study, tune, ground = self.study, self.study.tune, self.study.ground
        return StudyRecord(
            hash=study.hash_in(self.place.environment, RESULTS_VERSION),
            environment_id=self.place.session.environment,
            results_version=RESULTS_VERSION,
            name=study.name,
            suite=self.place.suite.name,
            profile=self.place.suite.profile,
            data=ground.data.name,
            standin=ground.data.standin,
            model=ground.model,
            method_name=study.spec.method,
            target_sparsity=study.target,
            objective=tune.objective,
            within=tune.within if tune.objective == "sparsity" else None,
            sampler=tune.sampler,
            sampler_seed=tune.seed,
            batch=tune.batch,
            seeds=tune.seeds,
            halving=asdict(tune.halving),
            entry=study.spec.plain,
            space=[asdict(dimension) for dimension in self.search.dimensions],
            budget_unit=self.allowance.unit,
            budget=self.allowance.amount,
        )

    def _ask(self, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Enter the next batch; nothing where the budget is spent, or nothing is left to try."""
        studies = self.place.session.store.studies
        if self.study.tune.objective == "sparsity" and not trials:
            new = [TrialRecord(0, BEFORE, {}, {"none": {}})]
        else:
            made = [trial for trial in trials if trial.number > 0]
            count = self.allowance.affords(made, cost_of_a_trial(self.study, self.place.suite), self.study.tune.batch)
            if not count:
                return []
            number = 1 + max((trial.batch for trial in made), default=-1)
            asked = self.search.ask(made, number, count)
            space = self.maker.space
            new = [
                TrialRecord(len(made) + place, number, one.params, space.entry(one.params), one.notes)
                for place, one in enumerate(asked, start=1)
            ]
            if not new:
                studies.settle(self.id, self.allowance.spent(trials))
        studies.ask(self.id, new)
        return new

    def _make(self, batch: Sequence[TrialRecord]) -> None:
        """Make the runs of a batch, rung by rung, and enter how its trials ended."""
        left = {trial.number: trial for trial in batch}
        ended: list[TrialRecord] = []
        ladder = rungs_of(self.study, self.maker, batch)
        for place, rung in enumerate(ladder):
            last = place == len(ladder) - 1
            judge = self._made(list(left.values()), rung, left, ended)
            failed = [trial for number, trial in left.items() if judge.failure(number) is not None]
            for trial in failed:
                ended.append(judge.ended(left.pop(trial.number), rung, last))
            scores = {number: judge.score(number, rung) for number in left}
            staying = [] if last else better_half(scores)
            ended += [judge.ended(trial, rung, last) for number, trial in left.items() if number not in staying]
            left = {number: left[number] for number in staying}
        self.place.session.store.studies.finish(self.id, ended)
        self._tidy()

    def _made(
        self, trials: Sequence[TrialRecord], rung: Rung, left: dict[int, TrialRecord], ended: list[TrialRecord]
    ) -> Judge:
        """Have the runs of a rung made; trials whose recipe is refused have ended with that."""
        studies = self.place.session.store.studies
        batch = self.maker.batch(trials, rung)
        for number, reason in batch.refused.items():
            ended.append(_failed(left.pop(number), reason))
        if batch.cells:
            plan, needs = batch.plan(self.place.suite, self.study.ground)
            there = {(run.number, run.key) for run in studies.runs(self.id)}
            entered = {key for key, given in needs.items() if all((need.trial, key) in there for need in given)}
            if entered < set(needs):
                self._carry_out(plan, TrialBooks(plan, needs, self.id, self.place.session, entered))
            self._plans.append(plan)
        return Judge(self.study.tune, studies.runs(self.id))

    def _carry_out(self, plan: Plan, books: TrialBooks) -> None:
        place = self.place
        receipt = drive(plan, lambda: books, place.session, place.states, place.crew, place.listener)
        if receipt.ending == "interrupted":
            raise KeyboardInterrupt

    def _tidy(self) -> None:
        """States that only these trials have come to are not kept; those of the dense training serve others."""
        dense, own = self.study.ground.training, set[str]()
        for plan in self._plans:
            of_dense = {key for key, node in plan.graph.trained.items() if node.training == dense}
            own |= {key for key, node in plan.graph.trained.items() if node.base not in plan.grounds}
            own |= plan.runs.keys() - of_dense
        if self._plans:
            own -= wanted_elsewhere(self.place.session.store, self._plans[0])
        self._plans.clear()
        self.place.states.drop(own & self.place.states.keys())

    def _tell(self) -> None:
        trials = [one for one in self.trials() if one.number > 0]
        made = [one for one in trials if one.is_finished]
        done = [one for one in made if one.state == "done" and one.value is not None]
        if not made:
            return
        spent = self.allowance.spent(trials)
        share = min(1.0, spent / self.allowance.amount)
        line = f"{self.study.label}: {len(made)} trials, {share:.0%} of the budget spent"
        if done and self.study.tune.objective != "both":
            best = max(done, key=lambda one: (one.value or 0.0, -one.number))
            line += f"; best so far: trial {best.number} with {100 * (best.value or 0.0):.2f} %"
        self.place.listener.noticed(line)


def _failed(trial: TrialRecord, reason: str) -> TrialRecord:
    return replace(trial, state="failed", reason=reason)


def search_of(space: Space) -> Search:
    """How the space of a study is searched."""
    tune = space.study.tune
    return Search(space.dimensions, tune.objective, tune.sampler, space.study.sampler_seed, tune.batch, space.start)


def rungs_of(study: Study, maker: Maker, batch: Sequence[TrialRecord]) -> list[Rung]:
    """What a batch is given step by step; a single trial, and those that seek a front, are given all at once."""
    tune = study.tune
    whole = [Rung(tune.seeds)]
    if len(batch) < 2 or tune.objective == "both":
        return whole
    cuts = tune.halving.share < 1 and all(maker.cuts(trial, whole[0]) for trial in batch)
    return rungs(tune.halving, tune.seeds, cuts)


def cost_of_a_trial(study: Study, suite: Suite) -> float:
    """Training steps that a trial takes on average, as if each of its runs were made alone; by its first values."""
    space = Space(study)
    params = {one.name: one.start if one.start is not None else one.grid()[0] for one in space.dimensions}
    maker = Maker(space)
    trial = TrialRecord(1, 0, params, {})
    batch = maker.batch([trial], Rung(study.tune.seeds[:1]))
    if not batch.cells:
        return float(study.ground.training.schedule.length)
    plan, _ = batch.plan(suite, study.ground)
    steps = max(run.steps_alone for run in plan.runs.values())
    ladder = rungs(study.tune.halving, study.tune.seeds, False)
    return steps * runs_of_a_trial(ladder, study.tune.batch)
