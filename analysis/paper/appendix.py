"""The appendix: everything that somebody needs who wants to do the same, and everything that went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis import inventory
from analysis.cube import COUNTING, FINAL
from analysis.markup import tex
from analysis.paper.facts import Facts, flat
from analysis.paper.latex import long_table, section, words
from analysis.paper.references import Bibliography
from analysis.sheet import Sheet
from analysis.wording import count, listing, natural, number, percent

PROBLEM = ["data", "model"]


def appendix(facts: Facts, runs: pd.DataFrame, bibliography: Bibliography) -> str:
    """All of its sections, as a file that a paper inputs."""
    sections = (
        section("Methods", _methods(facts, bibliography)),
        section("Settings", _settings(facts)),
        section("Data", _data(facts, bibliography), _splits(facts)),
        section("Tuning", _tuning(facts)),
        section("Compute", *_compute(runs)),
        section("Runs that failed, diverged or collapsed", _failures(runs)),
        section("Environment", *_environment(facts, runs)),
    )
    return "\n".join(["% needs booktabs, longtable, array and url", r"\appendix", *sections])


def _methods(facts: Facts, bibliography: Bibliography) -> str:
    """Each method with its options, its settings for pruning and its reference."""
    lines = []
    for label, cells in facts.cells.groupby("method", sort=False):
        first = cells.iloc[0]
        named = "" if first["method_name"] == label else f" ({first['method_name']})"
        cited = bibliography.cite(("method", str(first["method_name"])))
        options = flat(first["options"])
        told = listing(f"{name} {value}" for name, value in options.items()) if options else "no options"
        lines.append(rf"  \item[{{{tex(str(label))}}}]{tex(named)}{cited}: {tex(told)}.")
    return "\n".join([r"\begin{description}\raggedright", *lines, r"\end{description}"])


def _settings(facts: Facts) -> str:
    """For each problem what all methods have in common, then what one has for itself."""
    rows: list[tuple[str, str, str]] = []
    for (data, model), cells in facts.cells.groupby(PROBLEM, sort=False):
        told = {str(row["method"]): flat(_shown(row["settings"])) for _, row in cells.iterrows()}
        common = _common(told.values())
        where = f"{data}, {model}"
        rows += [(where, name, value) for name, value in common.items()]
        for method, lines in told.items():
            own = {name: value for name, value in lines.items() if common.get(name) != value}
            rows += [(f"{where}: {method}", name, value) for name, value in own.items()]
    shown = [
        (where if place == 0 or rows[place - 1][0] != where else "", *rest) for place, (where, *rest) in enumerate(rows)
    ]
    caption = (
        "Every setting, also where it was left at its default; what a method has for itself stands below its name."
        " The rates of single layers at each level are in the database."
    )
    return long_table(("where", "setting", "value"), shown, (0.36, 0.36, 0.28), caption)


def _shown(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what another section tells, and what moves with the level."""
    told = {name: value for name, value in settings.items() if name != "data"}
    return told | {"prune": {name: value for name, value in settings["prune"].items() if name != "layers"}}


def _common(told: Iterable[Mapping[str, str]]) -> dict[str, str]:
    first, *others = told
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _data(facts: Facts, bibliography: Bibliography) -> str:
    rows = []
    for name, cells in facts.cells.groupby("data", sort=False):
        data = cells.iloc[0]["settings"]["data"]
        counts = data["counts"]
        numbers = [f"{counts[part]:,}" if part in counts else "" for part in ("train", "validation", "test")]
        options = ", ".join(f"{option} {value}" for option, value in flat(data["options"]).items())
        rows.append((str(name), str(data["source"]), options or "none", data["fingerprint"], *numbers))
    cited = [
        bibliography.cite(("dataset", kind))
        for kind in sorted({one["data"]["name"] for one in facts.cells["settings"]})
    ]
    lead = f"The data{''.join(cited)}:" if any(cited) else ""
    columns = ("data", "from", "options", "fingerprint", "training", "validation", "test")
    caption = (
        "The data, and how many samples are for what. The fingerprint is of the source, its preparation and version."
    )
    return lead + "\n\n" + long_table(columns, rows, (0.13, 0.2, 0.16, 0.21, 0.1, 0.11, 0.09), caption, numeric=3)


def _splits(facts: Facts) -> str:
    """Which samples are in which part, as hashes by seed."""
    if facts.splits.empty:
        return "No split was recorded."
    rows = []
    for data, splits in facts.splits.groupby("data", sort=False):
        by_hash = splits.groupby("split_hash", sort=False)["seed"].apply(
            lambda seeds: sorted({int(seed) for seed in seeds})
        )
        rows += [(str(data), _ranges(seeds), str(split)) for split, seeds in by_hash.items()]
    return long_table(
        ("data", "seeds", "split"), rows, (0.25, 0.2, 0.55), "The split that each seed has, by the hash of its indices."
    )


def _ranges(seeds: Sequence[int]) -> str:
    """0 to 4, 7."""
    spans: list[list[int]] = []
    for seed in seeds:
        if spans and seed == spans[-1][-1] + 1:
            spans[-1].append(seed)
        else:
            spans.append([seed])
    return ", ".join(str(span[0]) if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in spans)


def _tuning(facts: Facts) -> str:
    if facts.studies.empty:
        return "The database has no search for settings of this suite: each method has the options of the suite file."
    rows = [
        (
            *(str(row[name]) for name in ("data", "model", "method_name")),
            "all" if pd.isna(row["target_sparsity"]) else percent(float(row["target_sparsity"])),
            str(row["objective"]),
            f"{number(float(row['budget']), 0)} {row['budget_unit']}",
            f"{int(row['trials']):,}",
            f"{int(row['steps']):,}",
        )
        for _, row in facts.studies.iterrows()
    ]
    columns = ("data", "network", "method", "sparsity", "objective", "budget", "trials", "steps")
    caption = "What was tuned, always on validation data: what a search was given, and what it took."
    return long_table(columns, rows, (0.12, 0.17, 0.16, 0.1, 0.12, 0.12, 0.08, 0.13), caption, numeric=2)


def _compute(runs: pd.DataFrame) -> tuple[str, ...]:
    final = runs[runs["status"].isin(FINAL)]
    rows = []
    for (data, model, _), here in final.groupby([*PROBLEM, "environment"], sort=False):
        for method, group in here.groupby("method", sort=False):
            rows.append(
                (
                    f"{data}, {model}",
                    str(method),
                    _device(group),
                    f"{len(group):,}",
                    *(_mean(group[name]) for name in ("steps_alone", "flops_alone", "seconds")),
                )
            )
    columns = ("problem", "method", "device", "runs", "steps alone", "FLOPs alone", "seconds")
    caption = (
        "What a run costs in the mean over levels and seeds: the training steps and operations that it would take"
        " alone, and the wall time that fell to it here, where trainings that begin alike were made once."
    )
    total = (
        f"All {count(len(final), 'run')} would have taken {_sum(final['steps_alone'])} training steps alone and took"
        f" {_sum(final['steps_shared'])} together, in {_duration(float(final['seconds'].sum()))}."
    )
    return tex(total), long_table(columns, rows, (0.2, 0.23, 0.17, 0.07, 0.11, 0.11, 0.11), caption, numeric=4)


def _device(runs: pd.DataFrame) -> str:
    return listing(sorted({str(name) for name in runs["device"]}))


def _mean(values: pd.Series[float]) -> str:
    known = values.dropna()
    if known.empty:
        return ""
    mean = float(known.mean())
    return number(mean, 2 if mean < 100 else 0) if mean < 1e7 else _power(mean)


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _sum(values: pd.Series[float]) -> str:
    return f"{values.sum():,.0f}"


def _duration(seconds: float) -> str:
    hours = seconds / 3600
    return f"{number(hours, 1)} hours" if hours >= 1 else f"{number(seconds / 60, 1)} minutes"


def _failures(runs: pd.DataFrame) -> str:
    sheet: Sheet = inventory.failures(runs)
    if not sheet.rows:
        counting = int(runs["status"].isin(COUNTING).sum())
        return f"None of {count(counting, 'run')} failed, diverged or collapsed."
    wanted = ("data", "network", "method", "how it ended", "reason", "sparsity", "seeds", "runs")
    places = [sheet.columns.index(name) for name in wanted]
    rows = [tuple(row[place] for place in places) for row in sheet.rows]
    caption = (
        "Collapsed runs (a layer lost all of its weights) are in the means; those that diverged or failed are in none."
    )
    return long_table(wanted, rows, (0.1, 0.14, 0.16, 0.1, 0.24, 0.11, 0.09, 0.06), caption, numeric=1)


def _environment(facts: Facts, runs: pd.DataFrame) -> tuple[str, ...]:
    places = sorted({str(name) for name in runs["environment"]}, key=natural)
    lead = f"Results of {count(len(places), 'environment')}, which are never averaged: {listing(places)}."
    packages: dict[str, set[str]] = {}
    for _, row in facts.sessions.iterrows():
        packages.setdefault("Python", set()).add(str(row["python"]))
        for name, version in json.loads(row["packages"]).items():
            packages.setdefault(str(name), set()).add(str(version))
        if row["code_commit"]:
            changed = " with changes of the code" if row["dirty_code"] == 1 else ""
            packages.setdefault("commit of the code", set()).add(f"{row['code_commit']}{changed}")
    rows = [(name, listing(sorted(versions, key=natural))) for name, versions in packages.items()]
    last = f"The suite file stands beside this appendix as suite.yaml; the hash of its content is {facts.hash}."
    table = long_table(("software", "version"), rows, (0.3, 0.7), "With what the runs were made.") if rows else ""
    return tex(lead), table, words(last)
