"""How faces are cut out of photos, and what stands for it in a fingerprint."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from bench.errors import UserError, nearest
from bench.recipe import digest

Choose = Literal["largest", "most-confident"]

VERSION = 1  # raised when a change here in `faces` alters which faces are found, how they look or what belongs together
SIDE = 144  # pixels of a face that is kept; networks get 128 x 128 of them, the middle or any part


@dataclass(frozen=True)
class Settings:
    """What a user can choose. The defaults were right for all but a few of 442 photos from the web."""

    choose: Choose = "largest"  # of several faces: people in the background are small, and as sure as the others
    confidence: float = 0.9  # below it lies most of what is taken for a face and is none, such as boots
    smallest: int = 20  # pixels along the longer side of a face; it would be enlarged seven times
    margin: float = 0.2  # added to the longer side, so that the middle 128 pixels hold the whole face

    def __post_init__(self) -> None:
        if self.choose not in get_args(Choose):
            raise UserError(f"choose is {self.choose!r}; {nearest(self.choose, get_args(Choose))}")

    @property
    def key(self) -> str:
        return digest([VERSION, SIDE, asdict(self)])


DEFAULTS = Settings()
