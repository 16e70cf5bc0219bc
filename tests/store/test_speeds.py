"""Measured times in the database."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy.exc

from bench.store import SessionInfo, SpeedRecord, Store
from tests.store.build import CPU, GPU, cell, fill, rows, run

DENSE = SpeedRecord("one-shot/1/0", "dense", 1, 256, 4e-3, 3e-3, 5e-3, 1.0, 20, 180)
SHRUNK = replace(DENSE, form="shrunk", seconds=2.5e-3, seconds_low=2e-3, seconds_high=3e-3, speedup=1.6, macs=90)


def write(store: Store, *speeds: SpeedRecord) -> None:
    session = store.start_session(SessionInfo("bench speed penguins"))
    store.write_speeds(session, store.environment(CPU), speeds)


def test_the_view_has_what_was_measured_beside_what_could_be(store: Store) -> None:
    fill(store, [cell()], [run("one-shot/1/0", macs=180, macs_kept=45), run("one-shot/1/1")])
    write(store, DENSE, SHRUNK)
    dense, shrunk = rows(store, "select * from speeds order by form")
    assert (dense["form"], dense["speedup"], dense["theoretical_speedup"]) == ("dense", 1.0, 4.0)
    assert (shrunk["form"], shrunk["seconds"], shrunk["speedup"], shrunk["macs"]) == ("shrunk", 2.5e-3, 1.6, 90)
    assert shrunk["throughput"] == pytest.approx(256 / 2.5e-3)
    assert (shrunk["suite"], shrunk["method"], shrunk["level"], shrunk["seed"]) == ("penguins", "one-shot", 1, 0)
    assert shrunk["device"] == CPU.device_model
    assert [row["theoretical_speedup"] for row in rows(store, "select * from results order by seed")] == [4.0, None]


def test_what_is_measured_again_takes_the_place_of_the_old(store: Store) -> None:
    fill(store, [cell()], [run("one-shot/1/0")])
    write(store, DENSE, SHRUNK, replace(DENSE, batch=1))
    write(store, replace(SHRUNK, seconds=2e-3, speedup=2.0))
    found = rows(store, "select form, batch, speedup, session_id from speed order by 1, 2")
    assert [tuple(row.values())[:3] for row in found] == [("dense", 1, 1.0), ("dense", 256, 1.0), ("shrunk", 256, 2.0)]
    assert found[2]["session_id"] != found[0]["session_id"]


def test_environments_stay_apart(store: Store) -> None:
    fill(store, [cell()], [run("one-shot/1/0")])
    write(store, DENSE)
    session = store.start_session(SessionInfo("bench speed penguins"))
    store.write_speeds(session, store.environment(GPU), [replace(DENSE, threads=0)])
    assert len({row["environment"] for row in rows(store, "select environment from speeds")}) == 2


@pytest.mark.parametrize("change", [{"form": "quick"}, {"seconds_low": 5e-3}, {"batch": 0}, {"seconds_low": 0.0}])
def test_what_cannot_be_is_refused(store: Store, change: dict[str, object]) -> None:
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        write(store, replace(DENSE, **change))
