"""`bench claims`: verdicts in the terminal, as JSON and as tables."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

from tests.analysis.generate import Simulation, database
from tests.cli.conftest import Bench, environment
from tests.cli.test_looking import LIGHT

RULES = """\
project: ours
title: Our claims
link: https://example.org
claims:
  - id: tickets-beat-one-shot
    statement: Tickets beat one-shot pruning at 98 %.
    where: abstract
    published: [{what: points, value: 2.5}]
    registered: 2026-11-01
    cells:
      ticket: {suite: mnist, method: lottery, sparsity: 0.98}
      one-shot: {suite: mnist, method: one-shot, sparsity: 0.98}
    checks:
      - {difference: [ticket, one-shot], value: test_accuracy, expect: {above: 0.01}, seeds: 3, reason: a point is seen}
  - id: faces
    statement: It works on faces.
    where: readme
    registered: 2026-11-01
    untestable: the photos are not to be had
"""


def prepared(folder: Path) -> None:
    database(folder / "results.db", Simulation())
    (folder / "mine.yaml").write_text(RULES, encoding="utf-8")


def test_verdicts_have_their_numbers(folder: Path, bench: Bench) -> None:
    prepared(folder)
    answer = bench("claims", "--rules", "mine.yaml")
    assert answer.code == 0
    assert "verdict: reproduced" in answer.out
    assert "ours: ticket − one-shot: +" in answer.out
    assert "n = 5" in answer.out
    assert "verdict: untestable: the photos are not to be had" in answer.out
    assert "1 reproduced, 1 untestable" in answer.out
    (first, second) = bench("claims", "--rules", "mine.yaml", "--json").json["claims"]
    assert (first["verdict"], second["verdict"]) == ("reproduced", "untestable")
    assert len(first["checks"][0]["runs"]) == 10
    assert first["checks"][0]["sql"][0].startswith("select environment, seed, key")


def test_one_is_told_in_full(folder: Path, bench: Bench) -> None:
    prepared(folder)
    answer = bench("claims", "tickets-beat-one-shot", "--rules", "mine.yaml")
    assert "check: holds; asked for: above 1 points, of at least 3 seeds" in answer.out
    assert "SQL: select environment, seed, key, status, finished_at, test_accuracy from results" in answer.out
    assert "margin: a point is seen" in answer.out
    assert "written down 2026-11-01" in answer.out
    assert "faces" not in answer.out
    wrong = bench("claims", "tickets-beat", "--rules", "mine.yaml")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("claims: 'tickets-beat' is no claim and no project; did you mean")


def test_tables_are_written(folder: Path, bench: Bench) -> None:
    prepared(folder)
    assert bench("claims", "--rules", "mine.yaml", "--out", "tables").code == 0
    rows = list(csv.DictReader((folder / "tables" / "claims.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["verdict"] for row in rows] == ["reproduced", "untestable"]
    assert (folder / "tables" / "verdicts.tex").read_text().count(r"\toprule") == 1


def test_our_own_claims_say_what_is_missing(folder: Path, bench: Bench) -> None:
    database(folder / "results.db")
    told = bench("claims", "--json").json["claims"]
    assert len(told) > 30
    assert {one["verdict"] for one in told} == {"untestable"}
    assert all(one["reason"] for one in told)
    assert not any(one["standing"] for one in told)


def test_a_broken_file_is_bad_input(folder: Path, bench: Bench) -> None:
    prepared(folder)
    (folder / "mine.yaml").write_text(RULES.replace("seeds: 3", "seeds: none"), encoding="utf-8")
    answer = bench("claims", "--rules", "mine.yaml")
    assert answer.code == 2
    assert answer.err.startswith("mine.yaml:14: claims.0.checks.0.seeds: input should be a valid integer")
    assert bench("claims", "--rules", "none.yaml").err == (
        "none.yaml: cannot be read: No such file or directory; give a file of claims\n"
    )
    assert bench("claims", "--db", "none.db").code == 2


def test_it_does_not_load_torch(folder: Path) -> None:
    database(folder / "results.db", Simulation())
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, "claims"], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
