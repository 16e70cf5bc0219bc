"""Studies, their trials, and what tuning brought on seeds that it never saw."""

from __future__ import annotations

from bench.store.sentences.tuning import TUNING_VIEWS
from bench.store.views.intervals import interval_columns, statistics
from bench.store.views.parts import CELL, HEADLINE, PLANNED, stands

_FINISHED = "('done', 'stopped', 'failed')"
# The best trial of a study that has one: the highest value, and of equal ones the earliest.
_BEST = """(select {0} from trial as best
    where best.study_id = study.id and best.state = 'done' and best.number > 0 and study.objective <> 'both'
    order by best.value desc, best.number limit 1)"""
_STEPS = "cast(coalesce(sum({}), 0) as bigint)"  # PostgreSQL sums whole numbers to a decimal one
_OWN = ("suite", "profile", "name", "data", "model", "method_name", "target_sparsity")
_STUDY = f"study.id as study, {', '.join(f'study.{name}' for name in _OWN)}, environment.label as environment"
_SETTINGS = ("objective", "within", "sampler", "sampler_seed", "batch", "budget_unit", "budget", "seeds")

STUDIES = f"""
select {_STUDY}, {", ".join(f"study.{name}" for name in _SETTINGS)},
       coalesce(sum(case when trial.number > 0 and trial.state in {_FINISHED} then 1 else 0 end), 0) as trials,
       coalesce(sum(case when trial.number > 0 and trial.state = 'done' then 1 else 0 end), 0) as done,
       coalesce(sum(case when trial.state = 'stopped' then 1 else 0 end), 0) as stopped,
       coalesce(sum(case when trial.state = 'failed' then 1 else 0 end), 0) as failed,
       coalesce(sum(case when trial.state in ('waiting', 'running') then 1 else 0 end), 0) as open,
       {_STEPS.format("trial.steps")} as steps, coalesce(sum(trial.flops), 0) as flops,
       {_BEST.format("best.number")} as best, {_BEST.format("best.value")} as best_value,
       study.begun_at, max(trial.finished_at) as finished_at
from study
join environment on environment.id = study.environment_id
left join trial on trial.study_id = study.id
group by {", ".join(f"study.{name}" for name in ("id", *_OWN, *_SETTINGS, "begun_at"))}, environment.label
"""

_TRIAL_COLUMNS = [name for name in TUNING_VIEWS["trials"] if name not in ("", "study", *_OWN, "environment")]
TRIALS = f"""
select {_STUDY}, {", ".join(f"trial.{name}" for name in _TRIAL_COLUMNS)}
from trial
join study on study.id = trial.study_id
join environment on environment.id = study.environment_id
"""

_FRESH = ("validation_accuracy", "test_accuracy", "gain")

# A cell has several rows of `tuned` where several options were chosen; its studies may differ, and one row stands for
# each of them. The default is the first cell of the same method that no study had a hand in.
TUNING = f"""
with chosen as materialized (
select tuned.cell_id, tuned.trial_id, {{options}} as options
from tuned
join cell on cell.id = tuned.cell_id
join suite on suite.id = cell.suite_id
where suite.is_current = 1 and cell.standin = 0
group by tuned.cell_id, tuned.trial_id
),
against as materialized (
select cell.id as cell_id, min(usual.id) as usual_id
from (select distinct cell_id from chosen) as wanted
join cell on cell.id = wanted.cell_id
join cell as usual on usual.suite_id = cell.suite_id and usual.data = cell.data and usual.model = cell.model
     and usual.level = cell.level and usual.method_name = cell.method_name
where not exists (select 1 from tuned where tuned.cell_id = usual.id)
group by cell.id
),
headlines as materialized (
select planned.cell_id, planned.seed, run.environment_id, {HEADLINE} as headline,
       run.validation_accuracy, run.test_accuracy
from {PLANNED}
join run on run.key = planned.key
where run.status in ('done', 'collapsed') and {stands("run")}
  and cell.id in (select cell_id from chosen union select usual_id from against)
),
fresh as (
select one.cell_id, one.environment_id, one.validation_accuracy, one.test_accuracy,
       one.headline - usual.headline as gain
from headlines as one
join (select distinct cell_id from chosen) as wanted on wanted.cell_id = one.cell_id
left join against on against.cell_id = one.cell_id
left join headlines as usual on usual.cell_id = against.usual_id and usual.seed = one.seed
     and usual.environment_id = one.environment_id
),{statistics("fresh", _FRESH, ("count(*) as n", "count(gain) as pairs"))}
select {CELL}, suite.metric, chosen.options, trial.study_id as study, trial.number as trial,
       spent.trials, spent.steps, spent.flops,
       trial.seeds as chosen_seeds, trial.accuracy as chosen_accuracy, intervals.n,
       {interval_columns(_FRESH[:2])}, trial.accuracy - validation_accuracy_mean as curse,
       usual_cell.method as default_method, intervals.pairs,
       {interval_columns(_FRESH[2:])}
from intervals
join chosen on chosen.cell_id = intervals.cell_id
join trial on trial.id = chosen.trial_id
join (select study_id, sum(case when number > 0 and state in {_FINISHED} then 1 else 0 end) as trials,
             {_STEPS.format("steps")} as steps, sum(flops) as flops
      from trial group by study_id) as spent on spent.study_id = trial.study_id
join cell on cell.id = intervals.cell_id
join suite on suite.id = cell.suite_id
join environment on environment.id = intervals.environment_id
left join against on against.cell_id = intervals.cell_id
left join cell as usual_cell on usual_cell.id = against.usual_id
"""

# Of words in rows the two databases make a line in different ways.
_JOINED = {"sqlite": "group_concat(tuned.option, ', ')", "postgresql": "string_agg(tuned.option, ', ')"}


def tuning(dialect: str) -> str:
    return TUNING.replace("{options}", _JOINED[dialect])
