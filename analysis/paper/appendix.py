"""The appendix: everything that somebody needs who wants to do the same, and everything that went wrong."""

from __future__ import annotations

import json
import re

import pandas as pd

from analysis import inventory
from analysis.cube import COUNTING, FINAL
from analysis.markup import tex
from analysis.paper.facts import Facts, flat
from analysis.paper.latex import ROOM, Group, section, table, words
from analysis.paper.references import Bibliography
from analysis.paper.settings import settings
from analysis.wording import count, listing, natural, number, percent

PROBLEM = ["data", "model"]
_PLACE_ON_A_DISK = re.compile(r",? from (/|~|[A-Za-z]:\\).*$")  # where somebody's copy lies is nobody's business


def appendix(facts: Facts, runs: pd.DataFrame, bibliography: Bibliography) -> str:
    """All of its sections, as a file that a paper inputs."""
    sections = (
        section("Methods", _methods(facts, bibliography)),
        section("Settings", _networks(facts, bibliography), settings(facts)),
        section("Data", _data(facts, bibliography), _splits(facts)),
        section("Tuning", _tuning(facts)),
        section("Compute", *_compute(runs)),
        section("Runs that failed, diverged or collapsed", _failures(runs)),
        section("Environment", *_environment(facts, runs)),
    )
    return "\n".join(["% needs array, booktabs, longtable and url", ROOM, r"\appendix", *sections])


def _methods(facts: Facts, bibliography: Bibliography) -> str:
    """Each method with its options, and the references of it and of its score."""
    lines = []
    for label, cells in facts.cells.groupby("method", sort=False):
        first = cells.iloc[0]
        name, score = str(first["method_name"]), str(first["settings"]["prune"]["score"]["name"])
        known = "" if str(label).startswith(name) else f" ({name})"
        prunes = any(settings["prune"]["layers"] for settings in cells["settings"])
        by = rf", score {tex(score)}{bibliography.cite(('score', score))}" if prunes else ""
        options = flat(first["options"])
        told = listing(f"{option} {value}" for option, value in options.items()) if options else "no options"
        cited = bibliography.cite(("method", name))
        lines.append(rf"  \item[{{{tex(str(label))}}}]{tex(known)}{cited} {tex(told)}{by}.")
    return "\n".join([r"\begin{description}\raggedright\setlength{\itemsep}{0pt}", *lines, r"\end{description}"])


def _networks(facts: Facts, bibliography: Bibliography) -> str:
    """The references of networks and initialisations; the settings themselves are in the table below."""
    named = []
    for kind, part in (("network", "model"), ("initialisation", "initialisation")):
        for name in sorted({str(one[part]["name"]) for one in facts.cells["settings"]}, key=natural):
            named.append(f"{tex(name)}{bibliography.cite((kind, name))}")
    return f"Networks and initialisations: {listing(named)}."


def _data(facts: Facts, bibliography: Bibliography) -> str:
    rows = []
    for name, cells in facts.cells.groupby("data", sort=False):
        for text in dict.fromkeys(json.dumps(one["data"], sort_keys=True) for one in cells["settings"]):
            data = json.loads(text)
            counts = data["counts"]
            numbers = [f"{counts[part]:,}" if part in counts else "" for part in ("train", "validation", "test")]
            options = ", ".join(f"{option} {value}" for option, value in flat(data["options"]).items())
            source = _PLACE_ON_A_DISK.sub("", str(data["source"]))
            rows.append((str(name), source, options or "none", str(data["fingerprint"]), *numbers))
    names = sorted({str(one["data"]["name"]) for one in facts.cells["settings"]}, key=natural)
    cited = [f"{tex(name)}{bibliography.cite(('dataset', name))}" for name in names]
    numeric = ("training", "validation", "test")
    caption = "Samples for each purpose. The fingerprint is of the source, its preparation and version."
    made = table(("data", "from", "options", "fingerprint", *numeric), [Group("", tuple(rows))], caption, numeric)
    return f"Data sets: {listing(cited)}.\n\n{made}"


def _splits(facts: Facts) -> str:
    """Which samples are in which part, as hashes by seed."""
    if facts.splits.empty:
        return "No split was recorded."
    rows = []
    for data, splits in facts.splits.groupby("data", sort=False):
        for split, group in splits.groupby("split_hash", sort=False):
            rows.append((str(data), _ranges(sorted({int(seed) for seed in group["seed"]})), str(split)))
    caption = "The split that each seed has, by the hash of its indices."
    return table(("data", "seeds", "split"), [Group("", tuple(rows))], caption)


def _ranges(seeds: list[int]) -> str:
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
    return table(columns, [Group("", tuple(rows))], caption, ("trials", "steps"))


def _compute(runs: pd.DataFrame) -> tuple[str, ...]:
    final = runs[runs["status"].isin(FINAL)]
    groups, several = [], final["environment"].nunique() > 1
    for (data, model, environment), here in final.groupby([*PROBLEM, "environment"], sort=False):
        rows = tuple(
            (
                str(method),
                f"{len(group):,}",
                *(_mean(group[name]) for name in ("steps_alone", "flops_alone", "seconds")),
            )
            for method, group in here.groupby("method", sort=False)
        )
        groups.append(Group(f"{data}, {model}" + (f"; {environment}" if several else ""), rows))
    caption = (
        "What a run costs in the mean over levels and seeds: the training steps and operations that it would take"
        " alone, and the wall time that fell to it here, where trainings that begin alike were made once."
    )
    total = (
        f"All {count(len(final), 'run')} would have taken {_sum(final['steps_alone'])} training steps alone and took"
        f" {_sum(final['steps_shared'])} together, in {_duration(float(final['seconds'].sum()))}."
    )
    numeric = ("runs", "steps alone", "FLOPs alone", "seconds")
    return tex(total), table(("method", *numeric), groups, caption, numeric)


def _mean(values: pd.Series[float]) -> str:
    known = values.dropna()
    if known.empty:
        return ""
    mean = float(known.mean())
    return number(mean, 2 if mean < 100 and not mean.is_integer() else 0) if mean < 1e7 else _power(mean)


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _sum(values: pd.Series[float]) -> str:
    return f"{values.sum():,.0f}"


def _duration(seconds: float) -> str:
    hours = seconds / 3600
    if seconds < 60:
        return count(round(seconds), "second")
    return f"{number(hours, 1)} hours" if hours >= 1 else f"{number(seconds / 60, 1)} minutes"


def _failures(runs: pd.DataFrame) -> str:
    sheet = inventory.failures(runs)
    if not sheet.rows:
        counting = int(runs["status"].isin(COUNTING).sum())
        return f"None of {count(counting, 'run')} failed, diverged or collapsed."
    wanted = ("data", "network", "method", "how it ended", "reason", "sparsity", "seeds", "runs")
    places = [sheet.columns.index(name) for name in wanted]
    rows = tuple(tuple(row[place] for place in places) for row in sheet.rows)
    caption = (
        "Collapsed runs (a layer lost all of its weights) are in the means, those that diverged or failed in none."
    )
    return table(wanted, [Group("", rows)], caption, ("runs",))


def _environment(facts: Facts, runs: pd.DataFrame) -> tuple[str, ...]:
    places = sorted({str(name) for name in runs["environment"]}, key=natural)
    lead = f"Results of {count(len(places), 'environment')}, never averaged over: {listing(places)}."
    versions: dict[str, set[str]] = {}
    for _, row in facts.sessions.iterrows():
        versions.setdefault("Python", set()).add(str(row["python"]))
        for name, version in json.loads(row["packages"]).items():
            versions.setdefault(str(name), set()).add(str(version))
        if row["code_commit"]:
            changed = ", with changes of the code" if row["dirty_code"] == 1 else ""
            versions.setdefault("commit of the code", set()).add(f"{row['code_commit']}{changed}")
    rows = tuple((name, listing(sorted(found, key=natural))) for name, found in versions.items())
    last = f"The suite file stands beside this appendix as suite.yaml; the hash of its content is {facts.hash}."
    made = table(("software", "version"), [Group("", rows)], "With what the runs were made.") if rows else ""
    return tex(lead), made, words(last)
