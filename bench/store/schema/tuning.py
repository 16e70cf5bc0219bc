"""What was tuned: studies, their trials, the runs of these, and which trial a suite's method has its options from."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, at_least, json_text, one_of, share, yes_or_no


class Study(Base):
    __tablename__ = "study"
    __table_args__ = (
        yes_or_no("standin"),
        one_of("objective", "accuracy", "sparsity", "both"),
        one_of("sampler", "tpe", "random", "grid", "nsga-ii"),
        one_of("budget_unit", "steps", "trials"),
        share("target_sparsity"),
        at_least("batch", 1),
        *(json_text(name) for name in ("entry", "space", "seeds", "halving")),
        UniqueConstraint("hash", "environment_id", "results_version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"))
    results_version: Mapped[int]
    name: Mapped[str]
    suite: Mapped[str]
    profile: Mapped[str]
    data: Mapped[str]
    standin: Mapped[int]
    model: Mapped[str]
    method_name: Mapped[str]
    target_sparsity: Mapped[float | None]
    objective: Mapped[str]
    within: Mapped[float | None]
    sampler: Mapped[str]
    sampler_seed: Mapped[int]
    batch: Mapped[int]
    seeds: Mapped[str]
    halving: Mapped[str]
    entry: Mapped[str]
    space: Mapped[str]
    budget_unit: Mapped[str]
    budget: Mapped[float]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    begun_at: Mapped[str]


class Trial(Base):
    __tablename__ = "trial"
    __table_args__ = (
        one_of("state", "waiting", "running", "done", "stopped", "failed"),
        at_least("number", 0),
        at_least("begun", 0),
        share("sparsity"),
        *(json_text(name) for name in ("params", "entry", "notes")),
        UniqueConstraint("study_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    number: Mapped[int]
    batch: Mapped[int]
    state: Mapped[str]
    reason: Mapped[str | None]
    params: Mapped[str]
    entry: Mapped[str]
    notes: Mapped[str]
    value: Mapped[float | None]
    accuracy: Mapped[float | None]
    sparsity: Mapped[float | None]
    seeds: Mapped[int]
    steps: Mapped[int]
    flops: Mapped[float]
    begun: Mapped[int]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    asked_at: Mapped[str]
    finished_at: Mapped[str | None]


class TrialRun(Base):
    __tablename__ = "trial_run"
    __table_args__ = (
        one_of("status", "done", "collapsed", "diverged", "failed"),
        at_least("seed", 0),
        share("part"),
        share("sparsity"),
        share("validation_accuracy"),
        Index(None, "key"),
        WITHOUT_ROWID,
    )

    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    seed: Mapped[int]
    part: Mapped[float]
    status: Mapped[str]
    reason: Mapped[str | None]
    sparsity: Mapped[float | None]
    validation_loss: Mapped[float | None]
    validation_accuracy: Mapped[float | None]
    steps_alone: Mapped[int | None]
    flops_alone: Mapped[float | None]
    seconds: Mapped[float | None]
    finished_at: Mapped[str]


class Tuned(Base):
    __tablename__ = "tuned"
    __table_args__ = (WITHOUT_ROWID,)

    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True)
    option: Mapped[str] = mapped_column(primary_key=True)
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id", ondelete="CASCADE"))
