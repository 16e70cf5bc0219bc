"""Which of the faces in a photo is that of the person whose folder it lies in, and why there may be none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.data.faces.detecting import Face
from bench.data.faces.settings import Settings

Lack = Literal["no face", "below the confidence", "too small", "unreadable"]


@dataclass(frozen=True)
class Lacking:
    """Why a photo gives no face."""

    lack: Lack
    text: str


def choose(faces: Sequence[Face], settings: Settings) -> Face | Lacking:
    """The face to cut out; of equals, the one further to the left, so that nothing depends on the detector's order."""
    candidates = eligible(faces, settings)
    if candidates:
        if settings.choose == "largest":
            return max(candidates, key=lambda face: (face.area, face.confidence, -face.left, -face.top))
        return max(candidates, key=lambda face: (face.confidence, face.area, -face.left, -face.top))
    if not faces:
        return Lacking("no face", "no face found")
    sure = [face for face in faces if face.confidence >= settings.confidence]
    if sure:
        side = max(face.side for face in sure)
        return Lacking("too small", f"its face has {side} pixels, fewer than {settings.smallest}")
    best = max(face.confidence for face in faces)
    return Lacking("below the confidence", f"found with confidence {best:.2f}, below {settings.confidence:.2f}")


def eligible(faces: Sequence[Face], settings: Settings) -> list[Face]:
    """Those that may be cut out. Where there is more than one, the photo shows several people."""
    return [face for face in faces if face.confidence >= settings.confidence and face.side >= settings.smallest]
