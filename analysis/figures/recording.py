"""A figure that was laid out once and is drawn into many files.

Most of the time of writing a file goes into asking every artist of a figure where it stands. A recording does so once
and keeps what was asked of the renderer, in points; each file is then written from these calls alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, TransformedBbox, TransformedPath

from analysis.figures.style import DOTS, styled

POINTS = 72  # to the inch
Play = Callable[[Any, float], None]  # onto a renderer with so many pixels to the point

_sizes: dict[Any, Any] = {}  # of texts, in points: most stand in many figures


class Recording(Figure):
    """Draws as the figure that it was made of does, as it was then."""

    def __init__(self, figure: Figure) -> None:
        width, height = figure.get_size_inches()
        super().__init__(figsize=(width, height), dpi=POINTS)
        FigureCanvasAgg(self)
        figure.set_dpi(POINTS)  # for good: a text in an SVG file asks its artist for its anchor
        self._recorder = _Recorder(width * POINTS, height * POINTS)
        with styled():
            figure.draw(self._recorder)

    def draw(self, renderer: RendererBase) -> None:
        """Repeat what was recorded."""
        scale: Any = renderer.points_to_pixels(1)
        for play in self._recorder.plays:
            play(renderer, scale)


class _Recorder(RendererBase):
    """Keeps what it is asked to draw."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self._size = (width, height)
        self.plays: list[Play] = []

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self._size

    def get_image_magnification(self) -> float:
        return DOTS / POINTS

    def option_image_nocomposite(self) -> bool:
        return True

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> Any:
        key = (s, hash(prop), ismath)
        if key not in _sizes:
            _sizes[key] = super().get_text_width_height_descent(s, prop, ismath)
        return _sizes[key]

    def flipy(self) -> bool:
        return False

    def open_group(self, s: str, gid: str | None = None) -> None:
        self.plays.append(lambda renderer, scale: renderer.open_group(s, gid))

    def close_group(self, s: str) -> None:
        self.plays.append(lambda renderer, scale: renderer.close_group(s))

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Any, *fill: Any, **more: Any) -> None:
        places = transform.frozen()
        self._keep(gc, lambda to, own, size: to.draw_path(own, path, places + size, *fill, **more))

    def draw_markers(
        self, gc: GraphicsContextBase, marker_path: Path, marker_trans: Any, *given: Any, **more: Any
    ) -> None:
        path, trans, *fill = given
        marker, places = marker_trans.frozen(), trans.frozen()
        self._keep(
            gc,
            lambda to, own, size: to.draw_markers(own, marker_path, marker + size, path, places + size, *fill, **more),
        )

    def draw_path_collection(self, gc: GraphicsContextBase, master_transform: Any, *given: Any, **more: Any) -> None:
        paths, transforms, offsets, offset_trans, *looks = given
        whole, places = master_transform.frozen(), offset_trans.frozen()
        self._keep(
            gc,
            lambda to, own, size: to.draw_path_collection(
                own, whole + size, paths, transforms, offsets, places + size, *looks, **more
            ),
        )

    def draw_quad_mesh(self, gc: GraphicsContextBase, master_transform: Any, *given: Any, **more: Any) -> None:
        width, height, coordinates, offsets, offset_trans, *looks = given
        whole, places = master_transform.frozen(), offset_trans.frozen()
        self._keep(
            gc,
            lambda to, own, size: to.draw_quad_mesh(
                own, whole + size, width, height, coordinates, offsets, places + size, *looks, **more
            ),
        )

    def draw_image(self, gc: GraphicsContextBase, x: float, y: float, im: Any, transform: Any = None) -> None:
        def play(to: Any, own: GraphicsContextBase, size: Affine2D) -> None:
            to.draw_image(own, *size.transform((x, y)), im)

        self._keep(gc, play)

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        prop = prop.copy()

        def play(to: Any, own: GraphicsContextBase, size: Affine2D) -> None:
            left, up = size.transform((x, y))
            if to.flipy():
                up = to.get_canvas_width_height()[1] - up
            to.draw_text(own, left, up, s, prop, angle, ismath=ismath, mtext=mtext)

        self._keep(gc, play)

    def _keep(self, gc: GraphicsContextBase, call: Callable[[Any, GraphicsContextBase, Affine2D], None]) -> None:
        """Keep a call with the state of its context, which its caller goes on changing."""
        state = GraphicsContextBase()
        state.copy_properties(gc)
        clip: Any
        moved: Any
        (clip, moved), box = gc.get_clip_path(), gc.get_clip_rectangle()
        box, moved = box and box.frozen(), moved and moved.frozen()

        def play(renderer: Any, scale: float) -> None:
            size = Affine2D().scale(scale)
            own = renderer.new_gc()
            own.copy_properties(state)
            own.set_clip_rectangle(box and TransformedBbox(box, size))
            own.set_clip_path(TransformedPath(clip, moved + size) if clip is not None else None)
            call(renderer, own, size)
            own.restore()

        self.plays.append(play)
