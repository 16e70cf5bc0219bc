"""Tuning a suite: its studies one after the other, each as far as its budget goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.benchmark import Benchmark
from bench.errors import UserError, nearest
from bench.executors.local import Crew
from bench.executors.messages import Setting
from bench.outlook import estimated
from bench.plan import work_left
from bench.provenance import session_info
from bench.receipts import Listener, Session
from bench.records import RESULTS_VERSION
from bench.store.study_records import TrialRecord
from bench.studies import Study, studies_of
from bench.suite.studies import Budget
from bench.tuning.budget import Allowance, allowance
from bench.tuning.conducting import Conductor, Workplace, cost_of_a_trial, rungs_of, search_of
from bench.tuning.mirror import Mirror
from bench.tuning.space import Space
from bench.tuning.trials import Maker


@dataclass(frozen=True)
class Outlook:
    """What is left of a study, as far as that can be told before it is made."""

    study: Study
    allowance: Allowance
    finished: int  # trials
    spent: float
    trials: int  # that are still to be made, about
    steps: int  # that these take, as if each run were made alone
    steps_to_make: int  # when what they share is made once
    seconds: float
    measured: bool


@dataclass(frozen=True, eq=False)
class Tuning:
    """The studies of a suite that are to be made."""

    benchmark: Benchmark
    studies: tuple[Study, ...]
    trials: int | None = None  # in place of the suite's budget

    def allowance(self, study: Study) -> Allowance:
        budget = study.tune.budget if self.trials is None else Budget("trials", self.trials)
        return allowance(budget, study.ground.training.schedule.length)

    def outlook(self) -> list[Outlook]:
        return [self._outlook(study) for study in self.studies]

    def _outlook(self, study: Study) -> Outlook:
        """By the trials so far, and the first batch that would come: later ones take about as long."""
        benchmark, allowed = self.benchmark, self.allowance(study)
        trials: list[TrialRecord] = []
        store = benchmark.present
        if store is not None:
            found = store.studies.find([study.hash_in(benchmark.environment.hash, RESULTS_VERSION)])
            trials = store.studies.trials(found[0].id) if found else []
        cost = cost_of_a_trial(study, benchmark.suite)
        spent = allowed.spent(trials)
        made = [trial for trial in trials if trial.number > 0 and trial.is_finished]
        each = sum(trial.steps for trial in made) / len(made) if made else cost
        left = max(0.0, allowed.amount - spent) / (1 if allowed.unit == "trials" else max(1.0, each))
        count = round(left + 0.499) if left else 0
        if not count:
            return Outlook(study, allowed, len(made), spent, 0, 0, 0, 0.0, measured=True)
        steps, seconds, measured = self._batch(study, min(count, study.tune.batch))
        batches = -(-count // study.tune.batch)
        shared, again = steps[0] + (batches - 1) * steps[1], seconds[0] + (batches - 1) * seconds[1]
        return Outlook(study, allowed, len(made), spent, count, round(count * each), shared, again, measured)

    def _batch(self, study: Study, count: int) -> tuple[tuple[int, int], tuple[float, float], bool]:
        """Steps and seconds of a first batch, and of one for which the dense networks are there."""
        benchmark, space = self.benchmark, Space(study)
        maker, search = Maker(space), search_of(space)
        trials = [TrialRecord(at, 0, one.params, {}) for at, one in enumerate(search.ask((), 0, count), start=1)]
        rung = rungs_of(study, maker, trials)[-1]
        plan, _ = maker.batch(trials, rung).plan(benchmark.suite, study.ground)
        dense = {key for key, node in plan.graph.trained.items() if node.training == study.ground.training}
        dense &= {key for key, node in plan.graph.trained.items() if node.base in plan.grounds}
        store = benchmark.present
        number = store.known_environment(benchmark.environment) if store else None
        found = []
        for stored in (benchmark.states.keys(), benchmark.states.keys() | dense):
            work = work_left(plan, (), stored)
            found.append(
                (work.steps, estimated(work, lambda ground: benchmark.speed(ground, number), benchmark.workers))
            )
        (first, one), (later, other) = found
        return (first, later), (one.seconds, other.seconds), one.measured

    def carry_out(self, listener: Listener) -> Literal["done", "interrupted"]:
        """Make the studies. Ctrl-C ends it, with everything kept that is finished."""
        benchmark = self.benchmark
        crew = Crew(Setting(benchmark.device, benchmark.states.folder, benchmark.request.plugins), benchmark.workers)
        crew.start()
        store = benchmark.store
        number = store.start_session(session_info(benchmark.request.note, benchmark.request.plugins))
        session = Session(store, number, store.environment(benchmark.environment))
        place = Workplace(benchmark.suite, session, benchmark.environment.hash, benchmark.states, crew, listener)
        mirror = Mirror(benchmark.request.database, listener)
        ending: Literal["done", "failed", "interrupted"] = "failed"
        try:
            for study in self.studies:
                self._conduct(Conductor(study, self.allowance(study), place), mirror)
            ending = "done"
        except KeyboardInterrupt:
            ending = "interrupted"
        finally:
            crew.stop()
            store.end_session(number, ending)
        return ending

    @staticmethod
    def _conduct(conductor: Conductor, mirror: Mirror) -> None:
        conductor.take_up()
        try:
            mirror.show(conductor)
            while conductor.advance():
                mirror.show(conductor)
        finally:
            conductor.let_go()


def tuning_of(benchmark: Benchmark, names: Sequence[str] = (), trials: int | None = None) -> Tuning:
    """The studies of a benchmark's suite, all or those that are named."""
    found = [study for ground in benchmark.grid.grounds for study in studies_of(ground)]
    known = {study.name for study in found}
    if not known:
        raise UserError(
            f"suite {benchmark.suite.name}: has no key `tune`, so that there is nothing to tune; give it one, such as "
            "tune: {studies: [{one-shot: {rates: each}}]}"
        )
    for name in names:
        if name not in known:
            raise UserError(f"suite {benchmark.suite.name}: has no study {name!r}; {nearest(name, known)}")
    return Tuning(benchmark, tuple(study for study in found if not names or study.name in names), trials)
