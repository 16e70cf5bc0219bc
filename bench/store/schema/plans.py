"""What suites compare with what: their cells, and the runs that these ask for."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, at_least, json_text, one_of, share, yes_or_no


class Suite(Base):
    __tablename__ = "suite"
    __table_args__ = (
        one_of("metric", "test_accuracy", "test_loss"),
        yes_or_no("is_current"),
        json_text("settings"),
        UniqueConstraint("name", "profile", "hash", "plan_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    profile: Mapped[str]
    hash: Mapped[str]
    plan_hash: Mapped[str]
    is_current: Mapped[int]
    title: Mapped[str]
    metric: Mapped[str]
    text: Mapped[str]
    settings: Mapped[str]
    registered_at: Mapped[str]


class Settings(Base):
    __tablename__ = "settings"
    __table_args__ = (json_text("text"), UniqueConstraint("hash"))

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    text: Mapped[str]


class Cell(Base):
    __tablename__ = "cell"
    __table_args__ = (
        yes_or_no("standin"),
        at_least("level", 0),
        share("target_sparsity"),
        json_text("options"),
        one_of("protocol", "published", "honest", "as-run"),
        UniqueConstraint("suite_id", "data", "model", "method", "level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    suite_id: Mapped[int] = mapped_column(ForeignKey("suite.id", ondelete="CASCADE"))
    position: Mapped[int]
    data: Mapped[str]
    standin: Mapped[int]
    model: Mapped[str]
    method: Mapped[str]
    method_name: Mapped[str]
    options: Mapped[str]
    level: Mapped[int]
    target_sparsity: Mapped[float]
    settings_id: Mapped[int] = mapped_column(ForeignKey("settings.id"))
    reference: Mapped[str]
    protocol: Mapped[str | None]


class Planned(Base):
    __tablename__ = "planned"
    __table_args__ = (at_least("seed", 0), WITHOUT_ROWID)

    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True)
    seed: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
