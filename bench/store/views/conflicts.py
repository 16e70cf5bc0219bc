"""Results of one run that do not agree, in words that need no row numbers."""

from __future__ import annotations

from bench.store.views.parts import stands

_PAIRS = {  # as with curves, the two databases have no common words for what is in a JSON text
    "sqlite": "json_each(conflict.differences) as pair",
    "postgresql": "json_each(conflict.differences::json) as pair(key, value)",
}
_IS_NUMBER = {
    "sqlite": "json_type(pair.value, '$[{0}]') in ('integer', 'real')",
    "postgresql": "json_typeof(pair.value -> {0}) = 'number'",
}
_TEXT = {"sqlite": "json_extract(pair.value, '$[{0}]')", "postgresql": "(pair.value ->> {0})"}


def conflicts(dialect: str) -> str:
    first, other = (
        f"case when {_IS_NUMBER[dialect].format(place)} "
        f"then cast({_TEXT[dialect].format(place)} as double precision) end"
        for place in (0, 1)
    )
    return f"""
select asked.suite, asked.profile, asked.data, asked.model, asked.method, asked.level, asked.target_sparsity,
       run.seed, run.key, environment.label as environment, pair.key as quantity,
       {first} as value, {other} as other_value, {other} - {first} as difference,
       case when not {_IS_NUMBER[dialect].format(0)}
            then {_TEXT[dialect].format(0)} || ' / ' || {_TEXT[dialect].format(1)} end as words,
       case when {stands("run")} then 'first' when {stands("other")} then 'other' else 'neither' end as shown,
       run.origin, other.origin as other_origin, pack.finished_at, other_pack.finished_at as other_finished_at,
       pack.session_id as session, other_pack.session_id as other_session, conflict.found_at
from conflict
join run on run.id = conflict.run_id
join run as other on other.id = conflict.other_id
join environment on environment.id = run.environment_id
join pack on pack.id = run.pack_id
join pack as other_pack on other_pack.id = other.pack_id
left join (
    select planned.key, suite.name as suite, suite.profile, cell.data, cell.model, cell.method, cell.level,
           cell.target_sparsity
    from suite
    join cell on cell.suite_id = suite.id
    join planned on planned.cell_id = cell.id
    where suite.is_current = 1
) as asked on asked.key = run.key
cross join {_PAIRS[dialect]}
"""
