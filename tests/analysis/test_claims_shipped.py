"""The claims that come with the benchmark: each has a dated rule that stands in the register, on cells that are."""

from __future__ import annotations

import pytest

from analysis.claims import Claim, read_claims, read_register
from analysis.claims.reading import REGISTER, folder
from bench.suite import builtin_suites, read_suite
from bench.suite.values import Suite

PROJECTS = read_claims()
CLAIMS = {claim.id: claim for project in PROJECTS for claim in project.claims}


def test_five_projects_and_the_paper_are_there() -> None:
    assert {project.project for project in PROJECTS} == {
        *("prunet", "keras-pruning", "forai-challenge", "mlgroup", "lottery-ticket-pruner"),
        "lottery-ticket-hypothesis",
    }


@pytest.mark.parametrize("name", CLAIMS)
def test_a_rule_stands_in_the_register_as_it_is(name: str) -> None:
    """A rule that is mended gets another line there, with the day and the reason: nothing is changed unseen."""
    claim, entries = CLAIMS[name], read_register()[name]
    line = f"{name},{claim.rule},{claim.registered},WHY"
    assert entries[-1].rule == claim.rule, f"add to {REGISTER}, with the reason: {line}"
    assert entries[-1].registered == claim.registered.isoformat()
    assert all(entry.why for entry in entries)
    days = [entry.registered for entry in entries]
    assert days == sorted(days)


def test_the_register_has_no_rule_of_a_claim_that_is_gone() -> None:
    assert set(read_register()) == set(CLAIMS)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_in_our_own_words_and_is_decided_by_enough_seeds(name: str) -> None:
    claim = CLAIMS[name]
    assert not {*'"“”„'} & {*claim.statement}
    assert claim.statement.endswith(".")
    assert all(check.seeds >= 3 for check in (*claim.checks, *claim.shown_by))
    assert (claim.because is None) or claim.measured, "an explanation is of what was measured"


def _suites() -> dict[str, Suite]:
    known = builtin_suites()
    wanted = {cell.suite for claim in CLAIMS.values() for cell in claim.cells.values()}
    return {name: read_suite(name, components=False) for name in wanted if name in known}


@pytest.mark.parametrize("name", CLAIMS)
def test_its_cells_are_cells_of_the_suites(name: str) -> None:
    """A label that a suite has not would leave a claim untested for good without anybody seeing it."""
    suites = _suites()
    for cell in CLAIMS[name].cells.values():
        if cell.suite not in suites:
            continue
        specs = [
            spec
            for one in suites[cell.suite].problems
            for spec in one.methods
            if cell.protocol in (None, spec.protocol or one.protocol)
        ]
        if cell.method is not None:
            assert cell.method in {spec.label for spec in specs}
        if cell.method_name is not None:
            assert [spec.name for spec in specs].count(cell.method_name) == 1
        assert cell.profile == "full"


def test_files_are_where_the_package_has_them() -> None:
    assert {file.name for file in folder().iterdir()} == {
        *(f"{project.project}.yaml" for project in PROJECTS),
        REGISTER,
    }


def test_every_margin_has_its_reason() -> None:
    """Every check says why its margin is where it is, in words of its own."""
    reasons = [check.reason for claim in CLAIMS.values() for check in claim.checks]
    assert all(len(reason.split()) >= 4 for reason in reasons)


def test_claims_are_frozen() -> None:
    claim: Claim = next(iter(CLAIMS.values()))
    with pytest.raises(ValueError, match="frozen"):
        claim.statement = "Another."  # type: ignore[misc]
