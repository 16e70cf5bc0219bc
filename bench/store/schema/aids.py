"""What the views and their readers are helped by: numbers of statistics, and sentences about all the rest."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, at_least, one_of, share

SOURCES = ("csv", "log", "notebook", "plot", "readme")  # where a published number stands


class StudentT(Base):
    __tablename__ = "student_t"

    df: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantile: Mapped[float]


class SquareRoot(Base):
    __tablename__ = "square_root"
    __table_args__ = (WITHOUT_ROWID,)

    low: Mapped[float] = mapped_column(primary_key=True, autoincrement=False)
    guess: Mapped[float]


class Documentation(Base):
    __tablename__ = "documentation"
    __table_args__ = (one_of("kind", "table", "view"), WITHOUT_ROWID)

    subject: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str]
    sentence: Mapped[str]
    unit: Mapped[str | None]


class Question(Base):
    __tablename__ = "questions"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(unique=True)
    sql: Mapped[str]


class Published(Base):
    __tablename__ = "published"
    __table_args__ = (
        share("sparsity_claimed"),
        share("sparsity_true"),
        at_least("epochs", 0),
        one_of("source", *SOURCES),
        WITHOUT_ROWID,
    )

    project: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    their_data: Mapped[str]
    their_model: Mapped[str]
    their_method: Mapped[str]
    sparsity_claimed: Mapped[float | None]
    sparsity_true: Mapped[float | None]
    metric: Mapped[str]
    epochs: Mapped[int | None]
    value: Mapped[float]
    source: Mapped[str]
    note: Mapped[str | None]
    suite: Mapped[str | None]
    data: Mapped[str | None]
    model: Mapped[str | None]
    method: Mapped[str | None]
    file_hash: Mapped[str]
