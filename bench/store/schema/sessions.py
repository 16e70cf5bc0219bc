"""What a command ran in and with: environments, sessions, plugins, what was measured of a device."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, json_text, one_of, yes_or_no


class Environment(Base):
    __tablename__ = "environment"
    __table_args__ = (yes_or_no("deterministic"), UniqueConstraint("hash"))

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    label: Mapped[str] = mapped_column(unique=True)
    device_kind: Mapped[str]
    device_model: Mapped[str]
    torch: Mapped[str]
    precision: Mapped[str]
    deterministic: Mapped[int]


class Session(Base):
    __tablename__ = "session"
    __table_args__ = (
        one_of("status", "running", "done", "failed", "interrupted", "stale"),
        yes_or_no("dirty_code"),
        yes_or_no("dirty_suites"),
        json_text("packages"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]
    command: Mapped[str]
    started_at: Mapped[str]
    ended_at: Mapped[str | None]
    host_hash: Mapped[str]
    process: Mapped[int]
    process_start: Mapped[str | None]
    python: Mapped[str | None]
    packages: Mapped[str]
    code_commit: Mapped[str | None]
    dirty_code: Mapped[int | None]
    dirty_suites: Mapped[int | None]
    note: Mapped[str | None]


class Plugin(Base):
    __tablename__ = "plugin"
    __table_args__ = (UniqueConstraint("hash", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    name: Mapped[str]
    text: Mapped[str]


class SessionPlugin(Base):
    __tablename__ = "session_plugin"
    __table_args__ = (WITHOUT_ROWID,)

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), primary_key=True)
    plugin_id: Mapped[int] = mapped_column(ForeignKey("plugin.id"), primary_key=True)


class Calibration(Base):
    __tablename__ = "calibration"
    __table_args__ = (json_text("choice"), WITHOUT_ROWID)

    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    choice: Mapped[str]
    measured_at: Mapped[str]
