"""Runs that a user's own file took part in: its text is in the database."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.opening.conftest import SUITE

ROOT = Path(__file__).parents[2]
PLUGIN = """
from bench import score

@score("halved")
def halved(net):
    \"\"\"Half of the magnitude.\"\"\"
    return {name: weight.abs() / 2 for name, weight in net.weights.items()}
"""
RUN = """
import sys, bench
bench.run("tiny.yaml", plugins=["mine.py"], threads=1, device="cpu")
"""
OPEN = """
import sys, bench
from pathlib import Path
from bench.errors import UserError
from bench.opening import open_run
try:
    opened = open_run(sys.argv[1], plugins=[Path(name) for name in sys.argv[2:]])
    print(opened.name, [path.name for path in opened.plugins], opened.network().training)
except UserError as error:
    print(error)
"""


def python(folder: Path, code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def key(tmp_path: Path) -> str:
    """Of a run that was pruned by the plugin, whose file is gone."""
    text = SUITE.replace("problems:", "").split("\n")
    suite = "\n".join(["data: penguins", "model: penguin-net", *(line for line in text if not line.startswith("  -"))])
    suite = suite.replace("{granularity: unit, exclude: [output]}", "{score: halved}").replace("seeds: 2", "seeds: 1")
    (tmp_path / "tiny.yaml").write_text(suite, encoding="utf-8")
    (tmp_path / "mine.py").write_text(PLUGIN, encoding="utf-8")
    python(tmp_path, RUN)
    (tmp_path / "mine.py").unlink()
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
        return str(connection.execute("SELECT key FROM results WHERE method LIKE 'one-shot%' LIMIT 1").fetchone()[0])


@pytest.mark.long
def test_its_text_is_taken_from_the_database_where_it_was_made_here(tmp_path: Path, key: str) -> None:
    assert python(tmp_path, OPEN, key) == f"{key[:8]} ['mine.py'] False"
    (kept,) = (tmp_path / ".bench" / "plugins").rglob("mine.py")
    assert kept.read_text(encoding="utf-8") == PLUGIN
    assert python(tmp_path, OPEN, key) == f"{key[:8]} ['mine.py'] False"  # once more, from the file that is there now


@pytest.mark.long
def test_text_from_elsewhere_is_not_run_unasked(tmp_path: Path, key: str) -> None:
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection, connection:
        connection.execute("UPDATE session SET host_hash = 'another'")
    assert "was made on another machine with mine.py, code that would run here" in python(tmp_path, OPEN, key)
    assert not (tmp_path / ".bench" / "plugins").exists()
    (tmp_path / "given.py").write_text(PLUGIN, encoding="utf-8")
    assert python(tmp_path, OPEN, key, "given.py") == f"{key[:8]} ['given.py'] False"
    (tmp_path / "given.py").write_text(PLUGIN.replace("/ 2", "/ 4"), encoding="utf-8")
    assert "was made on another machine with mine.py" in python(tmp_path, OPEN, key, "given.py")
