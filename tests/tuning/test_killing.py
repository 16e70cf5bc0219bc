"""`bench tune` as a user starts it, killed again and again: the same best as undisturbed, and nothing counted twice."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.tuning.suites import written

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
TUNE = """\
  sparsities: [0.9]
  seeds: [1000, 1001]
  budget: {trials: 18}
  batch: 3
  studies: [{one-shot: {rates: each, fine-tune: {low: 20 steps, high: 60 steps}}}]
"""


def started(folder: Path) -> subprocess.Popen[str]:
    written(folder, TUNE)
    return subprocess.Popen(
        [sys.executable, "-m", "bench", "tune", "tuned.yaml", "--threads", "1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def asked(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """What the database says; nothing before it is there."""
    try:
        with closing(sqlite3.connect(folder / "results.db", timeout=60)) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []


TRIALS = "SELECT number, batch, state, value, params, seeds, steps FROM trial ORDER BY number"
RUNS = (
    "SELECT number, seed, part, key, validation_accuracy FROM trial_run JOIN trial ON trial.id = trial_id ORDER BY 1, 4"
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    process = started(folder)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    return folder


def test_it_is_killed_again_and_again(undisturbed: Path, tmp_path: Path) -> None:
    draw = random.Random(7)
    kills, standing = 0, set[tuple[Any, ...]]()
    while kills < 10:
        process = started(tmp_path)
        before = len(asked(tmp_path, RUNS))
        wanted = before + draw.choice((1, 1, 2, 4))
        while process.poll() is None and len(asked(tmp_path, RUNS)) < wanted:
            time.sleep(0.02)
        if process.poll() is not None:
            process.communicate()
            break
        time.sleep(draw.random() * 0.1)
        process.kill()
        process.communicate()
        kills += 1
        now = set(asked(tmp_path, RUNS))
        assert standing <= now  # what stood stands, and as it was
        standing = now
        states = dict(asked(tmp_path, "SELECT state, count(*) FROM trial GROUP BY state"))
        assert states.get("running", 0) + states.get("waiting", 0) <= 3
    last = started(tmp_path)
    said, _ = last.communicate(timeout=600)
    assert last.returncode == 0, said
    assert kills >= 4
    assert asked(tmp_path, TRIALS) == asked(undisturbed, TRIALS)
    assert asked(tmp_path, RUNS) == asked(undisturbed, RUNS)
    assert asked(tmp_path, "SELECT best, best_value FROM studies") == asked(
        undisturbed, "SELECT best, best_value FROM studies"
    )
    assert asked(tmp_path, "SELECT count(*) FROM trial WHERE begun > 1")[0][0] >= 1
    optuna = sqlite3.connect(tmp_path / "results.tuning.db")
    with closing(optuna):
        assert optuna.execute("SELECT count(*), count(DISTINCT number) FROM trials").fetchone() == (18, 18)


def test_being_told_to_end_ends_it_cleanly(undisturbed: Path, tmp_path: Path) -> None:
    process = started(tmp_path)
    while process.poll() is None and not asked(tmp_path, RUNS):
        time.sleep(0.02)
    process.terminate()  # as Ctrl-C does, which a process in the background would not hear
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "stopped; what was finished is kept. The same command goes on from there" in said
    assert not [row for row in asked(tmp_path, "SELECT state FROM trial") if row[0] == "running"]
    assert asked(tmp_path, "SELECT session_id FROM study") == [(None,)]
    assert [row[0] for row in asked(tmp_path, "SELECT status FROM session")] == ["interrupted"]
    again = started(tmp_path)
    said, _ = again.communicate(timeout=600)
    assert again.returncode == 0, said
    assert asked(tmp_path, TRIALS) == asked(undisturbed, TRIALS)


def test_a_lost_copy_for_the_dashboard_is_made_anew(undisturbed: Path) -> None:
    file = undisturbed / "results.tuning.db"
    for content in (None, b"no database"):
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        process = started(undisturbed)
        said, _ = process.communicate(timeout=600)
        assert process.returncode == 0, said
        if content is not None:
            assert "the copy for optuna-dashboard could not be written" in said
            continue
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT count(*) FROM trials").fetchone() == (18,)
