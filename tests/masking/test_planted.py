"""Secrets are planted wherever a user may leave one, and looked for in all that a real `bench run` leaves behind."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.run.commands import ROOT

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

SUITE = """\
title: A few digits
data: digits
model: {mlp: {sizes: [16]}}
training: {optimiser: adam, lr: 1e-3, batch: 100, steps: 5}
seeds: 1
sparsities: [0.5]
methods: [none, {one-shot: {score: leaky}}]
"""
# The secrets themselves are in a file that the plugin reads: its own text is kept in the database.
PLUGIN = """\
import json
import os
from pathlib import Path
from bench import score

@score("leaky")
def leaky(net):
    told = json.loads(Path("planted.json").read_text())
    raise RuntimeError(f"{told['error']} with {os.environ['SERVICE_PASSWORD']} " + str({"api_key": told["mapping"]}))
"""
ENVIRONMENT = {
    "HF_TOKEN": "env-token-5d1c",
    "SERVICE_PASSWORD": "correct horse battery",
    "WANDB_API_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567",
}
PLANTED = {
    "in a note": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "in an address of a note": "sesame-3e7",
    "in an option of a note": "tulip-8c2",
    "in a query of a note": "lotus-1f9",
    "in an error": "hf_abcdefghijklmnopqrstuvwx12345678",
    "in an address of an error": "orchid-77b",
    "in a mapping of an error": "violet-4d4",
    "a home": "/home/wolfgang-amadeus",
    **ENVIRONMENT,
}
NOTE = (
    f"token {PLANTED['in a note']}, postgresql://ada:{PLANTED['in an address of a note']}@host/x, "
    f"python sync.py --api-key {PLANTED['in an option of a note']}, "
    f"https://x.org/a?access_token={PLANTED['in a query of a note']} and {ENVIRONMENT['HF_TOKEN']}"
)
ERROR = (
    f"no access to {PLANTED['a home']}/data by {PLANTED['in an error']} at "
    f"https://ada:{PLANTED['in an address of an error']}@host/x"
)


@dataclass(frozen=True)
class Made:
    folder: Path
    said: Mapping[str, str]  # by command, all that it printed


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "tiny.yaml").write_text(SUITE)
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "planted.json").write_text(json.dumps({"error": ERROR, "mapping": PLANTED["in a mapping of an error"]}))
    run = ("run", "tiny.yaml", "--plugin", "mine.py", "--note", NOTE, "--threads", "1", "--device", "cpu")
    asked = {
        "run": (1, run),
        "run again": (1, (*run, "--json")),
        "status": (0, ("status",)),
        "sql": (0, ("sql", "SELECT command, note FROM session")),
        "report": (0, ("report",)),
        "refused": (2, ("run", "tiny.yaml", "--db", "nonsense://ada:sesame-3e7@host/x", "--token", "tulip-8c2")),
        "unreachable": (2, ("status", "--db", "postgresql://ada:sesame-3e7@127.0.0.1:1/x")),
    }
    said = {}
    for name, (code, arguments) in asked.items():
        environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT), "COLUMNS": "400", "BENCH_TRACEBACK": "1"}
        command = [sys.executable, "-m", "bench", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        said[name] = done.stdout + done.stderr
        assert done.returncode == code, said[name]
    return Made(folder, said)


def leaks(text: bytes) -> list[str]:
    return [place for place, secret in PLANTED.items() if secret.encode() in text]


def test_the_runs_failed_and_say_why(made: Made) -> None:
    with closing(sqlite3.connect(made.folder / "results.db")) as connection:
        reasons = [row[0] for row in connection.execute("select reason from run where status = 'failed'")]
        (command, note), *_ = connection.execute("select command, note from session order by id")
    assert (
        reasons
        == ["RuntimeError: no access to /home/***/data by *** at https://ada:***@host/x with *** {'api_key': '***'}"]
        * 2
    )
    assert note.startswith("token ***, postgresql://ada:***@host/x, python sync.py --api-key ***, https://x.org/a?")
    assert "--plugin mine.py --note 'token ***" in command


def test_no_secret_is_in_the_database(made: Made, tmp_path: Path) -> None:
    assert leaks((made.folder / "results.db").read_bytes()) == []
    with closing(sqlite3.connect(made.folder / "results.db")) as connection:
        connection.execute("vacuum into ?", [str(tmp_path / "copy.db")])
        assert leaks("\n".join(connection.iterdump()).encode()) == []
    assert leaks((tmp_path / "copy.db").read_bytes()) == []


def test_no_secret_is_printed(made: Made) -> None:
    assert {name: found for name, text in made.said.items() if (found := leaks(text.encode()))} == {}
    assert "no access to" in made.said["status"]


def test_no_secret_is_in_a_file_that_was_written(made: Made) -> None:
    """The report, the states and whatever else lies there, but for what the user wrote."""
    own = {made.folder / name for name in ("tiny.yaml", "mine.py", "planted.json")}
    files = [file for file in made.folder.rglob("*") if file.is_file() and file not in own]
    assert any(file.suffix == ".html" for file in files)
    assert {str(file): found for file in files if (found := leaks(file.read_bytes()))} == {}
