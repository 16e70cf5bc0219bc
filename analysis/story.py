"""FINDINGS.md: what holds of each project's story, written from the verdicts and the runs of a database alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from analysis.claims import VERDICTS, Project, Told, judge, read_claims, read_register, tell
from analysis.illustrations import Illustration, illustrations
from analysis.load import ask
from analysis.markup import markdown_text
from analysis.wording import count

_HEAD = """# Findings

Written by `bench findings` from the result database; nothing here is typed in. Each claim that a project published was
given a rule before the runs that judge it ([how](docs/claims.md)). Intervals are of 95 % over seeds; differences are
paired by seed. `bench claims CLAIM` tells one in full, with its runs and the SQL.
"""
_RUNS = """
select suite, profile, environment, count(*) as runs, count(distinct seed) as seeds,
       sum(case when status in ('failed', 'diverged') then 1 else 0 end) as lost
from results where standin = 0 group by suite, profile, environment order by suite, profile, environment
"""
_SUITES = "select distinct suite from results"
_MISSING = """
select suite.name as suite, suite.profile, count(distinct planned.key) as runs
from suite join cell on cell.suite_id = suite.id join planned on planned.cell_id = cell.id
where suite.is_current = 1 and not exists (
    select 1 from run where run.key = planned.key and run.status <> 'failed')
group by suite.name, suite.profile order by suite.name, suite.profile
"""


@dataclass(frozen=True)
class Story:
    """The page and its figures."""

    text: str
    pictures: tuple[Illustration, ...]


def story(database: str | Path, pictures: str) -> Story:
    """The whole page; `pictures` is the folder of its figures, as the page names it."""
    register, projects = read_register(), read_claims()
    told = [tell(one, register) for one in judge(database, projects)]
    shown = _illustrated(database, projects)
    parts = [_HEAD, verdicts(told)]
    for title, claims in groupby(told, key=lambda one: one.title):
        parts += _project(title, list(claims))
        for one in shown.get(title, ()):
            parts += ["", f"![{one.title}]({pictures}/{one.name}.svg)", "", f"*{_prose(one.caption)}*"]
    text = "\n".join([*parts, *_appendix(database)])
    return Story(text, tuple(one for of in shown.values() for one in of))


def _illustrated(database: str | Path, projects: Sequence[Project]) -> Mapping[str, Sequence[Illustration]]:
    """The figures of each project's suites, by its title."""
    there = set(ask(database, {"results": ("suite",)}, _SUITES)["suite"])
    found = {}
    for project in projects:
        named = dict.fromkeys(cell.suite for claim in project.claims for cell in claim.cells.values())
        found[project.title] = tuple(illustrations(database, [suite for suite in named if suite in there]))
    return found


def verdicts(told: Sequence[Told]) -> str:
    """How many claims of each project came out how, as a table."""
    titles = list(dict.fromkeys(one.title for one in told))
    return _table(["project", *VERDICTS], [_counts(told, title) for title in titles])


def _counts(told: Sequence[Told], title: str) -> list[str]:
    of = [one.verdict for one in told if one.title == title]
    return [title, *(str(of.count(verdict)) for verdict in VERDICTS)]


def _project(title: str, claims: Sequence[Told]) -> list[str]:
    decided = [one for one in claims if one.verdict != "untestable"]
    waiting = [one for one in claims if one.verdict == "untestable"]
    lines = [f"\n## {_prose(title)}\n", f"<{claims[0].link}>", *([""] if decided else [])]
    for one in decided:
        lines.append(f"- **{one.verdict}**: {_prose(one.statement)}")
        lines += [f"  - {words}: {_prose(text)}" for words, text in _details(one) if text]
    if waiting:
        lines.append("\nNot decided:\n")
        lines += [f"- {_prose(one.statement)} *{_prose(one.reason)}*{_prose(_so_far(one))}" for one in waiting]
    return lines


def _so_far(one: Told) -> str:
    """What was measured of a claim that is open."""
    numbers = [number for check in one.checks for number in check.numbers]
    return f" So far: {'; '.join(numbers)}." if numbers else ""


def _details(one: Told) -> list[tuple[str, str]]:
    ours = [("ours", f"{'; '.join(check.numbers)} ({check.outcome}; asked for: {check.asked})") for check in one.checks]
    rest = [("measured there", one.measured), ("because", one.because), ("explanation", one.explained)]
    return [("published", one.published), *ours, *rest, ("mind", one.standing)]


def _prose(text: str) -> str:
    """A text whose commands stay commands."""
    return markdown_text(text).replace("\\`", "`")


def _appendix(database: str | Path) -> list[str]:
    runs = ask(database, {"results": ("suite", "seed", "status")}, _RUNS).to_dict("records")
    missing = ask(database, {}, _MISSING).to_dict("records")
    made = [[str(row[name]) for name in ("suite", "profile", "environment", "runs", "seeds", "lost")] for row in runs]
    lines = [
        "\n## The runs\n",
        _table(["suite", "profile", "environment", "runs", "seeds", "failed or diverged"], made, words=3),
    ]
    lines.append("\n## What is missing\n")
    if not missing:
        lines.append("Every suite of which runs were made is complete.")
    lines += [f"- {row['suite']}, profile {row['profile']}: {count(int(row['runs']), 'run')}" for row in missing]
    return [*lines, ""]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    lines = [columns, [":--"] * words + ["--:"] * (len(columns) - words), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
