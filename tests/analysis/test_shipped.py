"""The results that ship with the project, and the pages that are written from them: none of these is stale."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from analysis.frontpage import front_page, put_in
from analysis.story import story
from bench.cli.narrating import OF_README, PICTURES
from bench.store import upgrade

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 20_000_000  # bytes


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ships: the file, or where whoever runs this has added runs to it, what git has of it."""
    file = tmp_path_factory.mktemp("shipped") / "results.db"
    shutil.copy(ROOT / "results.db", file)
    with closing(sqlite3.connect(file)) as connection:
        own = connection.execute("select 1 from run where origin <> 'reference'").fetchone()
    if own:
        kept = subprocess.run(["git", "-C", str(ROOT), "show", "HEAD:results.db"], capture_output=True, check=False)
        if kept.returncode:
            pytest.skip("results.db has runs of your own, and git is not there to tell what shipped")
        file.write_bytes(kept.stdout)
    upgrade(str(file))
    return file


def test_it_is_small_and_of_real_data(shipped: Path) -> None:
    assert shipped.stat().st_size < LARGEST
    with closing(sqlite3.connect(shipped)) as connection:
        assert connection.execute("select count(*) from results").fetchone()[0] > 1000
        assert connection.execute("select count(*) from results where standin = 1").fetchone() == (0,)
        assert connection.execute("select count(distinct environment) from results").fetchone() == (1,)
        dirty = (
            "select count(*) from run join pack on pack.id = run.pack_id join session on session.id = pack.session_id"
            " where dirty_code or dirty_suites or code_commit is null"
        )
        assert connection.execute(dirty).fetchone() == (0,)


def test_nobody_is_told_where_files_lay(shipped: Path) -> None:
    with closing(sqlite3.connect(shipped)) as connection:
        texts = "\n".join(connection.iterdump())
    for place in ("/home/", "/tmp/", "/Users/", "/mnt/"):
        assert place not in texts


def test_the_findings_are_those_of_the_shipped_results(shipped: Path) -> None:
    told = story(shipped, PICTURES.as_posix())
    assert (ROOT / "FINDINGS.md").read_text(encoding="utf-8") == told.text, "make findings"
    assert {one.name for one in told.pictures} == {file.stem for file in (ROOT / PICTURES).glob("*.svg")}


def test_the_first_screen_is_that_of_the_shipped_results(shipped: Path) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    front = front_page(shipped, OF_README.as_posix())
    assert put_in(page, front.text, "README.md") == page, "make readme"
    assert front.picture is not None
    assert (ROOT / OF_README / f"{front.picture.name}.svg").exists()
