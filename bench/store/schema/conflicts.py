"""What two databases did not agree on."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, json_text


class Conflict(Base):
    __tablename__ = "conflict"
    __table_args__ = (CheckConstraint("run_id <> other_id", name="two_runs"), json_text("differences"), WITHOUT_ROWID)

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    differences: Mapped[str]
    found_at: Mapped[str]
