"""The figures: drawn for every kind of data, alike every time, readable and without overlap."""

import io
import re
import zlib
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from analysis import celltext, comparison, load
from analysis.figures import (
    Absence,
    GridFigure,
    Material,
    Picture,
    accuracy_versus_sparsity,
    difference_to_dense,
    shades,
    style,
)
from analysis.figures.drawing import Point, series_of, value_axis
from analysis.figures.fonts import LAYOUT
from analysis.figures.scales import (
    Scale,
    difference_scale,
    linear_scale,
    log_scale,
    nice,
    odds_scale,
    sparsity_scale,
)
from tests.analysis.generate import LADDER, METHODS, Simulation, database

KINDS = (accuracy_versus_sparsity.FIGURE, difference_to_dense.FIGURE)
WIDTHS: tuple[style.Width, ...] = ("wide", "narrow")
LADDERED = Simulation(targets=LADDER)
PENGUINS = Simulation(data="penguins", metric="test_loss", test_count=33, dense=0.97, noise=0.02, targets=(0.2, 0.6))


def material_of(tmp_path: Path, simulation: Simulation, metric: str | None = None, against: str = "none") -> Material:
    return Material.of_database(database(tmp_path / "r.db", simulation), metric=metric, against=against)


def made(kind: GridFigure, material: Material) -> Picture | Absence:
    (grid,) = material.grids
    found = kind.make(material, grid)
    assert found is not None
    return found


def picture(kind: GridFigure, material: Material) -> Picture:
    found = made(kind, material)
    assert isinstance(found, Picture)
    return found


def reason(kind: GridFigure, material: Material) -> str:
    found = made(kind, material)
    assert isinstance(found, Absence)
    return found.sentence


def drawn(kind: GridFigure, material: Material, width: style.Width) -> Figure:
    figure = picture(kind, material).draw(width)
    figure.canvas.draw()
    return figure


SCALES = [linear_scale(), linear_scale(100), odds_scale(1e-4), log_scale(1e-3), difference_scale(None, 100)]
SCALES += [difference_scale(0.01, 100), sparsity_scale((0.5, 0.9)), sparsity_scale(LADDER)]


@pytest.mark.parametrize("scale", SCALES)
@given(first=st.floats(0.002, 0.998), second=st.floats(0.002, 0.998))
def test_a_scale_keeps_the_order_and_its_ticks_apart(scale: Scale, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert scale.place(low) <= scale.place(high)
    limits = scale.place(low), scale.place(high)
    ticks = scale.ticks(low, high, limits, 0.1)
    assert all(limits[0] - 1e-6 <= place <= limits[1] + 1e-6 for place, _ in ticks)
    assert all(right - left >= 0.1 * (limits[1] - limits[0]) - 1e-9 for (left, _), (right, _) in pairwise(ticks))
    assert len({label for _, label in ticks}) == len(ticks)


@given(st.floats(1e-9, 1e9))
def test_nice_numbers(value: float) -> None:
    assert nice(value) <= value * (1 + 1e-8)
    assert value < nice(value) * 2.5 * (1 + 1e-8)
    assert float(f"{nice(value):.0e}"[0]) in (1, 2, 5)


def boxes(figure: Figure) -> Sequence[tuple[str, tuple[float, float, float, float]]]:
    """All text of a figure, with where it stands."""
    (axes,) = figure.axes
    (legend,) = figure.legends
    texts = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label, axes.yaxis.label, *legend.get_texts()]
    return [(text.get_text(), text.get_window_extent().extents) for text in texts if text.get_text()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("simulation", [LADDERED, PENGUINS, Simulation(methods=("lottery", "none"), targets=(0.9,))])
def test_no_text_overlaps_or_is_cut(
    tmp_path: Path, simulation: Simulation, kind: GridFigure, width: style.Width
) -> None:
    figure = drawn(kind, material_of(tmp_path, simulation), width)
    pixels = figure.bbox
    found = boxes(figure)
    for text, (left, bottom, right, top) in found:
        assert left >= -1, text
        assert bottom >= -1, text
        assert right <= pixels.width + 1, text
        assert top <= pixels.height + 1, text
    for (one, a), (other, b) in combinations(found, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one, other)


def test_eight_methods_and_more_are_told_apart_without_colour() -> None:
    looks = style.looks([f"method {number}" for number in range(20)], [])
    assert len({(look.marker, look.colour) for look in looks.values()}) == 20
    first = [looks[f"method {number}"] for number in range(8)]
    assert len({look.marker for look in first}) == len({look.colour for look in first}) == 8
    # Another method later changes nothing for those that sort before it.
    assert style.looks(["a", "b", "c"], [])["b"] == style.looks(["a", "b"], [])["b"]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_out_on_light_and_dark_paper() -> None:
    for light, dark in style.COLOURS:
        assert contrast(light, "#fefefe") >= 3
        assert contrast(dark, "#15171b") >= 3


def test_equal_results_give_equal_files(tmp_path: Path) -> None:
    material = material_of(tmp_path, PENGUINS)
    for form in style.FORMATS:
        first = style.save(picture(KINDS[0], material).draw("wide"), form, "x")
        second = style.save(picture(KINDS[0], material).draw("wide"), form, "x")
        assert first == second
        assert b"20" + b"26-" not in first  # no date
    assert (tmp_path / "r.db").exists()


def test_an_inlined_figure_follows_the_page(tmp_path: Path) -> None:
    text = style.inline(drawn(KINDS[0], material_of(tmp_path, PENGUINS), "wide"), "a-name", "Title <1>", "What & how")
    assert text.startswith("<svg viewBox=")
    assert '<title id="a-name-title">Title &lt;1&gt;</title>' in text
    assert "var(--ink)" in text
    assert "var(--series-1)" in text
    assert not re.search(r"#[0-9a-f]{6}", text)
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert all(one.startswith("a-name-") for one in ids)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', text))
    for pair in re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', text):
        assert "".join(pair) in ids
    assert ">lottery<" in text  # text is text


@pytest.mark.parametrize(
    ("simulation", "kind", "says"),
    [
        (Simulation(methods=("none",)), KINDS[0], "only the dense network has results"),
        (Simulation(methods=("none",)), KINDS[1], "only the dense network has results"),
        (Simulation(methods=("lottery",)), KINDS[1], "what to compare with has no result here yet"),
    ],
)
def test_where_there_is_no_figure_a_sentence_says_why(
    tmp_path: Path, simulation: Simulation, kind: GridFigure, says: str
) -> None:
    assert says in reason(kind, material_of(tmp_path, simulation))


def test_failed_runs_alone_are_no_figure(tmp_path: Path) -> None:
    endings = {("none", 0, 0): ("failed", "x"), ("lottery", 1, 0): ("diverged", "y")}
    failed = Simulation(methods=("none", "lottery"), targets=(0.9,), seeds=[0], statuses=endings)
    assert "no run has given a test accuracy yet" in reason(KINDS[0], material_of(tmp_path, failed))


def test_a_cell_without_a_value_is_a_cross_on_the_axis(tmp_path: Path) -> None:
    endings = {("lottery", 2, seed): ("diverged", "loss was not finite") for seed in range(5)}
    simulation = Simulation(methods=("none", "lottery"), targets=(0.5, 0.9), statuses=endings)
    material = material_of(tmp_path, simulation)
    assert "Crosses on the axis: runs ended, but none gave a value." in picture(KINDS[0], material).caption
    (axes,) = drawn(KINDS[0], material, "wide").axes
    assert [line for line in axes.get_lines() if line.get_marker() == "x" and np.size(line.get_xdata())]


def test_a_whole_network_of_a_level_stands_at_the_level(tmp_path: Path) -> None:
    """A control of equal size or cost has lost nothing, and belongs to what has lost as much as the level says."""
    path = database(tmp_path / "r.db", Simulation(methods=("none", "lottery", "lottery-kept"), targets=(0.5, 0.9)))
    frame = load(path)
    frame.loc[frame["method"] == "lottery-kept", "sparsity"] = 0.0
    (grid,) = comparison(frame).grids
    series = {one.label: one for one in series_of(grid, lambda cell: (0.5, None, None, True))}
    assert [point.sparsity for point in series["lottery-kept"].points] == [0.5, 0.9]
    assert [point.sparsity for point in series["lottery"].points] == pytest.approx([0.5, 0.9])
    assert [celltext.measured_sparsity(grid, level) for level in grid.levels if level.index] == ["", ""]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("against", ["none", "one-shot"])
@pytest.mark.parametrize("metric", ["test_accuracy", "test_loss", "pruned_test_accuracy"])
@pytest.mark.parametrize("seeds", [1, 2])
def test_every_metric_draws(tmp_path: Path, kind: GridFigure, against: str, metric: str, seeds: int) -> None:
    material = material_of(tmp_path, Simulation(seeds=range(seeds), targets=(0.5, 0.98)), metric, against)
    if isinstance(made(kind, material), Picture):
        assert picture(kind, material).caption
        assert len(drawn(kind, material, "narrow").axes[0].get_lines()) > len(METHODS)
    else:
        assert (metric, against) == ("pruned_test_accuracy", "none")


@pytest.mark.parametrize("scale", [linear_scale(), log_scale(1e-3), odds_scale(1e-4), difference_scale(0.01, 1)])
@pytest.mark.parametrize("value", [0.0417, 0.333333])
def test_values_that_are_all_alike_have_a_tick(scale: Scale, value: float) -> None:
    with style.styled():
        axes = style.blank("wide", 2).add_axes((0.1, 0.1, 0.8, 0.8))
        value_axis(axes, scale, [Point(0.5, value, value, value, True)], [value * (1 + 1e-6)], "value")
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels
    low, high = axes.get_ylim()
    assert low <= scale.place(value) <= high


def test_a_pdf_has_the_outlines_of_its_letters_and_no_more() -> None:
    with style.styled():
        figure = style.blank("narrow", 1)
        figure.text(0.1, 0.5, "AV \N{MINUS SIGN}")
    text = style.save(figure, "pdf", "x")
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", text, re.DOTALL)
    contents = [zlib.decompressobj().decompress(one) for one in streams if one.startswith(b"x")]
    fonts = [TTFont(io.BytesIO(one)) for one in contents if one.startswith(b"\0\1\0\0")]
    assert fonts
    assert not any(table in font for font in fonts for table in LAYOUT)
    outlines = {name for font in fonts for name in font.getGlyphOrder() if font["glyf"][name].numberOfContours}
    assert {"A", "V", "minus"} <= outlines
    assert len(outlines) < 10


@given(st.floats(0, 1))
def test_numbers_on_a_map_can_be_read(shade: float) -> None:
    written, field = (shades.luminance(one) for one in (to_rgb(shades.ink(shade)), shades.colours()(shade)[:3]))
    assert shades.contrast(written, field) >= 3
