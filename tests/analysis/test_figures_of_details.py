"""Figures of real runs: all of them are there, nothing overlaps, and what is drawn is what SQL gives."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from analysis import artifacts, comparison, figures, load
from analysis.artifacts import Histogram
from analysis.curves import load_curves, load_last_curves, load_prunings
from analysis.details import PUBLISHED, Given, Stored, load_layers, load_settings
from analysis.figures import Absence, Material, Picture, catalogue, mask_overlap, style
from analysis.figures.confusion import _names
from analysis.figures.epochs_to_level import _crossing
from analysis.figures.weight_histograms import _coarser
from bench.errors import UserError
from tests.analysis.generate import Simulation, database

ALWAYS = ("accuracy-versus-sparsity", "difference-to-dense", "frontier", "ranks")  # need no more than rows of runs
WIDTHS: tuple[style.Width, ...] = ("wide", "narrow")


@pytest.fixture(scope="module")
def file(real: Path) -> Path:
    return real


def rows(file: Path, question: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question, values).fetchall()


def texts(figure: Figure) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """All text that can be seen, with where it stands."""
    for text in figure.findobj(Text):
        if (
            text.get_text().strip()
            and text.get_visible()
            and (text.axes is None or text.axes.axison or text in text.axes.texts)
        ):
            yield text.get_text(), text.get_window_extent().extents


def picture(material: Material, name: str) -> Picture:
    (grid,) = material.grids
    found = dict(catalogue.of_grid(material, grid, [name]))[name]
    assert isinstance(found, Picture), found
    return found


def test_every_figure_of_a_grid_can_be_drawn(material: Material) -> None:
    (grid,) = material.grids
    found = dict(catalogue.of_grid(material, grid))
    assert list(found) == [kind.name for kind in catalogue.OF_GRIDS]
    assert [name for name, made in found.items() if isinstance(made, Absence)] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [kind.name for kind in catalogue.OF_GRIDS])
def test_no_text_overlaps_or_is_cut(material: Material, name: str, width: style.Width) -> None:
    made = picture(material, name)
    assert made.caption.endswith(".")
    assert "  " not in made.caption
    figure = made.draw(width)
    figure.canvas.draw()
    found = list(texts(figure))
    for text, (left, bottom, right, top) in found:
        assert left >= -1, text
        assert bottom >= -1, text
        assert right <= figure.bbox.width + 1, text
        assert top <= figure.bbox.height + 1, text
    for (one, a), (other, b) in combinations(found, 2):
        apart = a[2] <= b[0] + 0.5 or b[2] <= a[0] + 0.5 or a[3] <= b[1] + 2 or b[3] <= a[1] + 2
        assert apart, (one, other)


def test_the_frontier_is_that_of_the_view(file: Path, material: Material) -> None:
    axes = picture(material, "frontier").draw().axes
    for panel, cost in zip(axes, ("parameters", "macs"), strict=True):
        step = next(line for line in panel.get_lines() if line.get_drawstyle() == "steps-post")
        drawn = sorted({round(10 ** float(x)) for x in np.asarray(step.get_xdata())})
        wanted = {round(size) for (size,) in rows(file, "select size from frontier where cost = ?", cost)}
        assert drawn == sorted(wanted)


def test_the_means_drawn_are_those_of_the_view(file: Path, material: Material) -> None:
    """Read back from the axes: the place of every mean, by its odds or as it is."""
    (axes,) = picture(material, "accuracy-versus-sparsity").draw().axes
    drawn = sorted(
        float(y)
        for line in axes.get_lines()
        if line.get_marker() not in ("None", "x", "") and line.get_linestyle() == "None"
        for y in np.atleast_1d(np.asarray(line.get_ydata()))
    )
    means = [mean for (mean,) in rows(file, "select test_accuracy_mean from summary where level > 0")]
    odds = sorted(math.log10(mean / (1 - mean)) for mean in means)
    assert drawn == pytest.approx(sorted(means)) or drawn == pytest.approx(odds)


def test_curves_are_placed_by_the_recipe(file: Path) -> None:
    runs = load(file)
    curves, prunings = load_curves(file, runs), load_prunings(file, runs)
    for key, steps, method, level in runs[["key", "steps_alone", "method", "level"]].itertuples(index=False):
        mine = curves[(curves["key"] == key) & (curves["name"] == "train_loss")]
        assert mine["at"].is_monotonic_increasing
        assert mine["at"].max() == steps, method  # no method here has a teacher
        if method == "lottery":
            assert mine["training"].nunique() == level + 1
            length = steps // (level + 1)
            assert prunings.loc[prunings["key"] == key, "at"].tolist() == [length * (k + 1) for k in range(level)]
        if method == "dynamic":
            assert mine["training"].nunique() == 1
    assert prunings[prunings["key"].isin(runs.loc[runs["level"] == 0, "key"])].empty


def test_curves_are_those_of_the_view(file: Path) -> None:
    key = rows(file, "select key from results where method = 'dynamic' and level = 2 and seed = 1")[0][0]
    runs = load(file, only={"method": ["dynamic"], "level": ["2"], "seed": ["1"]})
    found = load_curves(file, runs, ["validation_loss"])
    wanted = rows(
        file, "select step, value from curves where key = ? and name = 'validation_loss' order by part, step", key
    )
    assert list(zip(found["step"], found["value"], strict=True)) == wanted


def test_the_last_training_is_the_end_of_the_whole(file: Path) -> None:
    runs = load(file)
    whole, last = load_curves(file, runs), load_last_curves(file, runs)
    ends = whole.groupby("key")["training"].max()
    expected = whole[whole["training"] == whole["key"].map(ends)].reset_index(drop=True)
    assert last.reset_index(drop=True).equals(expected)


def test_a_stretch_without_a_curve_moves_nothing(file: Path, tmp_path: Path) -> None:
    """A state that was taken over from elsewhere has left its curve there."""
    shutil.copy(file, tmp_path / "r.db")
    runs = load(file, only={"method": ["lottery"], "level": ["2"], "seed": ["0"]})
    (trained,) = rows(
        file,
        "select trained_id from runs join run_step on run_id = runs.id where key = ? order by position limit 1",
        runs["key"][0],
    )
    with closing(sqlite3.connect(tmp_path / "r.db")) as connection, connection:
        connection.execute("delete from curve where trained_id = ?", trained)
    whole, less = load_curves(file, runs), load_curves(tmp_path / "r.db", runs)
    assert 0 < len(less) < len(whole)
    kept = whole.merge(less, on=list(whole.columns))
    assert len(kept) == len(less)


def test_asking_in_pieces_gives_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = load(file)
    at_once = load_layers(file, runs), load_prunings(file, runs)
    monkeypatch.setattr("analysis.asking._AT_ONCE", 3)
    in_pieces = load_layers(file, runs), load_prunings(file, runs)
    for one, other in zip(at_once, in_pieces, strict=True):
        columns = list(one.columns)
        assert one.sort_values(columns, ignore_index=True).equals(other.sort_values(columns, ignore_index=True))


def test_layers_settings_and_arrays_are_those_of_the_runs(file: Path) -> None:
    runs = load(file)
    layers = load_layers(file, runs)
    kept = layers.groupby("key")["kept"].sum()
    assert kept.to_dict() == dict(zip(runs["key"], runs["weights_kept"].astype(int), strict=True))
    settings = load_settings(file)
    assert set(settings["granularity"]) == {"weight", "unit"}
    assert (settings["epoch"] > 1).all()
    unpruned = runs[runs["method"] == "none"].head(1)
    masks = artifacts.arrays_of(file, "mask", unpruned)
    assert masks["array"].map(np.all).all()
    elsewhere = unpruned.assign(environment="another")
    assert artifacts.arrays_of(file, "mask", elsewhere).empty


def test_what_a_map_of_layers_says(file: Path, material: Material) -> None:
    axes = picture(material, "layer-densities").draw().axes
    titles = [panel.get_title(loc="left") for panel in axes]
    panel = axes[next(place for place, title in enumerate(titles) if "unit" in title)]
    written = [text.get_text() for text in panel.texts]
    wanted = rows(
        file,
        "select avg(1 - layers.sparsity) from results join layers using (key, environment)"
        " where method like '%unit%' group by layers.position, level order by layers.position, level",
    )
    assert [float(text) for text in written] == pytest.approx([100 * share for (share,) in wanted], abs=0.5)


def test_confusions_are_shares_of_each_class(file: Path, material: Material) -> None:
    panel = picture(material, "confusion").draw().axes[0]
    key = rows(file, "select key from results where method = 'none' and seed = 0")[0][0]
    counts = artifacts.confusion(file, key)
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    written = {tuple(map(round, text.get_position())): float(text.get_text()) for text in panel.texts}
    assert {(row, column) for column, row in written} == {tuple(place) for place in np.argwhere(shares > 0.5).tolist()}
    assert all(shares[row, column] == pytest.approx(value, abs=0.5) for (column, row), value in written.items())


def test_the_rows_of_confusions_have_the_names_of_classes(file: Path, material: Material) -> None:
    (names,) = {tuple(json.loads(text)["data"]["classes"]) for (text,) in rows(file, "select text from settings")}
    assert material.classes(material.grids[0]) == names
    labels = [text.get_text() for text in picture(material, "confusion").draw().axes[0].get_yticklabels()]
    assert labels == list(names)  # digits, which need no number
    assert _names(("T-shirt/top", "A name that is too long for it")) == ("T-shirt/top 0", "A na…for it 1")


def test_a_database_without_details_has_reasons(tmp_path: Path) -> None:
    material = Material.of_database(database(tmp_path / "r.db", Simulation()))
    (grid,) = material.grids
    for name, made in catalogue.of_grid(material, grid):
        assert isinstance(made, Picture) == (name in ALWAYS), name
        if isinstance(made, Absence):
            assert made.sentence.startswith("No figure: ")
            assert made.sentence.endswith(".")


def test_a_notebook_draws_from_frames(file: Path, tmp_path: Path) -> None:
    runs = load(file)
    layers, curves = load_layers(file, runs), load_curves(file, runs)
    assert figures.draw("layer-densities", runs, layers=layers).axes
    assert figures.draw("learning-curves", runs, "narrow", curves=curves, prunings=load_prunings(file, runs)).axes
    assert figures.draw("mask-overlap", runs, database=file).axes
    assert set(figures.names()) == set(catalogue.NAMES)
    cases = {
        "no figure": (lambda: figures.draw("frontiers", runs), "did you mean 'frontier'?"),
        "no details": (lambda: figures.draw("layer-densities", runs), "does not say what these runs left"),
        "no subject": (
            lambda: figures.draw("reinitialisation", runs[runs["method"] == "none"], database=file),
            "have nothing of what it shows",
        ),
        "two problems": (
            lambda: figures.draw(
                "frontier", load(database(tmp_path / "r.db", Simulation(), Simulation(data="fmnist")))
            ),
            "are of 2 problems or environments",
        ),
    }
    for what, (draw, says) in cases.items():
        with pytest.raises(UserError) as caught:
            draw()
        assert says in str(caught.value), what
        assert len(caught.value.lines) == 1


def test_frames_at_hand_are_cut_down_to_the_runs(file: Path) -> None:
    runs = load(file)
    given = Given({"layers": load_layers(file, runs)})
    one = runs.head(1)
    assert set(given.layers(one)["key"]) == set(one["key"])
    assert given.prunings(one).empty
    assert given.published.empty


def test_published_numbers_stand_among_the_seeds(file: Path, material: Material) -> None:
    """A row for each cell that somebody published a number of; what is drawn and said is what SQL gives."""
    (axes,) = picture(material, "published-draws").draw().axes
    drawn = {marker: [one for one in axes.get_lines() if one.get_marker() == marker] for marker in ("o", "D")}
    assert len(drawn["o"]) == 3  # two of the four numbers are about one cell
    theirs = sorted((round(float(np.asarray(one.get_ydata())[0]), 6), _drawn(one)[0]) for one in drawn["D"])
    assert theirs == [(0.5, 0.97), (1.5, 0.5), (1.5, 0.6), (2.5, 0.9)]
    for one, (method, level) in zip(drawn["o"], [("none", 0), ("one-shot", 2), ("lottery", 1)], strict=True):
        ours = rows(file, "select test_accuracy from results where method = ? and level = ?", method, level)
        assert _drawn(one) == pytest.approx(sorted(value for (value,) in ours), abs=1e-9)
    said = [text.get_text() for text in axes.texts if text.get_text().startswith("above")]
    below = "select count(*) from results where method = ? and level = ? and test_accuracy < ?"
    wanted = [rows(file, below, *at)[0][0] for at in (("none", 0, 0.97), ("lottery", 1, 0.9))]
    assert said == [f"above {count} of 2" for count in wanted]


def _drawn(line: Any) -> list[float]:
    """The accuracies that points stand at, on whichever scale the figure has."""
    places = [float(x) for x in np.asarray(line.get_xdata())]
    return [round(1 / (1 + 10**-place), 9) for place in places]


def test_ranks_stand_where_they_are(material: Material) -> None:
    (grid,) = material.grids
    found = figures.ranks.ranking([grid.cube], "seeds")
    assert found is not None
    written = {text for text, _ in texts(picture(material, "ranks").draw())}
    for method, rank in zip(found.ranks.methods, found.ranks.ranks, strict=True):
        assert any(f"{rank:.2f}" in text and method[-9:] in text for text in written), method


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 1))
def test_a_level_is_crossed_where_the_curve_first_reaches_it(values: list[float], level: float) -> None:
    steps = np.cumsum(np.arange(1, len(values) + 1)).astype(float)
    found = _crossing(steps, np.array(values), level)
    if found is None:
        assert max(values) < level
        return
    assert np.interp(found, steps, values) == pytest.approx(level) or (found == steps[0] and values[0] >= level)
    assert all(value < level for step, value in zip(steps, values, strict=True) if step < found - 1e-9)


masks = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.booleans(), min_size=n, max_size=n), st.lists(st.booleans(), min_size=n, max_size=n)
    )
)


@given(masks)
def test_overlap_is_that_of_sets(pair: tuple[list[bool], list[bool]]) -> None:
    first, second = ({place for place, kept in enumerate(one) if kept} for one in pair)
    half = len(pair[0]) // 2
    layered: list[dict[str, NDArray[np.bool_]]] = [
        {"a": np.array(one[:half], dtype=bool), "b": np.array(one[half:])} for one in pair
    ]
    found = mask_overlap.jaccard(layered[0], layered[1])
    assert found == mask_overlap.jaccard(layered[1], layered[0]) or math.isnan(found)
    if first | second:
        assert found == pytest.approx(len(first & second) / len(first | second))
    else:
        assert math.isnan(found)


def test_chance_is_what_random_masks_have() -> None:
    random = np.random.default_rng(7)

    def drawn(shares: tuple[float, float]) -> dict[str, NDArray[np.bool_]]:
        sizes = zip(("a", "b"), (3000, 500), shares, strict=True)
        return {name: random.permutation(np.arange(size) < share * size) for name, size, share in sizes}

    pairs = [(drawn((0.2, 0.6)), drawn((0.1, 0.9))) for _ in range(200)]
    mean = np.mean([mask_overlap.jaccard(one, other) for one, other in pairs])
    assert mean == pytest.approx(mask_overlap.chance(*pairs[0]), rel=0.01)


@given(st.lists(st.integers(0, 30), min_size=101, max_size=101))
def test_wider_bins_lose_no_weight_and_stay_about_zero(counts: list[int]) -> None:
    before = Histogram(np.array(counts), 0.5)
    after = _coarser(before)
    assert after.counts.sum() == before.counts.sum()
    assert len(after.counts) % 2 == 1
    width = np.diff(before.edges)[0]
    assert np.allclose(np.diff(after.edges) / width, round(np.diff(after.edges)[0] / width))
    middle = len(after.counts) // 2
    assert after.edges[middle] == pytest.approx(-after.edges[middle + 1])


def test_the_page_about_figures_names_all_of_them() -> None:
    page = (Path(__file__).parents[2] / "docs" / "figures.md").read_text(encoding="utf-8")
    assert [name for name in figures.names() if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    "simulation",
    [
        Simulation(
            methods=("none", "lottery"),
            targets=(0.9,),
            seeds=[0],
            statuses={("none", 0, 0): ("failed", "x"), ("lottery", 1, 0): ("failed", "x")},
        ),
        Simulation(methods=("none",), seeds=[0]),
        Simulation(methods=("lottery",), seeds=[0], targets=(0.9,)),
        Simulation(seeds=[0], targets=(0.5, 0.98)),
    ],
)
def test_few_runs_or_none_that_count_break_nothing(tmp_path: Path, simulation: Simulation) -> None:
    material = Material.of_database(database(tmp_path / "r.db", simulation))
    (grid,) = material.grids
    for _, made in catalogue.of_grid(material, grid):
        if isinstance(made, Picture):
            made.draw("narrow")


def published(method: str, metric: str, sparsities: Sequence[float], epochs: Sequence[float], first: float) -> Any:
    """Numbers that a project is said to have published of the network of the tests."""
    frame = pd.DataFrame(index=range(len(sparsities)), columns=list(PUBLISHED))
    frame = frame.assign(project="theirs", their_method=f"their {method}", method=method, metric=metric)
    frame = frame.assign(data="digits", sparsity_true=list(sparsities), epochs=list(epochs))
    return frame.assign(value=[first - 0.02 * place for place in range(len(sparsities))])


def with_published(file: Path, material: Material, rows: Any) -> Material:
    rows = rows.assign(model=material.grids[0].model)
    return Material(material.grids, material.runs, Given({"published": rows}, Stored(file)))


def dotted(axes: Axes) -> list[Line2D]:
    return [line for line in axes.get_lines() if line.get_linestyle() == ":" and len(np.asarray(line.get_xdata())) > 2]


def test_a_published_curve_lies_over_the_last_training(file: Path, material: Material) -> None:
    """A ticket trains once a round; what others published of one is its last training, here of three epochs."""
    rows = published("lottery", "validation_loss", [0.8] * 4, [0, 1, 2, 3], 1.0)
    made = picture(with_published(file, material, rows), "learning-curves")
    assert "A published curve is of the last training." in made.caption
    panels = {axes.get_title(loc="left"): axes for axes in made.draw().axes}
    (theirs,) = dotted(panels["lottery"])
    end = max(float(np.asarray(line.get_xdata())[-1]) for line in panels["lottery"].get_lines() if line is not theirs)
    assert end > 3
    assert list(np.asarray(theirs.get_xdata())) == pytest.approx([end - 3, end - 2, end - 1, end], abs=0.05)
    assert not dotted(panels["none"])


@pytest.mark.parametrize("label", ["one-shot (fine-tune 40 %)", "one-shot (fine-tune 40 %, granularity unit)"])
def test_published_weights_and_units_are_drawn_where_they_are(file: Path, material: Material, label: str) -> None:
    assert label in material.grids[0].methods
    rows = published(label, "test_accuracy", [0.5, 0.8, 0.95], [0, 0, 0], 0.9)
    made = picture(with_published(file, material, rows), "granularities")
    (theirs,) = dotted(made.draw().axes[0])
    assert list(np.asarray(theirs.get_xdata())) == pytest.approx([0.5, 0.8, 0.95])
    assert "theirs: their" in " ".join(text for text, _ in texts(made.draw()))


def test_published_supermasks_are_points(file: Path, material: Material) -> None:
    rows = published("supermask", "test_accuracy", [0.5, 0.8, 0.95], [0, 0, 0], 0.4)
    made = picture(with_published(file, material, rows), "supermasks")
    (axes,) = made.draw().axes
    points = [line for line in axes.get_lines() if line.get_marker() == "."]
    assert [len(np.asarray(line.get_xdata())) for line in points] == [3]
    assert "single networks that theirs published" in made.caption


def test_a_layer_that_lost_whole_units_has_no_pictures(file: Path, material: Material) -> None:
    """All pixels have kept as much of it: the pictures would be of one colour."""
    runs = material.runs[material.runs["method"].isin(["none", "one-shot (fine-tune 40 %, granularity unit)"])]
    grids = comparison(runs).grids
    alone = Material(grids, runs, Stored(file))
    assert dict(catalogue.of_grid(alone, grids[0], ["first-layer-masks"])) == {}
    assert dict(catalogue.of_grid(material, material.grids[0], ["first-layer-masks"])) != {}
