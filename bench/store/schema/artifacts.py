"""What figures need beyond rows: masks, histograms of weights, confusion matrices, as compressed arrays."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bench.store.base import Base, at_least, json_text, one_of


class Artifact(Base):
    __tablename__ = "artifact"
    __table_args__ = (
        one_of("kind", "mask", "histogram", "confusion"),
        one_of("codec", "bits+zlib", "zlib"),
        at_least("position", 0),
        at_least("scale", 0),
        json_text("shape"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    dtype: Mapped[str]
    shape: Mapped[str]
    scale: Mapped[float | None]
    codec: Mapped[str]
    content: Mapped[bytes | None]
