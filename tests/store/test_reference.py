"""The copy that ships with the project: smaller, of reference rows, and no number in it is another one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.store import ArtifactRecord, CurveRecord, EvaluationRecord, PackRecord, SessionInfo, Store
from bench.store.reference import CURVE_SEEDS, MASK_BYTES, plain_command, ship, without_path
from bench.store.sentences import VIEWS
from tests.store.build import CPU, GPU, SUITE, cell, fill, rows, run

SEEDS = tuple(range(CURVE_SEEDS + 3))
# Learning curves and arrays are thinned, and what is missing is asked of the machine that asks.
THINNED = {"curves", "artifacts", "missing"}


def array(name: str, size: int) -> ArtifactRecord:
    return ArtifactRecord("mask", name, 0, "bool", (8, size), "bits+zlib", b"m" * size)


@pytest.fixture(scope="module")
def full(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seeds of two cells in two environments: curves of all, arrays of two seeds, a failure, a session's note."""
    file = tmp_path_factory.mktemp("full") / "full.db"
    file.write_bytes(blank.read_bytes())
    cells = [cell("none", 0, SEEDS), cell("one-shot", 1, SEEDS, settings={"data": {"source": "MNIST, from /home/a/b"}})]
    runs = [run(key, 0.8 + seed / 100, 0.5 - seed / 50) for one in cells for seed, key in one.seeds]
    large = tuple(array(f"fc{part}", MASK_BYTES // 2 + 1) for part in (1, 2))
    runs = [replace(one, artifacts=(array("fc1", 10),)) if one.seed < 2 else one for one in runs]
    runs[0] = replace(runs[0], artifacts=(*large, ArtifactRecord("histogram", "fc1", 0, "int64", (1,), "zlib", b"h")))
    runs[-1] = replace(runs[-1], status="failed", reason="cannot read /home/ada/photos/x.jpg")
    with Store.open(file) as store:
        fill(store, cells, runs)
        fill(store, cells, runs[:4], GPU)
        session = store.start_session(
            SessionInfo("/home/ada/bench/__main__.py run mnist --db /data/r.db --note 'for Bo'", note="for Bo")
        )
        curves = tuple(
            CurveRecord(f"trained {one.key}", name, [(1, 0.5), (2, 0.25)])
            for one in runs
            for name in ("train_loss", "validation_loss")
        )
        store.write(
            session,
            store.environment(CPU),
            PackRecord((run("other/1/0"),), (EvaluationRecord("s", test_loss=1.0),), curves),
        )
        store.remember(store.environment(CPU), "width", 3)
    return file


@pytest.fixture(scope="module")
def shipped(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("shipped") / "results.db"
    made = ship(full, file)
    assert made.bytes == file.stat().st_size
    assert made.runs == 21
    return file


def shown(file: Path, view: str) -> list[str]:
    with Store.open(file, read_only=True) as store:
        given = rows(store, f"select * from {view}")
    apart = {"id", "session", "origin", "reason", "environment_id", "recipe_id"}
    return sorted(str({name: value for name, value in row.items() if name not in apart}) for row in given)


@pytest.mark.parametrize("view", sorted(VIEWS.keys() - THINNED))
def test_every_number_stays_the_same(full: Path, shipped: Path, view: str) -> None:
    assert shown(shipped, view) == shown(full, view)


def test_curves_and_arrays_are_thinned_by_the_stated_rule(shipped: Path) -> None:
    with Store.open(shipped, read_only=True) as store:
        found = rows(store, "select distinct key, name from curves where environment like 'cpu%'")
        expected = {
            (f"{method}/{seed}", name)
            for method in ("none/0", "one-shot/1")
            for seed in range(CURVE_SEEDS)
            for name in ("train_loss", "validation_loss")
        }
        assert {(row["key"], row["name"]) for row in found} == expected
        arrays = {(row["key"], row["kind"]) for row in rows(store, "select key, kind from artifacts")}
        assert arrays == {("none/0/0", "histogram"), ("one-shot/1/0", "mask")}
        assert rows(store, "select * from calibration") == []


def test_all_rows_are_reference_rows_and_count_as_done_nowhere(shipped: Path) -> None:
    with Store.open(shipped, read_only=True) as store:
        assert rows(store, "select origin, count(*) as n from run group by origin") == [
            {"origin": "reference", "n": 21}
        ]
        assert store.done(store.known_environment(CPU) or 0, 1) == set()
        assert len(rows(store, "select * from missing")) == 2 * len(SEEDS)


def test_it_tells_nobody_where_things_lay(shipped: Path) -> None:
    content = shipped.read_bytes()
    for word in (b"/home", b"ada", b"/data/", b"for Bo"):
        assert word not in content
    with closing(sqlite3.connect(shipped)) as connection:
        commands = {row[0] for row in connection.execute("select command from session")}
        assert "bench run mnist --db r.db" in commands
        assert connection.execute("select count(*) from session where status = 'running'").fetchone() == (0,)
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("pragma foreign_key_check").fetchall() == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("MNIST, from /srv/data/MNIST/raw", "MNIST, from raw"),
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("a ratio of 1/2 and/or 3", "a ratio of 1/2 and/or 3"),
        ("no '/tmp/x/y.jpg'; give one", "no 'y.jpg'; give one"),
        ("data/images/x.png", "data/images/x.png"),
    ],
)
def test_only_absolute_paths_are_shortened(text: str, plain: str) -> None:
    assert without_path(text) == plain


def test_a_command_reads_as_it_is_typed() -> None:
    given = "/a/b/bench/__main__.py run penguins --note 'two words' --db /tmp/r.db --note=one --seeds 3"
    assert plain_command(given) == "bench run penguins --db r.db --seeds 3"


def test_shipping_what_was_shipped_changes_nothing(shipped: Path, tmp_path: Path) -> None:
    ship(shipped, tmp_path / "two.db")
    for view in VIEWS:
        assert shown(tmp_path / "two.db", view) == shown(shipped, view)


def test_a_file_that_is_there_stays(full: Path, tmp_path: Path) -> None:
    (tmp_path / "shipped.db").write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        ship(full, tmp_path / "shipped.db")
    assert (tmp_path / "shipped.db").read_text() == "mine"
    assert not list(tmp_path.glob(".shipped*"))


def test_your_own_runs_stand_before_shipped_ones(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "results.db").write_bytes(shipped.read_bytes())
    with Store.open(tmp_path / "results.db") as store:
        fill(store, [cell("none", 0, SEEDS)], [run("none/0/0", 0.5)], suite=SUITE)
        found = rows(store, "select origin, test_accuracy from results where key = 'none/0/0' and device like '%EPYC%'")
        assert found == [{"origin": "local", "test_accuracy": 0.5}]
        kept = rows(store, "select * from run where key = 'none/0/0' and origin = 'reference'")
        assert len(kept) == 2
