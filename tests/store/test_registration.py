import time
from dataclasses import replace

import pytest

from bench.errors import UserError
from bench.store import Store
from tests.store.build import SUITE, cell, fill, rows, run


def test_registering_again_changes_nothing(store: Store) -> None:
    first = store.register(SUITE, [cell(), cell("none", 0)])
    before = [rows(store, f"select * from {table}") for table in ("suite", "cell", "planned", "settings")]
    assert store.register(SUITE, [cell(), cell("none", 0)]) == first
    assert [rows(store, f"select * from {table}") for table in ("suite", "cell", "planned", "settings")] == before


def test_a_version_of_an_earlier_release_learns_what_classes_are_called(store: Store) -> None:
    first = store.register(SUITE, [cell(), cell("none", 0)])
    names = ("Adelie", "Gentoo")
    assert store.register(SUITE, [cell(classes=names), cell("none", 0, classes=names)]) == first
    told = "select json_extract(text, '$.data.classes') as names, json_extract(text, '$.batch') as batch from settings"
    assert rows(store, told) == [{"names": '["Adelie","Gentoo"]', "batch": 10}]
    assert store.register(SUITE, [cell(), cell("none", 0)]) == first  # and keeps it where it is not told again
    assert rows(store, told) == [{"names": '["Adelie","Gentoo"]', "batch": 10}]
    assert len(rows(store, "select * from suite")) == 1


def test_other_keys_make_another_version(store: Store) -> None:
    """Other data, or a raised component version, change keys though the suite file stays as it is."""
    fill(store, [cell()], [run("one-shot/1/0")])
    second = store.register(SUITE, [cell(prefix="new/")])
    current = rows(store, "select id from suite where is_current = 1")
    assert [row["id"] for row in current] == [second]
    assert rows(store, "select * from results") == []
    assert len(rows(store, "select * from missing")) == 3


def test_a_version_of_which_nothing_was_run_is_forgotten(store: Store) -> None:
    store.register(SUITE, [cell(settings={"batch": 1})])
    store.register(replace(SUITE, hash="edited"), [cell(settings={"batch": 2})])
    assert [row["hash"] for row in rows(store, "select hash from suite")] == ["edited"]
    assert len(rows(store, "select * from cell")) == len(rows(store, "select * from settings")) == 1
    fill(store, [cell(settings={"batch": 1})], [run("one-shot/1/0")])
    store.register(replace(SUITE, hash="edited"), [cell(level=2)])
    assert len(rows(store, "select * from suite")) == 2


def test_other_suites_and_profiles_stay_current(store: Store) -> None:
    store.register(SUITE, [cell()])
    store.register(replace(SUITE, profile="quick"), [cell()])
    store.register(replace(SUITE, name="mnist"), [cell()])
    assert len(rows(store, "select * from suite where is_current = 1")) == 3


def test_two_cells_of_one_name_are_refused(store: Store) -> None:
    with pytest.raises(UserError, match="'one-shot' at level 1 on penguins with penguin-net is there twice"):
        store.register(SUITE, [cell(), cell(position=7)])
    assert rows(store, "select * from suite") == []


def test_a_suite_may_be_empty(store: Store) -> None:
    store.register(SUITE, [])
    store.register(SUITE, [cell(seeds=[])])
    assert rows(store, "select * from missing") == []


def test_20_000_runs_are_registered_in_no_time(store: Store) -> None:
    cells = [cell("one-shot", level, range(20), target_sparsity=level / 1000) for level in range(1000)]
    start = time.perf_counter()
    store.register(SUITE, cells)
    store.register(SUITE, cells)
    assert time.perf_counter() - start < 3
    assert rows(store, "select count(*) as n from missing") == [{"n": 20_000}]
