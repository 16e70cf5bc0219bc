"""What the views and their readers are helped by: numbers of statistics, and sentences about all the rest."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import WITHOUT_ROWID, Base, one_of


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
