"""The published claims of a report: what the rules say of its runs, with a way back to them."""

import re
from pathlib import Path

import pytest

from analysis import write_report
from analysis.claims import read_claims
from analysis.report import verdicts
from tests.analysis.generate import database
from tests.analysis.test_claims import CLAIM, HEAD, TICKETS, check

CLAIMS = (
    CLAIM
    + check("difference: [ticket, one-shot]", "above: 0.001")
    + check("mean: dense", "above: 0.5", seeds=2)
    + CLAIM.replace("lottery-beats-one-shot", "of-many-seeds").replace("Tickets beat", "With many seeds tickets beat")
    + check("difference: [ticket, one-shot]", "above: 0.001", seeds=50)
    + check("mean: dense", "above: 0.5", seeds=2)
)


@pytest.fixture
def claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text(HEAD + CLAIMS)
    monkeypatch.setattr(verdicts, "read_claims", lambda: read_claims([tmp_path / "mine.yaml"]))


def section(page: Path) -> str:
    found = re.search(r'<section aria-labelledby="claims">.*?</section>', page.read_text(), re.DOTALL)
    return re.sub(r"\s+", " ", found[0]) if found else ""


@pytest.mark.usefixtures("claims")
def test_a_page_has_verdict_numbers_runs_and_sql(tmp_path: Path) -> None:
    files = write_report(database(tmp_path / "r.db", TICKETS), tmp_path / "report", figures=["ranks"])
    shown = section(files[0])
    assert "2 published claims judged by these runs: 1 reproduced and 1 untestable." in shown
    assert "reproduced</span> Tickets beat one-shot pruning." in shown
    assert re.search(r"Ours: ticket − one-shot: \+[\d.]+ points \[\+[\d.]+, \+[\d.]+\], n = 8", shown)
    assert re.search(r'<a href="#mnist-[^"]+">mnist, lenet-300-100, suite mnist</a>', shown)
    assert "With many seeds tickets beat one-shot pruning. <span" in shown
    assert "not enough seeds: 8 of at least 50" in shown
    assert "from results where suite = &#39;mnist&#39;" in shown
    assert {"claims.csv", "verdicts.tex"} <= {file.name for file in files}


@pytest.mark.usefixtures("claims")
def test_of_a_part_of_the_runs_nothing_is_judged(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", TICKETS)
    part = write_report(path, tmp_path / "report", only={"seed": ["0"]}, figures=["ranks"])
    assert section(part[0]) == ""
    assert "claims.csv" not in {file.name for file in part}


def test_suites_of_which_nobody_claims_anything_have_no_section(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", TICKETS)
    assert section(write_report(path, tmp_path / "report", figures=["ranks"])[0]) == ""
