"""What a command hands to the driver, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from bench.store import Store


class Listener(Protocol):
    """Who is told how a run goes on."""

    def advanced(self, replica_steps: int) -> None: ...

    def noticed(self, line: str) -> None: ...


@dataclass(frozen=True)
class Session:
    """The store and the numbers under which this command writes to it."""

    store: Store
    session: int
    environment: int


@dataclass
class Receipt:
    """What a command did."""

    runs: int = 0  # of the plan that was asked for
    before: int = 0  # done already
    by_others: int = 0  # done meanwhile, by other commands on the same database
    made: dict[str, int] = field(default_factory=dict)  # by status
    steps: int = 0  # training steps that were made
    steps_alone: int = 0  # what the runs made now would have taken on their own
    seconds: float = 0.0
    ending: Literal["done", "interrupted"] = "done"

    def count(self, status: str) -> None:
        self.made[status] = self.made.get(status, 0) + 1

    @property
    def failed(self) -> int:
        return self.made.get("failed", 0)
