"""Views alone: `results` and `missing` say where in its suite a cell stands, so that tables keep the suite's order."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Views are made anew after every upgrade."""


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
