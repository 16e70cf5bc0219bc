"""How commands that run at once on one database share the work: who is at it, and who has taken what."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, at_least, yes_or_no


class Driver(Base):
    __tablename__ = "driver"
    __table_args__ = (
        at_least("workers", 1),
        yes_or_no("waiting"),
        at_least("steps_made", 0),
        at_least("steps_left", 0),
        at_least("seconds_left", 0),
        WITHOUT_ROWID,
    )

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), primary_key=True)
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"))
    results_version: Mapped[int]
    workers: Mapped[int]
    waiting: Mapped[int]
    steps_made: Mapped[int]
    steps_left: Mapped[int]
    joined_at: Mapped[str]
    heartbeat_at: Mapped[str]
    seconds_left: Mapped[float | None]


class Lease(Base):
    __tablename__ = "lease"
    __table_args__ = (Index(None, "session_id"), WITHOUT_ROWID)

    key: Mapped[str] = mapped_column(primary_key=True)
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"), primary_key=True)
    results_version: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("driver.session_id", ondelete="CASCADE"))
    taken_at: Mapped[str]
