"""`bench findings`: the page is made of the database, and known to be stale when the database has gone on."""

from __future__ import annotations

from pathlib import Path

from bench.store import Store
from tests.cli.conftest import Bench
from tests.store.build import cell, fill, run


def test_the_page_has_every_claim_and_what_is_missing(folder: Path, bench: Bench) -> None:
    with Store.open("results.db") as store:
        fill(store, [cell("none", 0)], [run("none/0/0"), run("none/0/1")])
    claims = bench("claims", "--json").json["claims"]
    assert bench("findings").code == 0
    page = Path("FINDINGS.md").read_text(encoding="utf-8").replace("\\_", "_")
    assert all(f"## {one['title']}" in page for one in claims)
    assert page.count("no such runs yet") >= 20
    assert len([line for line in page.splitlines() if line.startswith("- ")]) == len(claims) + 1
    assert page.endswith("- penguins, profile full: 1 run\n")


def test_a_stale_page_is_told(folder: Path, bench: Bench) -> None:
    with Store.open("results.db") as store:
        fill(store, [cell("none", 0)], [run("none/0/0")])
    assert bench("findings", "--check").code == 1
    assert bench("findings").code == 0
    assert bench("findings", "--check").code == 0
    with Store.open("results.db") as store:
        fill(store, [cell("none", 0)], [run("none/0/1")])
    assert bench("findings", "--check").code == 1
    assert bench("findings", "--db", "none.db").code == 2
    assert bench("findings", "--out", "no/such/folder.md").code == 2
