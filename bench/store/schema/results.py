"""What came of it: runs with their layers, trained steps with their curves, evaluations, speeds."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, at_least, json_or_null, json_text, one_of, part_of, share


class Pack(Base):
    __tablename__ = "pack"
    __table_args__ = (at_least("width", 1), at_least("seconds", 0))

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"))
    width: Mapped[int]
    seconds: Mapped[float | None]
    finished_at: Mapped[str]


class Recipe(Base):
    __tablename__ = "recipe"
    __table_args__ = (json_or_null("text"), json_or_null("components"), UniqueConstraint("hash"))

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    text: Mapped[str | None]
    components: Mapped[str | None]


class Split(Base):
    __tablename__ = "split"
    __table_args__ = (UniqueConstraint("hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]


class Run(Base):
    __tablename__ = "run"
    __table_args__ = (
        one_of("origin", "reference", "local", "merged"),
        one_of("status", "done", "collapsed", "diverged", "failed"),
        at_least("attempt", 1),
        at_least("seed", 0),
        share("sparsity"),
        share("effective_sparsity"),
        part_of("weights_kept", "weights"),
        part_of("parameters_kept", "parameters"),
        part_of("parameters_effective", "parameters_kept"),
        part_of("macs_kept", "macs"),
        part_of("macs_effective", "macs_kept"),
        *(at_least(f"bytes_{form}", 0) for form in ("dense", "bitmask", "csr", "gzip")),
        part_of("test_correct", "test_count"),
        share("validation_accuracy"),
        share("test_accuracy"),
        share("pruned_validation_accuracy"),
        share("pruned_test_accuracy"),
        share("recalibrated_validation_accuracy"),
        share("recalibrated_test_accuracy"),
        share("recalibrated_pruned_validation_accuracy"),
        share("recalibrated_pruned_test_accuracy"),
        UniqueConstraint("key", "environment_id", "results_version", "origin", "attempt"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"))
    results_version: Mapped[int]
    origin: Mapped[str]
    attempt: Mapped[int]
    pack_id: Mapped[int] = mapped_column(ForeignKey("pack.id"))
    recipe_id: Mapped[int | None] = mapped_column(ForeignKey("recipe.id"))
    seed: Mapped[int]
    split_id: Mapped[int | None] = mapped_column(ForeignKey("split.id"))
    status: Mapped[str]
    reason: Mapped[str | None]
    sparsity: Mapped[float | None]
    effective_sparsity: Mapped[float | None]
    weights: Mapped[int | None]
    weights_kept: Mapped[int | None]
    parameters: Mapped[int | None]
    parameters_kept: Mapped[int | None]
    parameters_effective: Mapped[int | None]
    macs: Mapped[int | None]
    macs_kept: Mapped[int | None]
    macs_effective: Mapped[int | None]
    bytes_dense: Mapped[int | None]
    bytes_bitmask: Mapped[int | None]
    bytes_csr: Mapped[int | None]
    bytes_gzip: Mapped[int | None]
    train_loss: Mapped[float | None]
    validation_loss: Mapped[float | None]
    validation_accuracy: Mapped[float | None]
    validation_count: Mapped[int | None]
    test_loss: Mapped[float | None]
    test_accuracy: Mapped[float | None]
    test_correct: Mapped[int | None]
    test_count: Mapped[int | None]
    pruned_validation_loss: Mapped[float | None]
    pruned_validation_accuracy: Mapped[float | None]
    pruned_test_loss: Mapped[float | None]
    pruned_test_accuracy: Mapped[float | None]
    recalibrated_validation_loss: Mapped[float | None]
    recalibrated_validation_accuracy: Mapped[float | None]
    recalibrated_test_loss: Mapped[float | None]
    recalibrated_test_accuracy: Mapped[float | None]
    recalibrated_pruned_validation_accuracy: Mapped[float | None]
    recalibrated_pruned_test_accuracy: Mapped[float | None]
    steps_alone: Mapped[int | None]
    steps_shared: Mapped[int | None]
    flops_alone: Mapped[float | None]
    seconds: Mapped[float | None]


class Layer(Base):
    __tablename__ = "layer"
    __table_args__ = (at_least("weights", 0), UniqueConstraint("name", "kind", "weights"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    weights: Mapped[int]


class RunLayer(Base):
    __tablename__ = "run_layer"
    __table_args__ = (at_least("kept", 0), part_of("effective", "kept"), WITHOUT_ROWID)

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id"))
    kept: Mapped[int]
    effective: Mapped[int | None]


class Trained(Base):
    __tablename__ = "trained"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes]


class RunStep(Base):
    __tablename__ = "run_step"
    __table_args__ = (WITHOUT_ROWID,)

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    trained_id: Mapped[int] = mapped_column(ForeignKey("trained.id"))


class Curve(Base):
    __tablename__ = "curve"
    __table_args__ = (json_text("points"), WITHOUT_ROWID)

    trained_id: Mapped[int] = mapped_column(ForeignKey("trained.id"), primary_key=True)
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"), primary_key=True)
    results_version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    points: Mapped[str]


class Evaluation(Base):
    __tablename__ = "evaluation"
    __table_args__ = (
        share("validation_accuracy"),
        share("test_accuracy"),
        share("recalibrated_validation_accuracy"),
        share("recalibrated_test_accuracy"),
        WITHOUT_ROWID,
    )

    key: Mapped[bytes] = mapped_column(primary_key=True)
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"), primary_key=True)
    results_version: Mapped[int] = mapped_column(primary_key=True)
    validation_loss: Mapped[float | None]
    validation_accuracy: Mapped[float | None]
    test_loss: Mapped[float | None]
    test_accuracy: Mapped[float | None]
    recalibrated_validation_accuracy: Mapped[float | None]
    recalibrated_test_accuracy: Mapped[float | None]


class Speed(Base):
    __tablename__ = "speed"
    __table_args__ = (
        one_of("form", "dense", "masked", "shrunk", "2:4"),
        at_least("threads", 0),
        at_least("batch", 1),
        at_least("repetitions", 1),
        at_least("macs", 0),
        CheckConstraint("0 < seconds_low and seconds_low <= seconds and seconds <= seconds_high", name="in_order"),
        WITHOUT_ROWID,
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    threads: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seconds: Mapped[float]
    seconds_low: Mapped[float]
    seconds_high: Mapped[float]
    speedup: Mapped[float]
    repetitions: Mapped[int]
    macs: Mapped[int]
    measured_at: Mapped[str]
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
