"""Arrays beside the rows: written with their run and once, and gone with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.store import ArtifactRecord, EnvironmentInfo, PackRecord, SessionInfo, Store
from tests.store.build import CPU, GPU, rows, run

MASK = ArtifactRecord("mask", "fc1", 0, "bool", (12, 5), "bits+zlib", b"some bytes")
HISTOGRAM = ArtifactRecord("histogram", "fc1", 0, "int64", (101,), "zlib", b"others", 0.25)
CONFUSION = ArtifactRecord("confusion", "", 0, "int64", (3, 3), "zlib", bytes(range(256)))
LEFT_OUT = replace(MASK, name="fc2", position=1, content=None)
ALL = (MASK, HISTOGRAM, CONFUSION, LEFT_OUT)


def write(store: Store, key: str, *artifacts: ArtifactRecord, where: EnvironmentInfo = CPU, **changes: Any) -> int:
    session = store.start_session(SessionInfo("bench run"))
    return store.write(session, store.environment(where), PackRecord((run(key, artifacts=artifacts, **changes),)))


def test_what_was_written_is_there_byte_for_byte(store: Store) -> None:
    write(store, "a/1/0", *ALL)
    write(store, "a/1/1")
    found = rows(store, "select * from artifact order by kind desc, position")
    assert [row["content"] for row in found] == [b"some bytes", None, b"others", bytes(range(256))]
    assert [row["scale"] for row in found] == [None, None, 0.25, None]
    seen = rows(store, "select key, kind, name, shape, bytes from artifacts order by kind desc, position")
    assert [tuple(row.values()) for row in seen] == [
        ("a/1/0", "mask", "fc1", "[12,5]", 10),
        ("a/1/0", "mask", "fc2", "[12,5]", None),
        ("a/1/0", "histogram", "fc1", "[101]", 6),
        ("a/1/0", "confusion", "", "[3,3]", 256),
    ]


def test_a_run_made_again_brings_nothing_new(store: Store) -> None:
    assert write(store, "a/1/0", MASK) == 1
    before = rows(store, "select * from artifact")
    assert write(store, "a/1/0", replace(MASK, content=b"another"), CONFUSION) == 0
    assert rows(store, "select * from artifact") == before
    assert write(store, "a/1/0", CONFUSION, where=GPU) == 1
    assert len(rows(store, "select distinct environment from artifacts")) == 2


def test_those_of_an_outdated_run_are_not_shown(store: Store) -> None:
    write(store, "a/1/0", MASK)
    write(store, "a/1/0", CONFUSION, results_version=2)
    assert [row["kind"] for row in rows(store, "select kind from artifacts")] == ["confusion"]
    assert len(rows(store, "select kind from artifact")) == 2


def test_a_pack_whose_arrays_are_refused_leaves_no_run(store: Store) -> None:
    with pytest.raises(Exception, match="UNIQUE"):
        write(store, "a/1/0", MASK, MASK)
    assert rows(store, "select * from run") == []


def test_they_go_with_their_run(store: Store, tmp_path: Path) -> None:
    write(store, "a/1/0", *ALL)
    write(store, "a/1/1", MASK)
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection, connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("delete from run where key = 'a/1/0'")
    assert [row["key"] for row in rows(store, "select key from artifacts")] == ["a/1/1"]


@pytest.mark.parametrize(
    "change", ["kind = 'picture'", "codec = 'gzip'", "scale = -1.0", "position = -1", "shape = '12,5'", "content = 'x'"]
)
def test_what_cannot_be_is_refused(store: Store, tmp_path: Path, change: str) -> None:
    write(store, "a/1/0", MASK)
    with (
        closing(sqlite3.connect(tmp_path / "results.db")) as connection,
        pytest.raises(sqlite3.IntegrityError),
    ):
        connection.execute(f"update artifact set {change}")
