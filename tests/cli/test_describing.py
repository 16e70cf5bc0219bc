"""What is in the database, in words and in a web browser."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.store import Store
from bench.store.questions import QUESTIONS
from bench.store.sentences import TABLES, VIEWS
from tests.cli.conftest import ROOT, Bench
from tests.store.build import cell, fill, run

SUBJECTS = VIEWS | TABLES


def test_the_page_of_the_schema_is_what_the_command_prints(bench: Bench) -> None:
    page = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
    assert bench("schema").out == page, "make it anew: bench schema > docs/schema.md"


def test_the_page_has_every_sentence(bench: Bench) -> None:
    sections = re.split(r"^### `(\w+)`$", bench("schema").out, flags=re.MULTILINE)
    said = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert said.keys() == SUBJECTS.keys()
    for name, sentences in SUBJECTS.items():
        assert sentences[""] in said[name]
        found = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", said[name], flags=re.MULTILINE)
        assert {column: f"{sentence} [{unit}]" if unit else sentence for column, unit, sentence in found} == {
            column: sentence for column, sentence in sentences.items() if column
        }


def test_one_view_alone(bench: Bench) -> None:
    answer = bench("schema", "leaderboard")
    assert answer.lines[0] == "### `leaderboard`"
    assert answer.out.count("### ") == 1
    assert "select" not in answer.out.lower()
    refused = bench("schema", "leaderbord")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "no such table or view: leaderbord; did you mean 'leaderboard'?\n"


def test_for_programs(bench: Bench) -> None:
    said = bench("schema", "--json").json
    assert [one["name"] for one in said["views"]] == list(VIEWS)
    assert {one["name"] for one in said["tables"]} == TABLES.keys()
    assert [one["title"] for one in said["questions"]] == [one.title for one in QUESTIONS]
    (summary,) = bench("schema", "summary", "--json").json["views"]
    (sparsity,) = (one for one in summary["columns"] if one["name"] == "sparsity")
    assert sparsity == {"name": "sparsity", "sentence": "Mean measured sparsity.", "unit": "share"}


def test_datasettes_metadata_has_all_of_it(bench: Bench) -> None:
    said = bench("schema", "--datasette").json["databases"]["results"]
    for name, sentences in SUBJECTS.items():
        columns = {column: sentence for column, sentence in sentences.items() if column}
        assert said["tables"][name]["columns"] == columns
    assert [one["sql"] for one in said["queries"].values()] == [one.sql for one in QUESTIONS]
    assert bench("schema", "--datasette", "--json").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--db", "no.db"], "no.db: there is no such database"),
        (["--db", "postgresql://ada:sesame@nowhere/bench"], "only a database file can be copied"),
    ],
)
def test_browsing_needs_a_file(bench: Bench, arguments: list[str], said: str) -> None:
    pytest.importorskip("datasette")
    answer = bench("browse", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert "sesame" not in answer.err


def test_browsing_needs_datasette(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasette", None)
    answer = bench("browse")
    assert answer.code == 2
    assert answer.err == "this needs datasette, which is not installed; pip install '.[browse]' brings it\n"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("browsed") / "mine.db"
    with Store.open(file) as store:
        cells = [cell("none", 0), cell("one-shot", 9), cell("lottery", 9)]
        accuracy = {"none": 0.9, "one-shot": 0.8, "lottery": 0.89}
        runs = [run(key, accuracy[one.method] + seed / 100) for one in cells for seed, key in one.seeds]
        fill(store, cells, runs)
    return file


@pytest.fixture(scope="module")
def served(results: Path) -> Iterator[str]:
    """`bench browse` in a process of its own; ends it as a terminal would."""
    pytest.importorskip("datasette")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench", "browse", "--db", str(results), "--port", str(port)]
    before = results.read_bytes()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}/results"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}.json", timeout=5).close()
            break
        except urllib.error.URLError:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
    yield address
    process.send_signal(signal.SIGTERM)
    said, complained = process.communicate(timeout=30)
    assert (process.returncode, complained.count("Traceback")) == (0, 0), complained
    assert said == f"{results} at {address} until Ctrl-C\n"
    assert results.read_bytes() == before
    assert [file.name for file in results.parent.iterdir()] == ["mine.db"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=5)


def asked(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.long
def test_every_canned_query_answers(served: str) -> None:
    queries = asked(f"{served}.json")["queries"]
    assert [one["title"] for one in queries] == [one.title for one in QUESTIONS]
    answers = {one["title"]: asked(f"{served}/{one['name']}.json?_shape=objects") for one in queries}
    assert all(one["ok"] for one in answers.values())
    (best,) = answers["Which method keeps 98 % of the dense accuracy at the highest sparsity?"]["rows"]
    assert (best["method"], best["sparsity"]) == ("lottery", 0.9)


@pytest.mark.long
def test_it_reads_well_in_a_browser(browser: Any, served: str) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(served)
    page.get_by_text("Which method leads at each sparsity?").click()
    page.locator("table").get_by_text("lottery").first.wait_for()
    page.goto(f"{served}/summary")
    assert page.locator(".metadata-description").inner_text() == VIEWS["summary"][""]
    place = page.locator("table.rows-and-columns tbody tr").first.bounding_box()
    assert place["y"] + place["height"] < page.viewport_size["height"]  # what columns mean leaves room for the rows
    assert page.get_by_text("Mean test accuracy. [share]").count() >= 1
    assert page.locator("table.rows-and-columns tbody tr").count() == 3
    page.close()
    assert said == []
