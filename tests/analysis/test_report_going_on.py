"""The report of a database that is being filled says so, and how far it is."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analysis import comparison, load, load_missing, write_report
from analysis.report.parts import names_of
from analysis.report.progress import at_work, progress_of
from bench.store import EnvironmentInfo, SessionInfo, Store
from bench.store.leases import Progress, Seat
from tests.analysis.generate import Simulation, database

CPU = EnvironmentInfo("cpu", "AMD EPYC", "2.15", "float32", True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "results.db"
    with Store.open(file) as store:
        seat = Seat(store.start_session(SessionInfo("bench run digits")), store.environment(CPU), 1)
        store.exchange(seat, Progress(steps_made=10, steps_left=90), [])
    return file


def text_of(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.read_text().split("</header>")[0]))


def test_a_driver_that_gives_signs_of_life_is_at_work(path: Path, tmp_path: Path) -> None:
    assert at_work(path) == (CPU.label,)
    said = text_of(write_report(path, tmp_path / "report")[0])
    assert f"A run is going on: 1 command is at work on {CPU.label}." in said
    assert at_work(path, datetime.now(UTC) + timedelta(seconds=121)) == ()


def test_one_that_has_left_is_not(path: Path, tmp_path: Path) -> None:
    with Store.open(path) as store:
        store.leave(1)
    assert at_work(path) == ()
    assert "going on" not in text_of(write_report(path, tmp_path / "report")[0])


def test_a_database_that_knows_no_drivers_has_none(tmp_path: Path) -> None:
    assert at_work(database(tmp_path / "r.db", Simulation(targets=(0.5,)))) == ()


def test_the_seed_that_is_being_made(tmp_path: Path) -> None:
    path = database(
        tmp_path / "r.db",
        Simulation(methods=("none", "lottery"), targets=(0.5, 0.9), seeds=range(2), planned=range(10)),
        Simulation(data="done", methods=("none", "lottery"), targets=(0.5,), seeds=range(3)),
    )
    grids = comparison(load(path), missing=load_missing(path)).grids
    (one,) = progress_of(grids, names_of(grids))
    assert (one.place, one.text) == ("mnist, lenet-300-100", "seed 3 of 10, 6 of 30 runs")
