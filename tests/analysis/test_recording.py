"""A recording gives the files that its figure gives."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from fontTools import subset
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.text import Text
from PIL import Image

from analysis.figures import Material, Picture, catalogue, fonts, shades, style
from analysis.figures.recording import Recording

NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def everything() -> Figure:
    """A figure with a mark of every sort."""
    with style.styled():
        figure = style.blank("wide", 2.5)
        left, middle, right = figure.subplots(1, 3)
        left.plot([0, 1, 2], [1, 0, 2], "--o", label="line", clip_on=True)
        left.fill_between([0, 1, 2], [0, 0, 1], [2, 1, 3], alpha=0.2, hatch="//")
        left.errorbar([0.5, 1.5], [1, 1], yerr=0.3, fmt="s")
        left.set_xlim(0.2, 1.8)
        left.scatter([0.5, 1.0], [2, 2], s=[20, 60], c=["#0b62ab", "#c8451a"])
        left.set_ylabel("across", rotation=90)
        left.text(1, 1, "turned", rotation=30, va="bottom")
        left.legend()
        middle.pcolormesh(np.arange(12).reshape(3, 4) / 12, cmap=shades.colours())
        middle.set_xticks([1, 2], ["first", "second"], rotation=45, ha="right")
        right.imshow(np.arange(20).reshape(4, 5), cmap=shades.colours(), interpolation="nearest")
        right.axis("off")
        cut = middle.pcolormesh(np.ones((2, 2)))
        cut.set_clip_path(Circle((1, 1), 0.5, transform=middle.transData))
    return figure


def renamed(text: str) -> str:
    """With names by order of appearance."""
    names: dict[str, str] = {}
    return re.sub(
        r"(id=\"|#)([\w-]+)(?=[\")])", lambda found: found[1] + names.setdefault(found[2], f"name{len(names)}"), text
    )


def same_svg(one: str, other: str) -> None:
    """Equal but for the last digits of places, and what these give for names."""
    one, other = renamed(one), renamed(other)
    assert NUMBER.sub("n", one) == NUMBER.sub("n", other)
    before, after = (np.array([float(number) for number in NUMBER.findall(text)]) for text in (one, other))
    np.testing.assert_allclose(before, after, rtol=0, atol=0.05)  # points; a printed dot is 0.36


def pixels(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=float)


def check(figure: Figure, again: Figure) -> None:
    """What `again` gives by way of a recording is what `figure` gives."""
    recording = Recording(again)
    same_svg(style.save(figure, "svg", "x").decode(), style.save(recording, "svg", "x").decode())
    same_svg(style.inline(figure, "x", "t", "d"), style.inline(recording, "x", "t", "d"))
    before, after = (len(style.save(one, "pdf", "x")) for one in (figure, recording))
    assert after == pytest.approx(before, rel=0.01)
    whole = [pixels(style.save(one, "png", "x")) for one in (figure, recording)]
    assert whole[0].shape == whole[1].shape
    for one in figure.findobj(Text) + again.findobj(Text):  # letters stand elsewhere by a fraction of a dot
        one.set_visible(False)
    plain = [pixels(style.save(one, "png", "x")) for one in (figure, Recording(again))]
    assert np.mean(np.abs(plain[0] - plain[1]) > 40) < 0.003
    assert np.mean(plain[0] < 250) > 0.001


def test_every_sort_of_mark_is_drawn_where_it_was() -> None:
    check(everything(), everything())


@pytest.mark.parametrize("name", [kind.name for kind in catalogue.OF_GRIDS])
def test_every_figure_is_drawn_as_it_was(material: Material, name: str) -> None:
    made = dict(catalogue.of_grid(material, material.grids[0], [name]))[name]
    assert isinstance(made, Picture)
    check(made.draw("wide"), made.draw("wide"))


def test_a_recording_stays_as_it_was() -> None:
    figure = everything()
    recording = Recording(figure)
    before = [style.save(recording, form, "x") for form in style.FORMATS]
    figure.axes[0].plot([0, 2], [0, 0], color="red")
    figure.axes[0].lines[0].set_marker("s")
    assert [style.save(recording, form, "x") for form in style.FORMATS] == before


def test_fonts_cut_down_twice_are_those_cut_down_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def figure(text: str) -> Figure:
        with style.styled():
            drawn = style.blank("narrow", 1)
            drawn.text(0.1, 0.5, text)
        return drawn

    monkeypatch.setattr(fonts, "_cut", {})
    texts = [
        "plain",
        "\N{LATIN SMALL LETTER E WITH ACUTE}\N{GREEK SMALL LETTER ALPHA}",
        "\N{CYRILLIC SMALL LETTER ZHE}",
    ]
    lean = [style.save(figure(text), "pdf", "x") for text in (*texts, *texts)]
    assert lean[:3] == lean[3:]

    @contextmanager
    def once() -> Iterator[None]:
        monkeypatch.setattr(subset, "load_font", fonts._lean)
        yield

    monkeypatch.setattr(style, "lean_fonts", once)
    assert [style.save(figure(text), "pdf", "x") for text in texts] == lean[:3]
