"""Pictures of flowers that never grew, drawn by plain arithmetic from a fixed seed: what stand-ins show.

What kind a flower is shows in its outline and in the weave of its petals. Place, size, turn, colours, light and noise
are drawn anew for each picture, and petals may be lighter or darker than the ground, so that no single pixel tells much
of the kind: only their relations do. A kind leans to a colour of its own, of which a linear model makes a little.

Only operations that IEEE 754 fixes to the last bit are used, so that the pictures are the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench import random

Weave = Literal["stripes", "rings", "rays", "checks", "plain"]
Images = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

WEAVES: tuple[Weave, ...] = ("stripes", "rings", "rays", "checks", "plain")
_AT_ONCE = 1 << 17  # pixels worked on at once: the intermediate results stay in the processor's cache
_DRAWS = 17  # random numbers that a picture needs besides its noise
_COLOURS = ("red", "yellow", "green", "cyan", "blue", "magenta")


@dataclass(frozen=True)
class Kind:
    """What the pictures of one class have in common."""

    petals: int  # 0 for a disc
    weave: Weave
    hue: float | None = None  # the middle of its colours, from 0 (red) over 1/3 (green) to 1 (red); None: grey

    @property
    def words(self) -> str:
        outline = f"{self.petals} petals" if self.petals else "disc"
        colour = [] if self.hue is None else [_COLOURS[round(self.hue * len(_COLOURS)) % len(_COLOURS)]]
        return ", ".join([outline, self.weave, *colour])


@dataclass(frozen=True)
class Style:
    """How hard the pictures of a set are to tell apart."""

    hues: float  # how far colours stray from that of the kind: 1 is the whole circle, which leaves no leaning
    turn: float  # how far a flower is turned: 1 is the whole circle
    noise: float  # of each pixel, as a share of the brightest
    contrast: float  # the least difference in light between the weave's threads


def draw(name: str, kinds: Sequence[Kind], labels: Integers, size: int, style: Style) -> Images:
    """A picture for each label: (N, channels, size, size). The first ones do not depend on how many follow."""
    channels = 1 if kinds[0].hue is None else 3
    chance = random.uniform(0, name, "chance", shape=(len(labels), _DRAWS)).astype(np.float32)
    images = np.empty((len(labels), channels, size, size), np.uint8)
    at_once = max(1, _AT_ONCE // (size * size))
    for label, kind in enumerate(kinds):
        (members,) = np.nonzero(labels == label)
        for start in range(0, len(members), at_once):
            chosen = members[start : start + at_once]
            light = _picture(kind, chance[chosen].T[:, :, np.newaxis, np.newaxis], size, style)
            light += style.noise * _noise(name, chosen, light.shape[1:])
            np.clip(light, 0, 1, out=light)
            light *= np.float32(255)
            light += np.float32(0.5)
            images[chosen] = light.astype(np.uint8)
    return images


def _picture(kind: Kind, chance: Floats, size: int, style: Style) -> Floats:
    """(N, channels, size, size), with light between 0 and about 1. `chance` is (_DRAWS, N, 1, 1)."""
    draws = iter(chance)
    steps = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size) * 2 - 1
    across, down = steps.reshape(1, 1, -1), steps.reshape(1, -1, 1)
    inside, thread = _flower(kind, across[0], down[0], draws, size, style)
    # Petals are lighter or darker than the ground, and so is the second thread than the first.
    ground = 0.25 + 0.5 * next(draws)
    sign = np.where(next(draws) < 0.5, np.float32(-1), np.float32(1))
    petal = np.clip(ground + sign * (0.12 + 0.2 * next(draws)), 0.1, 0.9)
    step = style.contrast + (0.4 - style.contrast) * next(draws)
    cloth = petal + thread * np.where(petal < 0.5, step, -step)
    slope = 1 + 0.3 * ((next(draws) - 0.5) * across + (next(draws) - 0.5) * down)
    if kind.hue is None:
        grey: Floats = (ground + inside * (cloth - ground)) * slope
        return grey[:, np.newaxis]
    light = np.empty((chance.shape[1], 3, size, size), np.float32)
    tints = _tints(kind.hue + style.hues * (next(draws) - 0.5), 0.25 + 0.5 * next(draws))
    grounds = _tints(next(draws), 0.4 * next(draws))
    for channel, (tint, soil) in enumerate(zip(tints, grounds, strict=True)):
        bottom = ground * soil
        light[:, channel] = (bottom + inside * (cloth * tint - bottom)) * slope
    return light


def _flower(
    kind: Kind, across: Floats, down: Floats, draws: Iterator[Floats], size: int, style: Style
) -> tuple[Floats, Floats]:
    """For each pixel how much of it the flower covers, and how much of that its second thread."""
    across = across - (next(draws) - 0.5) * 0.5
    down = down - (next(draws) - 0.5) * 0.5
    radius = 0.6 + 0.35 * next(draws)
    cosine, sine = _direction(style.turn * next(draws))
    x, y = (across * cosine + down * sine) / radius, (down * cosine - across * sine) / radius
    far = np.sqrt(x * x + y * y) + np.float32(1e-6)
    angle = x / far  # its cosine
    depth = 0.3 + 0.15 * next(draws)
    edge = 1 - depth * (0.5 - 0.5 * _multiple(angle, kind.petals)) if kind.petals else 0.85
    inside = _soft((edge - far) * radius * (size / 4))
    return inside, _soft(_weave(kind.weave, x, y, far, angle, next(draws), next(draws)) * 2)


def _direction(chance: Floats) -> tuple[Floats, Floats]:
    """Cosine and sine of any angle."""
    turn = chance * 4
    half = turn - np.floor(turn)  # the tangent of half an angle up to 90 degrees, in four quarters
    square = half * half
    cosine, sine = (1 - square) / (1 + square), 2 * half / (1 + square)
    quarter = np.floor(turn)
    odd = (quarter == 1) | (quarter == 3)
    sign = np.where(quarter >= 2, np.float32(-1), np.float32(1))
    return sign * np.where(odd, -sine, cosine), sign * np.where(odd, cosine, sine)


def _multiple(cosine: Floats, times: int) -> Floats:
    """The cosine of so many times the angle, by Chebyshev's recurrence."""
    before, now = np.ones_like(cosine), cosine
    for _ in range(times - 1):
        before, now = now, 2 * cosine * now - before
    return now


def _weave(weave: Weave, x: Floats, y: Floats, far: Floats, angle: Floats, phase: Floats, width: Floats) -> Floats:
    """Between -1 and 1: above 0 where the second thread lies on top."""
    period = 0.36 + 0.16 * width
    if weave == "plain":
        return np.full_like(x, -1)
    if weave == "stripes":
        return _wave(x / period + phase)
    if weave == "checks":
        return _wave(x / period + phase) * _wave(y / period + width) * 2
    if weave == "rings":
        return _wave(far / period + phase)
    return _multiple(angle, 8)


def _wave(along: Floats) -> Floats:
    """A triangular wave of period 1 between -1 and 1."""
    return np.abs((along - np.floor(along)) * 4 - 2) - 1


def _soft(value: Floats) -> Floats:
    """From 0 to 1 in a ramp as value goes from -1/2 to 1/2."""
    ramp: Floats = np.clip(value + np.float32(0.5), 0, 1)
    return ramp


def _tints(hue: Floats, strength: Floats) -> list[Floats]:
    """The light in red, green and blue, as a factor of the light in all."""
    return [1 + strength * _wave(hue + np.float32(shift)) for shift in (0, 2 / 3, 1 / 3)]


def _noise(name: str, chosen: Integers, shape: tuple[int, ...]) -> Floats:
    """Independent noise for each number of each picture, between -1 and 1."""
    count = math.prod(shape)
    raw = [random.words(0, name, "noise", int(picture), count=-(-count // 8)) for picture in chosen]
    # Little-endian, so that the bytes come in the same order on every machine.
    noise = np.stack(raw).astype("<u8").view(np.uint8)[:, :count].reshape(-1, *shape).astype(np.float32)
    noise *= np.float32(1 / 127.5)
    noise -= np.float32(1)
    return noise
