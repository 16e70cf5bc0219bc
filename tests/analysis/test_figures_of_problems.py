"""Figures that few databases have: accuracy against measured time, and ranks over the problems of a suite."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats as reference

from analysis.details import Given
from analysis.figures import Absence, Material, Picture, frontier, ranks, style
from analysis.load import SPEEDS
from tests.analysis.generate import GPU, Simulation, database

WIDTHS: tuple[style.Width, ...] = ("wide", "narrow")
FEW = Simulation(methods=("none", "one-shot", "lottery", "dynamic"), targets=(0.5, 0.8, 0.95), seeds=range(3))
# Milliseconds of one answer: the dense network needs 4, and less the more is gone, but for the sparse form.
FORMS = {"dense": lambda level: 4.0, "shrunk": lambda level: 4.0 - level, "sparse": lambda level: 9.0}


def picture(made: object) -> Picture:
    assert isinstance(made, Picture), made
    return made


def labels(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip()]


def speeds(material: Material, batches: tuple[int, ...] = (1, 256), threads: tuple[int, ...] = (1,)) -> pd.DataFrame:
    """What bench speed measures: every cell in several forms, at several batches; larger ones are told in vain."""
    (grid,) = material.grids
    place = {name: getattr(grid, name) for name in ("suite", "profile", "data", "model", "environment")}
    found = [
        dict.fromkeys(SPEEDS)
        | place
        | {"method": cell.method, "level": cell.level, "seed": seed, "form": form, "batch": batch, "threads": thread}
        | {"device": "AMD EPYC", "seconds": (batch * milliseconds(cell.level) + 0.1 * seed) / 1000}
        for cell in grid.cells
        for seed in range(2)
        for form, milliseconds in FORMS.items()
        for batch in batches
        for thread in threads
        if cell.level or form == "dense"
    ]
    return pd.DataFrame(found, columns=list(SPEEDS))


def test_time_is_of_the_quickest_form_one_sample_at_once(tmp_path: Path) -> None:
    material = Material.of_database(database(tmp_path / "r.db", FEW))
    timed = replace(material, details=Given({"speeds": speeds(material)}))
    (grid,) = timed.grids
    made = picture(frontier.make(timed, grid))
    assert "Time: AMD EPYC, 1 thread, one sample at once, in the quickest form." in made.caption
    panels = made.draw().axes
    assert [panel.get_xlabel() for panel in panels][-1] == "milliseconds for one answer"
    (step,) = [line for line in panels[-1].get_lines() if line.get_drawstyle() == "steps-post"]
    drawn = 10 ** np.asarray(step.get_xdata(), dtype=float)
    # 4, 3, 2 and 1 ms, and a tenth more for the second of two seeds
    wanted = [milliseconds + 0.05 for milliseconds in (1, 2, 3, 4)]
    assert set(np.round(drawn, 3)) <= set(np.round(wanted, 3))
    assert drawn.min() == pytest.approx(1.05)


def test_without_measured_speeds_there_is_no_time(tmp_path: Path) -> None:
    material = Material.of_database(database(tmp_path / "r.db", FEW))
    (grid,) = material.grids
    made = picture(frontier.make(material, grid))
    assert "Time:" not in made.caption
    assert not any("milliseconds" in panel.get_xlabel() for panel in made.draw().axes)


def test_of_several_numbers_of_threads_one_is_shown(tmp_path: Path) -> None:
    material = Material.of_database(database(tmp_path / "r.db", FEW))
    measured = pd.concat([speeds(material, threads=(4,)), speeds(material, threads=(2,)).head(3)])
    (grid,) = material.grids
    made = picture(frontier.make(replace(material, details=Given({"speeds": measured})), grid))
    assert "AMD EPYC, 4 threads" in made.caption


def problems(tmp_path: Path, *more: Simulation) -> Material:
    three = [replace(FEW, data=data) for data in ("mnist", "digits", "fmnist")]
    return Material.of_database(database(tmp_path / "r.db", *three, *more))


@pytest.mark.parametrize("width", WIDTHS)
def test_ranks_over_problems_are_the_means_of_those_in_each(tmp_path: Path, width: style.Width) -> None:
    material = problems(tmp_path)
    made = picture(ranks.of_database(material))
    areas = {
        (grid.data, method): sum(
            cell.summary.mean * weight
            for cell, weight in zip(grid.row(method), _weights(FEW.targets), strict=True)
            if cell.summary
        )
        for grid in material.grids
        for method in FEW.methods[1:]
    }
    by_problem = [
        reference.rankdata([-areas[grid.data, method] for method in FEW.methods[1:]]) for grid in material.grids
    ]
    figure = made.draw(width)
    shown = " ".join(labels(figure))
    for method, rank in zip(FEW.methods[1:], np.mean(by_problem, axis=0), strict=True):
        assert f"{method}  {rank:.2f}" in shown or f"{rank:.2f}  {method}" in shown, (method, rank, shown)
    assert "mnist, full: 3 problems" in shown
    assert "over 3 problems" in made.caption
    _apart(figure)


def _weights(targets: tuple[float, ...] | list[float]) -> list[float]:
    """Of each level in the area under a curve that goes straight from level to level, by halvings of the weights."""
    halvings = [-np.log2(1 - target) for target in targets]
    steps = np.diff(halvings)
    return [float(one) for one in (np.append(steps, 0) + np.append(0, steps)) / 2]


def _apart(figure: Figure) -> None:
    figure.canvas.draw()
    texts = [one for one in figure.findobj(Text) if one.get_text().strip() and one.get_visible() and _stands(one)]
    for one, other in combinations(texts, 2):
        a, b = one.get_window_extent(), other.get_window_extent()
        clear = a.x1 <= b.x0 + 0.5 or b.x1 <= a.x0 + 0.5 or a.y1 <= b.y0 + 2 or b.y1 <= a.y0 + 2
        assert clear, (one.get_text(), other.get_text())


def _stands(text: Text) -> bool:
    return text.axes is None or bool(text.axes.axison) or text in text.axes.texts


def test_each_suite_of_several_problems_and_each_environment_has_its_ranks(tmp_path: Path) -> None:
    more = [replace(FEW, suite="other", data=data, environment=GPU) for data in ("mnist", "digits")]
    alone = replace(FEW, suite="alone")
    made = picture(ranks.of_database(problems(tmp_path, *more, alone)))
    shown = labels(made.draw())
    assert [text for text in shown if "problems; " in text] == [
        "mnist, full: 3 problems; cpu AMD EPYC 9V74",
        "other, full: 2 problems; cuda NVIDIA H200",
    ]


def test_single_problems_have_no_ranks_and_too_little_says_so(tmp_path: Path) -> None:
    assert ranks.of_database(Material.of_database(database(tmp_path / "one.db", FEW))) is None
    lone = [replace(FEW, data=data, methods=("none", "lottery")) for data in ("mnist", "digits")]
    made = ranks.of_database(Material.of_database(database(tmp_path / "lone.db", *lone)))
    assert isinstance(made, Absence)
    assert "two methods share two levels" in made.sentence
