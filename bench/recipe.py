"""The three verbs that every pruning method is written in, and the keys of the states they lead to.

A recipe is a start and a tuple of frozen steps. A key is a hash of everything that decides the numbers of a state;
two recipes that begin alike share the keys, and so the work, of what they have in common.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Literal

Part = Literal["weights", "biases", "buffers", "optimiser", "clock", "order"]
EVERYTHING: tuple[Part, ...] = ("biases", "buffers", "clock", "optimiser", "order", "weights")


@dataclass(frozen=True)
class Optimiser:
    """A first-order optimiser and its settings; those that its kind does not use stay at their default."""

    kind: Literal["sgd", "adam", "adamw", "adadelta"]
    lr: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    rho: float = 0.9
    eps: float | None = None  # None: what torch.optim has for this kind


@dataclass(frozen=True)
class Schedule:
    """The learning rate over a training of `length` steps, as a factor of the optimiser's rate."""

    kind: Literal["constant", "step", "cosine", "linear"]
    length: int
    warmup: int = 0  # steps of linear warm-up from 0
    milestones: tuple[int, ...] = ()  # steps at which a step schedule multiplies by gamma
    gamma: float = 0.1
    final: float = 0.0  # where cosine and linear end, as a share of the rate


@dataclass(frozen=True)
class Select:
    """Which state of a Train counts: its last, its best on validation data, or the best before patience ran out."""

    kind: Literal["last", "best", "stop"] = "last"
    every: int = 0  # steps between looks at the validation data; 0: once an epoch
    patience: int = 0  # looks without improvement after which `stop` ends


@dataclass(frozen=True)
class Training:
    """Everything that decides what a training step does. Equal trainings of neighbouring Trains are one Train."""

    optimiser: Optimiser
    schedule: Schedule
    batch: int
    augmentation: str | None = None
    select: Select = Select()


@dataclass(frozen=True)
class Score:
    """What a weight is worth: a registered score, its options, and the identity of its source."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()
    identity: tuple[Any, ...] = ()
    looks_at: tuple[int, ...] = ()  # steps of the dense training whose weights it looks at, besides the present ones
    batch: int = 0  # training samples of a batch, for a score that looks at data


@dataclass(frozen=True)
class Level:
    """A point of the sparsity ladder: how much of each layer is gone once it is reached, counted from the start.

    `index` names the point and pairs results; it is no part of a key, so that a ladder may grow.
    """

    index: int = field(metadata={"key": False})
    layers: tuple[tuple[str, float], ...]  # (layer, share of its weights that is gone), in the network's order

    def part(self, share: float) -> Level:
        """The point that is reached when each layer has lost the same portion `share` times over, of 1 in all."""
        return Level(self.index, tuple((name, round(1 - (1 - gone) ** share, 12)) for name, gone in self.layers))

    def times(self, share: float) -> Level:
        """The point at which each layer has lost this share of what it is to lose."""
        return Level(self.index, tuple((name, round(gone * share, 12)) for name, gone in self.layers))


@dataclass(frozen=True)
class Train:
    """Train from step `start` to step `stop` of the schedule."""

    training: Training
    start: int
    stop: int


@dataclass(frozen=True)
class Prune:
    """Bring the network to a level: the worst granules by the score go, as many as the level says, ties and all."""

    level: Level
    score: Score
    granularity: str = "weight"
    scope: str = "layer"
    norms: bool = False  # a unit takes the batch norm right behind its layer along


@dataclass(frozen=True)
class Reset:
    """Bring parts of the state back to step `to` of the dense training; masks stay, unless they are shuffled."""

    to: int = 0
    parts: tuple[Part, ...] = EVERYTHING
    redraw: bool = False  # draw new weights and biases in the place of those at step `to`
    layers: tuple[str, ...] = ()  # of weights and biases only those of these layers; empty: of all
    signs: bool = False  # bring back no more of a weight than its sign, at the standard deviation of its layer
    shuffle: bool = False  # each layer loses as many weights as it has lost, but others, drawn by the seed
    rescale: bool = False  # then make the weights of each layer larger by what makes up for those that are gone


Step = Train | Prune | Reset


@dataclass(frozen=True)
class Start:
    """Where a recipe begins: data and their split, the network, its initialisation, the seed."""

    data: str  # the fingerprint of content, preparation and split rule
    network: tuple[Any, ...]
    initialisation: tuple[Any, ...]
    seed: int


@dataclass(frozen=True)
class Recipe:
    start: Start
    steps: tuple[Step, ...]


def canonical(value: Any) -> Any:
    """A JSON-able form in which fields at their default do not appear, so that a new option renames nothing."""
    if is_dataclass(value) and not isinstance(value, type):
        content: dict[str, Any] = {"": type(value).__name__}
        for one in fields(value):
            if not one.metadata.get("key", True):
                continue
            default = one.default_factory() if one.default_factory is not MISSING else one.default
            content_of = getattr(value, one.name)
            if default is MISSING or content_of != default:
                content[one.name] = canonical(content_of)
        return content
    if isinstance(value, tuple | list):
        return [canonical(item) for item in value]
    if isinstance(value, dict):
        return {str(name): canonical(item) for name, item in value.items()}
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    raise TypeError(f"{type(value).__name__} cannot be part of a key")


def digest(value: Any) -> str:
    """The key of a value: 40 hexadecimal digits."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


@lru_cache(maxsize=65536)
def _fragment(step: Step | Training) -> str:
    return digest(step)


def _join(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


@lru_cache(maxsize=65536)
def start_key(start: Start) -> str:
    return digest(start)


def trained_key(base: str, training: Training, start: int, stop: int) -> str:
    """The state at step `stop` of a Train that began at step `start` on the state `base`."""
    return base if stop == start else _join("train", base, _fragment(training), str(start), str(stop))


def changed_key(before: str, step: Prune | Reset) -> str:
    """The state after a Prune or a Reset."""
    return _join("change", before, _fragment(step))


def merged(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same recipe with neighbouring Trains of equal training joined and empty ones left out."""
    result: list[Step] = []
    for step in steps:
        if isinstance(step, Train) and step.start == step.stop:
            continue
        last = result[-1] if result else None
        if (
            isinstance(step, Train)
            and isinstance(last, Train)
            and last.training == step.training
            and last.stop == step.start
        ):
            result[-1] = replace(last, stop=step.stop)
        else:
            result.append(step)
    return tuple(result)
