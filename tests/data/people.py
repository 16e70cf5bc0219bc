"""Photos of nobody: drawn faces that a real detector takes for faces, and marked pictures for a pretended one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bench import random
from bench.data.faces.detecting import Face
from bench.data.trees import Images

Box = tuple[int, int, int, int]  # left, top, right, bottom


def drawn_face(size: tuple[int, int], centre: tuple[int, int], height: int) -> Image.Image:
    """A face in front of a plain background, drawn with ellipses."""
    sharp = 3
    image = Image.new("RGB", (size[0] * sharp, size[1] * sharp), (90, 110, 120))
    add_face(image, (centre[0] * sharp, centre[1] * sharp), height * sharp)
    return image.resize(size, Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(1))


def add_face(image: Image.Image, centre: tuple[int, int], height: int) -> None:
    draw = ImageDraw.Draw(image)

    def ellipse(x: float, y: float, width: float, tall: float, colour: tuple[int, int, int]) -> None:
        left, top = centre[0] + (x - width) * height, centre[1] + (y - tall) * height
        draw.ellipse((left, top, left + 2 * width * height, top + 2 * tall * height), fill=colour)

    skin, shade, hair = (205, 165, 140), (150, 120, 100), (60, 40, 30)
    ellipse(0, 0.72, 0.55, 0.25, (45, 55, 60))
    ellipse(0, 0.5, 0.16, 0.2, shade)
    ellipse(0, -0.08, 0.43, 0.52, hair)
    ellipse(0, 0.02, 0.36, 0.48, skin)
    ellipse(0, -0.42, 0.36, 0.16, hair)
    for side in (-0.16, 0.16):
        ellipse(side, -0.15, 0.09, 0.018, hair)
        ellipse(side, -0.06, 0.085, 0.05, shade)
        ellipse(side, -0.05, 0.07, 0.033, (240, 240, 240))
        ellipse(side, -0.05, 0.032, 0.034, (40, 30, 25))
        ellipse(side / 3.5, 0.15, 0.03, 0.018, (100, 80, 70))
    ellipse(0, 0.05, 0.035, 0.1, (185, 150, 126))
    ellipse(0, 0.27, 0.13, 0.04, (165, 80, 80))


def marked(seed: int, *faces: tuple[Box, float], size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A picture with a pattern of its own, in which the pretended detector finds these faces.

    Red tells a face and how sure it is; green and blue hold the pattern, and are what makes the grey of a crop differ.
    """
    coarse = random.uniform(seed, "picture", shape=(12, 16)) * 255
    pattern = np.asarray(Image.fromarray(coarse.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC))
    pixels = np.stack([np.zeros_like(pattern), pattern, pattern], axis=-1)
    for (left, top, right, bottom), confidence in faces:
        pixels[top:bottom, left:right, 0] = round(confidence * 250)
    return Image.fromarray(pixels)


@dataclass
class Pretended:
    """A detector that finds what is marked. It counts what it is shown, and can fail at some picture."""

    shown: int = 0
    fails_at: int | None = None
    failure: BaseException = field(default_factory=KeyboardInterrupt)

    def __call__(self, pixels: Images) -> tuple[Face, ...]:
        if self.shown == self.fails_at:
            raise self.failure
        self.shown += 1
        found = []
        for value in np.unique(pixels[0][pixels[0] > 0]).tolist():
            rows, columns = np.nonzero(pixels[0] == value)
            left, top = int(columns.min()), int(rows.min())
            found.append(Face(left, top, int(columns.max()) + 1, int(rows.max()) + 1, value / 250))
        return tuple(found)


FACE: tuple[Box, float] = ((40, 30, 100, 90), 1.0)


def album(root: Path, people: Sequence[str] = ("ann", "ben"), each: int = 6) -> Path:
    """A folder for each person, with marked pictures that differ."""
    for number, person in enumerate(people):
        (root / person).mkdir(parents=True)
        for photo in range(each):
            marked(100 * number + photo, FACE).save(root / person / f"{photo}.png")
    return root
