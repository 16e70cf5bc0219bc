"""What a claim is: a statement that somebody published, and the rule by which our runs decide it."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Word = Annotated[str, Field(min_length=1, pattern=r"\S")]
Count = Annotated[int, Field(ge=2, description="a single seed has no interval")]
Columns = ("suite", "profile", "protocol", "data", "model", "method", "method_name", "level")
HASH_DIGITS = 8  # of a rule's hash, as it is shown and registered


class Part(BaseModel):
    """A part of a file of claims; a dash stands there where Python has an underscore."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"), strict=False
    )


class Published(Part):
    """A number that stands in the source."""

    what: Word
    value: float


class Cell(Part):
    """Which runs are meant: one for each seed. What is left out is not asked for, but for the profile."""

    suite: Word
    profile: Word = "full"
    protocol: Word | None = None
    data: Word | None = None
    model: Word | None = None
    method: Word | None = None
    method_name: Word | None = None
    level: Annotated[int, Field(ge=0)] | None = None
    sparsity: Annotated[float, Field(ge=0, le=1)] | None = None  # as asked for, to three digits

    @model_validator(mode="after")
    def _names_a_method(self) -> Cell:
        if self.method is None and self.method_name is None:
            raise ValueError("names no method; give method (its label) or method-name")
        return self


class Learning(Part):
    """A moment of a learning curve, in steps of the last training: where it is best, or first reaches a value."""

    curve: Literal["train_loss", "validation_loss", "validation_accuracy"]
    reaches: float | None = None  # None: where it is best

    @property
    def falls(self) -> bool:
        """Whether less is better."""
        return self.curve.endswith("loss")


class Region(Part):
    """Where a number has to lie for the check to hold."""

    above: float | None = None
    below: float | None = None
    within: Annotated[float, Field(gt=0)] | None = None  # of zero, on both sides
    between: Annotated[tuple[float, float], Field(strict=False)] | None = None
    includes: float | None = None  # a single published draw, in the spread of ours over seeds

    @model_validator(mode="after")
    def _exactly_one(self) -> Region:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"has {len(given)} of {', '.join(type(self).model_fields)}; give exactly one")
        if self.between is not None and self.between[0] >= self.between[1]:
            raise ValueError("between: the first number is not below the second; exchange them")
        return self

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of the region."""
        if self.within is not None:
            return -self.within, self.within
        if self.between is not None:
            return self.between
        infinite = float("inf")
        return (-infinite if self.above is None else self.above), (infinite if self.below is None else self.below)


class Check(Part):
    """A number of one cell, or of two paired by seed, and where its 95 % interval has to lie."""

    mean: Word | None = None
    difference: tuple[Word, Word] | None = None  # the first minus the second
    ratio: tuple[Word, Word] | None = None  # the first over the second, as a geometric mean
    order: Annotated[tuple[Word, ...], Field(min_length=3)] | None = None  # each minus the next, all of them
    value: Word | Learning
    expect: Region
    seeds: Count  # the fewest that decide it
    reason: Word  # why here and no nearer

    @model_validator(mode="after")
    def _one_quantity(self) -> Check:
        given = [name for name in ("mean", "difference", "ratio", "order") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"has {len(given)} of mean, difference, ratio, order; give exactly one")
        if self.expect.includes is not None and self.mean is None:
            raise ValueError("includes: a published draw is looked for among the values of one cell; give mean")
        return self

    @property
    def cells(self) -> tuple[str, ...]:
        """The names of the cells that it looks at."""
        return (self.mean,) if self.mean is not None else self.difference or self.ratio or self.order or ()


class Claim(Part):
    """A statement in our words, where it was made, what was measured for it, and the rule that decides it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    statement: Word
    where: Word
    published: tuple[Published, ...] = ()
    measured: Word | None = None  # what the original really measured, where that is something else
    because: Word | None = None  # why it differs
    registered: date  # when the rule was written down
    cells: dict[Word, Cell] = {}
    checks: tuple[Check, ...] = ()
    shown_by: tuple[Check, ...] = ()  # what replays the original, so that the explanation is seen and not believed
    untestable: Word | None = None

    @model_validator(mode="after")
    def _can_be_decided(self) -> Claim:
        if (self.untestable is None) == (not self.checks):
            raise ValueError("has to have either checks, or the reason why it is untestable")
        for check in (*self.checks, *self.shown_by):
            for name in check.cells:
                if name not in self.cells:
                    known = ", ".join(self.cells) or "none"
                    raise ValueError(f"a check looks at the cell {name!r}, which is not among its cells: {known}")
        idle = set(self.cells) - {name for check in (*self.checks, *self.shown_by) for name in check.cells}
        if idle:
            raise ValueError(f"no check looks at the cell {min(idle)!r}; leave it out")
        return self

    @property
    def rule(self) -> str:
        """The hash of all that decides: wording that explains may get better, these may not change unseen."""
        told = self.model_dump(mode="json", exclude={"measured", "because", "where"}, exclude_defaults=True)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:HASH_DIGITS]


class Project(Part):
    """A file of claims: what one project, or one paper, says."""

    project: Word
    title: Word
    link: Word
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _ids_once(cls, value: Any) -> Any:
        claims = value.get("claims") if isinstance(value, dict) else None
        ids = [one.get("id") for one in claims if isinstance(one, dict)] if isinstance(claims, list) else []
        twice = [one for place, one in enumerate(ids) if one in ids[:place]]
        if twice:
            raise ValueError(f"the id {twice[0]!r} is there twice; give one of the claims another")
        return value
