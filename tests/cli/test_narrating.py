"""`bench findings`: the page is made of the database, and known to be stale when the database has gone on."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.frontpage import BEGIN, END
from bench.store import Store
from tests.cli.conftest import Bench
from tests.store.build import SUITE, cell, fill, run

SEEDS = tuple(range(10))


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


@pytest.fixture
def penguins(folder: Path) -> Path:
    """Ten seeds of the suites that the first screen and a project are told by."""
    with Store.open("results.db") as store:
        for name, model in (("penguins", "penguin-net"), ("mlgroup-penguins", "penguin-net (published)")):
            suite = replace(SUITE, name=name, metric="test_loss")
            cells = [
                replace(cell(method, level, SEEDS), data="penguins", model=model, protocol="published")
                for method, level in (("none", 0), ("one-shot", 1), ("lottery", 1))
            ]
            worth = {"none": 0.0, "one-shot": 0.3, "lottery": 0.1}
            runs = [
                run(key, 0.8, 0.5 + worth[key.split("/")[0]] + seed % 3 / 100)
                for one in cells
                for seed, key in one.seeds
            ]
            fill(store, cells, runs, suite=suite)
    return folder / "results.db"


def test_a_project_has_its_figures_beside_the_page(penguins: Path, bench: Bench) -> None:
    assert bench("findings", "--out", "pages/F.md").code == 2  # no such folder
    Path("pages").mkdir()
    assert bench("findings", "--out", "pages/F.md").code == 0
    page = Path("pages/F.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"^!\[.*\]\((.*)\)$", page, re.MULTILINE)
    picture = Path("pages") / link
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    assert picture.parent.resolve() == penguins.parent / "docs/pictures/findings"
    before = picture.read_bytes()
    (picture.parent / "old.svg").write_text("of an earlier time")
    assert bench("findings", "--out", "pages/F.md").code == 0
    assert [one.name for one in picture.parent.iterdir()] == [picture.name]
    assert picture.read_bytes() == before
    picture.unlink()
    told = bench("findings", "--out", "pages/F.md", "--check")
    assert told.code == 1
    assert f"{picture.name}: is not there" in told.out


def test_the_first_screen_stands_between_its_marks(penguins: Path, bench: Bench) -> None:
    page = Path("README.md")
    assert bench("findings", "--readme", "README.md").code == 2
    page.write_text("# Title\n", encoding="utf-8")
    answer = bench("findings", "--readme", "README.md")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    page.write_text(f"# Title\n\n{BEGIN}\n{END}\n\n## Start\n", encoding="utf-8")
    assert bench("findings", "--readme", "README.md", "--check").code == 1
    assert bench("findings", "--readme", "README.md").code == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(
        f"# Title\n\n{BEGIN}\n\n![Test loss against sparsity: penguins, penguin-net](docs/pictures/results.svg)"
    )
    assert text.endswith(f"{END}\n\n## Start\n")
    assert "- lottery beats one-shot" in text
    assert Path("docs/pictures/results.svg").exists()
    assert bench("findings", "--readme", "README.md", "--check").code == 0
    assert bench("findings", "--readme", "README.md").code == 0
    assert page.read_text(encoding="utf-8") == text
