"""`bench reference`: the list is sound, goes on from what ships, ends when its time is up, and loses nothing."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.reference import COLUMNS, list_file, read_list
from bench.suite import read_suite, suite_profiles
from tests.cli.conftest import Bench, outside

HEAD = ",".join(COLUMNS)
LIST = f'{HEAD}\npenguins,run,quick,2,"method=one-shot,sparsity=0.6",,a few\npenguins,run,quick,,,gpu,all\n'


def listed(folder: Path, text: str) -> Path:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return file


def counts(file: str) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute("select origin, count(*) from run group by origin").fetchall())


def test_the_list_of_the_project_names_what_there_is() -> None:
    entries = read_list(list_file())
    assert len({str(entry) for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.profile is None or entry.profile in suite_profiles(entry.suite)
        tuned = any(one.tune for one in read_suite(entry.suite, entry.profile, components=False).problems)
        assert tuned or entry.command == "run"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("penguin,run,,,,,x", "list.csv:3: there is no suite 'penguin'; did you mean 'penguins'?"),
        ("penguins,bench,,,,,x", "list.csv:3: there is no command 'bench' here; write run or tune"),
        ("penguins,run,,0,,,x", "list.csv:3: seeds '0' is no number of seeds; write 1 or more"),
        ("penguins,run,,,,cpu,x", "list.csv:3: wants 'cpu'; write gpu or nothing"),
        ("mnist,tune,,2,,,x", "list.csv:3: tuning takes no seeds and no part of the grid; leave both empty"),
        ("penguins,run,,,a,b,,x", "list.csv:3: has not 7 fields; put a text with commas into quotes"),
        ("penguins,run", "list.csv:3: has not 7 fields"),
    ],
)
def test_a_mistake_says_its_line_and_the_mend(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        read_list(listed(tmp_path, f"{HEAD}\nmnist,run,,,,,x\n{row}\n"))
    assert said in str(caught.value)


def test_what_is_no_list_is_refused(bench: Bench, folder: Path) -> None:
    assert bench("reference", "--file", "none.csv").code == 2
    answer = bench("reference", "--file", str(listed(folder, "suite,command\n")))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert f"list.csv:1: the columns are not those of a list; write {HEAD}" in answer.err


def test_shipping_needs_something_to_ship(bench: Bench) -> None:
    answer = bench("reference", "--ship")
    assert (answer.code, answer.err) == (
        2,
        "reference.db: is not there; `bench reference` makes it, or give it with --work\n",
    )


@pytest.mark.long
@pytest.mark.timeout(600)
def test_it_is_made_shipped_and_gone_on_with(folder: Path) -> None:
    listed(folder, LIST)
    given = ("--file", "list.csv", "--device", "cpu", "--threads", "1")
    made = outside(folder, "reference", *given)
    assert made.code == 0, made.err
    assert "bench run penguins --profile quick: left out, wants a GPU" in made.out
    assert counts("reference.db") == {"local": 4}
    assert outside(folder, "reference", "--ship").code == 0
    assert counts("results.db") == {"reference": 4}
    Path("reference.db").unlink()
    first, second = outside(folder, "reference", *given, "--list", "--json").json["entries"]
    assert (first["runs"], first["missing"]) == (4, 0)  # what ships counts as done there
    assert (second["wants_gpu"], second["missing"]) == (True, 126)  # of 130
    assert second["seconds_h200"] > 0
    again = outside(folder, "reference", *given)
    assert "4 runs of 4 done (0 now, 4 before)" in again.out
    assert outside(folder, "reference", *given, "--page", "page.md").code == 0
    rows = [line for line in Path("page.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `bench")]
    assert [row.split(" | ")[2:4] for row in rows] == [["4", "0"], ["130", "126"]]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_it_ends_when_its_time_is_up_and_keeps_what_is_finished(folder: Path) -> None:
    listed(folder, f"{HEAD}\npenguins,run,,,,,many\nstarter,run,,,,,more\n")
    begun = time.monotonic()
    done = outside(folder, "reference", "--file", "list.csv", "--minutes", "0.4", "--threads", "1", "--device", "cpu")
    assert done.code == 0, done.err
    assert time.monotonic() - begun < 120  # the whole takes several minutes
    assert done.lines[-1] == "stopped in bench run penguins; the same command goes on from there"
    with closing(sqlite3.connect("reference.db")) as connection:
        assert connection.execute("select count(*) from lease").fetchone() == (0,)
        assert connection.execute("select distinct status from session").fetchall() == [("interrupted",)]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_users_runs_are_not_shipped_away(folder: Path) -> None:
    listed(folder, LIST)
    part = ("--only", "method=one-shot,sparsity=0.6", "--seeds", "1", "--no-report", "--threads", "1")
    assert outside(folder, "run", "penguins", "--profile", "quick", *part).code == 0
    assert outside(folder, "run", "penguins", "--profile", "quick", *part, "--db", "reference.db").code == 0
    refused = outside(folder, "reference", "--ship")
    assert refused.code == 2
    assert "results.db: has 2 runs that are no reference runs, which shipping would lose" in refused.err
    assert counts("results.db") == {"local": 2}
