"""`bench claims`: what others claimed, and whether the runs in the database bear it out. It needs no PyTorch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import cards, console, emit, say
from bench.cli.requests import DATABASE
from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from analysis.claims import Judgement, Project, Told
    from analysis.claims.telling import ToldCheck


def claims(
    which: Annotated[
        str | None,
        typer.Argument(metavar="CLAIM", help="One claim or project, told in full; default: all.", show_default=False),
    ] = None,
    db: options.Database = DATABASE,
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", help="Your own file of claims in place of ours; several times.", metavar="FILE"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the table as Markdown, LaTeX and CSV into this folder.", metavar="DIR")
    ] = None,
    as_json: options.AsJson = False,
) -> int:
    """Judge published claims by the runs that are in the database, each by a rule that was written down before.

    An interval that lies wholly where the rule wants it decides; docs/claims.md says how.
    """
    from analysis.claims import judge, read_claims, read_register, tell

    projects = _chosen(read_claims(rules), which)
    register = read_register()
    judgements = judge(db, projects)
    told = [tell(one, register) for one in judgements]
    if out is not None:
        _write(judgements, out)
    if as_json:
        emit({"claims": [asdict(one) for one in told]})
        return codes.DONE
    screen = console()
    for project in projects:
        here = [one for one in told if one.project == project.project]
        say(screen, project.title, "bold")
        say(screen, project.link, "dim")
        screen.print(cards((one.id, _in_full(one) if which else _in_short(one)) for one in here))
    _count(screen, told)
    return codes.DONE


def _chosen(projects: Sequence[Project], which: str | None) -> list[Project]:
    """All projects, or the one that is asked for, with all of its claims or one."""
    if which is None:
        return list(projects)
    whole = [project for project in projects if project.project == which]
    single = [
        project.model_copy(update={"claims": tuple(claim for claim in project.claims if claim.id == which)})
        for project in projects
        if any(claim.id == which for claim in project.claims)
    ]
    if not whole and not single:
        known = [project.project for project in projects] + [one.id for project in projects for one in project.claims]
        raise UserError(f"claims: {which!r} is no claim and no project; {nearest(which, known)}")
    return whole or single


def _in_short(told: Told) -> list[tuple[str, str]]:
    lines = [("", told.statement), ("published", told.published), ("verdict", _verdict(told))]
    lines += [("ours", number) for check in told.checks for number in check.numbers]
    lines += [("measured there", told.measured), ("mind", told.standing)]
    return [(heading, text) for heading, text in lines if text]


def _verdict(told: Told) -> str:
    return f"{told.verdict}: {told.reason}" if told.reason else told.verdict


def _in_full(told: Told) -> list[tuple[str, str]]:
    lines = [("", told.statement), ("where", told.where), ("published", told.published)]
    lines += [("measured there", told.measured), ("because", told.because), ("verdict", _verdict(told))]
    for check in told.checks:
        lines += _check(check, "check")
    if told.shown_by:
        lines.append(("explanation", told.explained))
    for check in told.shown_by:
        lines += _check(check, "replay")
    lines.append(("rule", f"{told.rule}, written down {told.registered}"))
    if told.first_run:
        lines.append(("runs", f"finished {told.first_run} to {told.last_run}"))
    lines.append(("mind", told.standing))
    return [(heading, text) for heading, text in lines if text]


def _check(check: ToldCheck, heading: str) -> list[tuple[str, str]]:
    lines = [(heading, f"{check.outcome}; asked for: {check.asked}"), ("  ours", "; ".join(check.numbers))]
    lines += [("  margin", check.why), ("  left out", check.lost), ("  where", check.environment)]
    return [*lines, *(("  SQL", " ".join(sql.split())) for sql in check.sql)]


def _count(screen: Console, told: Sequence[Told]) -> None:
    numbers = Counter(one.verdict for one in told)
    say(screen, ", ".join(f"{number} {verdict}" for verdict, number in numbers.most_common()), "bold")
    say(screen, "bench claims CLAIM tells one in full, with its rule, its runs and the SQL", "dim")


def _write(judgements: Sequence[Judgement], out: Path) -> None:
    from analysis.claims import read_register, sheets
    from analysis.report.folder import Folder

    folder = Folder(out)
    for sheet in sheets(judgements, read_register()):
        folder.write(f"{sheet.name}.md", sheet.to_markdown())
        folder.write(f"{sheet.name}.tex", sheet.to_latex())
        folder.write(f"{sheet.name}.csv", sheet.to_csv())
    folder.finish()
