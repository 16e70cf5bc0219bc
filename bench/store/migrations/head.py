"""Which revisions there are, without importing Alembic: opening a database that is up to date needs no more."""

from __future__ import annotations

VERSION_TABLE = "bench_alembic_version"
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")  # oldest first
HEAD = REVISIONS[-1]
