"""`bench choose`: the run that fits best within limits, from the database alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.limits import limits_of
from bench.cli.output import STANDIN, console, counted, emit, say, table
from bench.cli.requests import DATABASE, name_of, only_of
from bench.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from analysis.candidates import Candidate
    from analysis.choosing import Choice, Limit
    from analysis.stats import Mean


def choose(
    suite: options.SuiteName,
    max_ms: Annotated[
        float | None, typer.Option(help="Most milliseconds for an answer, as `bench speed` measured.", metavar="MS")
    ] = None,
    max_bytes: Annotated[
        str | None, typer.Option(help="Most bytes, in the smallest form: 300k, 1.5M.", metavar="BYTES")
    ] = None,
    max_macs: Annotated[
        str | None, typer.Option(help="Most multiply-adds a sample that are left: 2M.", metavar="COUNT")
    ] = None,
    max_parameters: Annotated[
        str | None, typer.Option(help="Most parameters that are left: 20k.", metavar="COUNT")
    ] = None,
    min_accuracy: Annotated[
        str | None, typer.Option(help="Least accuracy, on validation data: 0.9 or 90%.", metavar="SHARE")
    ] = None,
    batch: Annotated[int, typer.Option(help="Samples answered at once, for --max-ms.", min=1)] = 1,
    threads: Annotated[
        int | None, typer.Option(help="Threads, for --max-ms; default: the quickest measured.", min=1)
    ] = None,
    profile: options.Profile = None,
    db: options.Database = DATABASE,
    only: options.Only = None,
    as_json: options.AsJson = False,
) -> int:
    """Choose the run of a suite that fits within limits: the best one, its neighbours, and what each limit costs.

    Accuracy is the mean over seeds on validation data; test accuracy is shown and decides nothing.
    """
    from analysis import load
    from analysis.candidates import problems
    from analysis.choosing import choose as chosen_of

    limits = limits_of(max_ms, max_bytes, max_macs, max_parameters, min_accuracy)
    name = name_of(suite)
    runs = load(db, name, profile, only_of(only))
    speeds = _speeds(db, suite, runs, batch, threads, needed=max_ms is not None)
    found = [chosen_of(problem, limits) for problem in problems(runs, speeds)]
    if not found:
        raise UserError(f"{name}: no run has an accuracy on validation data yet; `bench run {suite}` makes some")
    if as_json:
        emit({"limits": [asdict(limit) for limit in limits], "problems": [_plain(choice) for choice in found]})
    else:
        screen = console()
        for choice in found:
            _print(screen, choice)
    return codes.DONE if any(choice.chosen for choice in found) else codes.FAILED


def _speeds(
    database: str, suite: str, runs: pd.DataFrame, batch: int, threads: int | None, needed: bool
) -> pd.DataFrame:
    """The measured times of these runs, where several environments were measured in that of the latest."""
    from analysis.load import load_speeds

    speeds = load_speeds(database, name_of(suite))
    speeds = speeds[speeds["key"].isin(runs["key"])].drop_duplicates(["key", "environment", "form", "threads", "batch"])
    fitting = speeds[speeds["batch"] == batch]
    if threads is not None:
        fitting = fitting[fitting["threads"] == threads]
    if needed and fitting.empty:
        with_threads = f" and {counted(threads, 'thread')}" if threads else ""
        what = "" if speeds.empty else f" with batch {batch}{with_threads}"
        raise UserError(
            f"--max-ms: no speed of the suite {name_of(suite)} is measured{what} yet; `bench speed {suite}` does it"
        )
    if fitting.empty:
        return fitting
    latest = fitting.sort_values("measured_at")["environment"].iloc[-1]
    found: pd.DataFrame = fitting[fitting["environment"] == latest]
    return found


def _print(screen: Console, choice: Choice) -> None:
    from analysis.stage import NOTICE

    problem = choice.problem
    say(screen)
    say(screen, f"{problem.data}: suite {problem.suite}, profile {problem.profile}", "bold")
    say(screen, problem.environment, "dim")
    if problem.standin:
        say(screen, "STAND-IN DATA: these are not results of the real data set", STANDIN)
    measured = next((one.timing for one in problem.candidates if one.timing), None)
    if all(one.test is None for one in problem.candidates):
        say(screen, NOTICE, "yellow")
    if measured:
        say(screen, f"times with batch {measured.batch}: {measured.environment}", "dim")
    say(screen, _outcome(choice))
    rows = _rows(choice)
    if rows:
        _table(screen, choice, rows)
    for line in _lines(choice):
        say(screen, line)
    say(
        screen,
        "Chosen by the mean over seeds on validation data, 95 % intervals; sizes are of the largest seed, the run is "
        "that of the best.",
        "dim",
    )


def _outcome(choice: Choice) -> str:
    count = counted(len(choice.problem.candidates), "cell")
    if not choice.limits:
        return f"no limits: the best of {count}"
    bounds = ", ".join(_bound(limit) for limit in choice.limits)
    if choice.chosen is None:
        return f"{bounds}: none of {count} fits"
    return f"{bounds}: {choice.fitting:,} of {count} fit"


def _bound(limit: Limit) -> str:
    words = {"ms": "ms", "bytes": "B", "macs": " multiply-adds", "parameters": " parameters"}
    if limit.of == "accuracy":
        return f"at least {100 * limit.bound:.4g} % right"
    if limit.of == "ms":
        return f"at most {limit.bound:g} ms"
    return f"at most {_short(limit.bound)}{words[limit.of]}"


def _rows(choice: Choice) -> list[tuple[str, Candidate]]:
    named = [
        ("fits best", choice.chosen),
        ("better, larger", choice.larger),
        ("smaller", choice.smaller),
        ("nearest", choice.nearest),
        *((f"without {price.limit.option}", price.without) for price in choice.prices),
    ]
    return [(name, one) for name, one in named if one is not None and (one != choice.chosen or name == "fits best")]


def _table(screen: Console, choice: Choice, rows: Sequence[tuple[str, Candidate]]) -> None:
    """Two lines a row, so that all of it fits into a usual terminal."""
    from analysis.wording import percent

    several = len({one.model for one in choice.problem.candidates}) > 1
    timed = any(one.timing for _, one in rows)
    usual = max(one.validation.n for one in choice.problem.candidates)
    columns = ["", "run", "method", "validation %", "test %", "stored", "MACs", *(["ms"] if timed else [])]
    lines = []
    for name, one in rows:
        broken = ", ".join(limit.of for limit in choice.broken(one))
        line = [f"{name}\n(beyond {broken})" if broken else name, one.run]
        place = f"{one.model}, {percent(one.target_sparsity)}" if several else percent(one.target_sparsity)
        line += [f"{one.method}\n{place}", _accuracy(one.validation, usual), _accuracy(one.test, usual)]
        line += [f"{_short(one.bytes)}B\n{one.stored_as}" if one.bytes is not None else "?", _short(one.macs)]
        lines.append([*line, *([_milliseconds(one)] if timed else [])])
    screen.print(table(columns, lines, right=["validation %", "test %", "stored", "MACs", "ms"]))


def _lines(choice: Choice) -> list[str]:
    """What each limit costs, in words."""
    lines = []
    for price in choice.prices:
        ruled = f"{price.limit.option} rules out {counted(price.excluded, 'cell')}"
        if price.unmeasured:
            mend = f" (`bench speed {choice.problem.suite}` does it)" if price.limit.of == "ms" else ""
            ruled += f", {price.unmeasured:,} of them not measured{mend}"
        if price.without is None:
            lines.append(f"{ruled}; without it nothing fits either")
        elif choice.chosen is None:
            lines.append(f"{ruled}; without it {price.without.run} would fit")
        elif price.without == choice.chosen:
            others = ", as long as the others hold" if len(choice.prices) > 1 else ""
            lines.append(f"{ruled}, and costs nothing: the choice is the same without it{others}")
        else:
            lines.append(f"{ruled}, and costs {_gain(price.without, choice.chosen)}")
    if choice.larger and choice.chosen:
        lines.append(f"the next larger one is better by {_gain(choice.larger, choice.chosen)}")
    return lines


def _gain(better: Candidate, chosen: Candidate) -> str:
    """By how many points, over the seeds that both have."""
    difference = better.better_by(chosen)
    if difference is None:
        return f"{100 * (better.accuracy - chosen.accuracy):.2f} points"
    if difference.low is None or difference.high is None:
        return f"{100 * difference.mean:.2f} points"
    return f"{100 * difference.mean:.2f} points [{100 * difference.low:.2f}, {100 * difference.high:.2f}]"


def _accuracy(mean: Mean | None, usual: int) -> str:
    """The mean and how far its interval reaches; the number of seeds where others have more."""
    if mean is None:
        return ""
    lines = [f"{100 * mean.mean:.1f}"]
    if mean.low is not None and mean.high is not None:
        lines.append(f"± {100 * max(mean.high - mean.mean, mean.mean - mean.low):.1f}")
    if mean.n < usual:
        lines.append(f"{mean.n} of {counted(usual, 'seed')}")
    return "\n".join(lines)


def _milliseconds(candidate: Candidate) -> str:
    timing = candidate.timing
    if timing is None:
        return "?"
    threads = f", {counted(timing.threads, 'thread')}" if timing.threads else ""
    return f"{timing.milliseconds:.3g}\n{timing.form}{threads}"


def _short(value: float | None) -> str:
    """1,234 as 1.23 k, with the letter beside the unit that follows."""
    if value is None:
        return "?"
    for letter, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.0f} "


def _plain(choice: Choice) -> dict[str, Any]:
    """Everything of the answer, for JSON."""
    problem = choice.problem
    names = ("suite", "profile", "data", "standin", "environment")
    return {
        **{name: getattr(problem, name) for name in names},
        "candidates": len(problem.candidates),
        "fitting": choice.fitting,
        "axis": choice.axis,
        **{name: _candidate(choice, getattr(choice, name)) for name in ("chosen", "larger", "smaller", "nearest")},
        "limits": [
            {
                "of": price.limit.of,
                "bound": price.limit.bound,
                "excluded": price.excluded,
                "unmeasured": price.unmeasured,
                "without": _candidate(choice, price.without),
            }
            for price in choice.prices
        ],
    }


def _candidate(choice: Choice, candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    difference = candidate.better_by(choice.chosen) if choice.chosen else None
    return asdict(candidate) | {
        "run": candidate.run,
        "breaks": [limit.of for limit in choice.broken(candidate)],
        "better_by": asdict(difference) if difference else None,
    }
