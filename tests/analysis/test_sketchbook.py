"""A figure of an earlier report is taken over only where it would be drawn the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from analysis import write_report
from analysis.report import index, sketchbook, studio
from analysis.report.painting import Painted, Task, paint
from tests.analysis.generate import Simulation, database

SMALL = {"methods": ("none", "one-shot", "lottery"), "targets": (0.5, 0.9), "seeds": range(2)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return database(
        tmp_path / "r.db", Simulation(suite="one", **SMALL), Simulation(suite="two", data="fmnist", **SMALL)
    )


@pytest.fixture
def report(path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Writes the report into one folder and gives the names of the grids whose figures were drawn for it."""
    drawn: list[Task] = []

    def watched(material: object, task: Task) -> Painted | None:
        drawn.append(task)
        return paint(material, task)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "paint", watched)
    monkeypatch.setattr(studio, "_helpers", lambda tasks: 0)

    def write() -> list[str]:
        drawn.clear()
        write_report(path, path.parent / "report", figures=["accuracy-versus-sparsity", "confusion"])
        return sorted({task.name for task in drawn})

    return write


def change(path: Path, question: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(question)
        connection.commit()


def contents(path: Path) -> dict[str, bytes]:
    folder = path.parent / "report"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_second_report_draws_nothing_and_is_the_same(path: Path, report: Callable[[], list[str]]) -> None:
    both = report()
    assert len(both) == 2
    before = contents(path)
    assert report() == []
    assert contents(path) == before


def test_only_the_problem_that_changed_is_drawn_anew(path: Path, report: Callable[[], list[str]]) -> None:
    _, second = report()
    change(path, "update results set test_accuracy = 0.5 where suite = 'two' and method = 'lottery' and seed = 0")
    assert report() == [second]
    fresh = contents(path)
    assert report() == []
    assert contents(path) == fresh


def test_a_file_that_was_changed_or_lost_is_drawn_anew(path: Path, report: Callable[[], list[str]]) -> None:
    first, second = report()
    before = contents(path)
    folder = path.parent / "report"
    (folder / f"figures/{first}/accuracy-versus-sparsity.svg").write_text("mine")
    (folder / f"figures/{second}/accuracy-versus-sparsity.pdf").unlink()
    assert report() == [first, second]
    (folder / f".drawings/{first}/accuracy-versus-sparsity.json.gz").write_bytes(b"broken")
    assert report() == [first]
    assert contents(path) == before


def test_other_code_draws_everything_anew(
    path: Path, report: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = report()
    monkeypatch.setattr(sketchbook, "_code", lambda: "another")
    assert report() == both


def test_what_is_kept_goes_with_its_report(path: Path, report: Callable[[], list[str]]) -> None:
    _, second = report()
    change(path, "delete from results where suite = 'two'")
    report()
    assert not (path.parent / "report/.drawings" / second).exists()
    assert ".drawings" not in (path.parent / "report" / index.NAME).read_text()
