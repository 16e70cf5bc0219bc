"""Figures drawn by helpers are those drawn here, and a helper that dies takes nothing with it."""

import sys
import time
from pathlib import Path

import pytest

from analysis.figures.material import Material
from analysis.report import studio
from analysis.report.drawings import tasks_of
from analysis.report.painting import Painted, Task, paint
from analysis.report.studio import Studio
from tests.analysis.generate import Simulation, database

FIGURES = ["accuracy-versus-sparsity", "difference-to-dense", "confusion"]


@pytest.fixture
def material(tmp_path: Path) -> Material:
    small = Simulation(methods=("none", "one-shot", "lottery"), targets=(0.5, 0.9), seeds=range(2))
    return Material.of_database(database(tmp_path / "r.db", small))


def test_a_helper_draws_what_would_be_drawn_here(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = tasks_of(["mnist"], FIGURES)
    alone = {task: paint(material, task) for task in tasks}
    monkeypatch.setattr(studio, "paint", _not_here)
    with Studio(material, tasks, helpers=1) as drawing:
        end = time.monotonic() + 120
        while drawing.waiting and time.monotonic() < end:
            time.sleep(0.05)
        painted = drawing.finish()
    assert painted == alone
    assert [bool(one and one.files) for one in painted.values()] == [True, True, False]


def test_what_a_dead_helper_had_in_hand_is_drawn_here(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = tasks_of(["mnist"], FIGURES)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Studio(material, tasks, helpers=1) as drawing:
        assert drawing.finish().keys() == set(tasks)


def test_an_error_of_a_figure_is_told(material: Material) -> None:
    with pytest.raises(IndexError), Studio(material, [Task(FIGURES[0], 7, "nowhere")], helpers=1) as drawing:
        drawing.finish()


def _not_here(material: Material, task: Task) -> Painted | None:
    raise AssertionError("a helper should have drawn this")
