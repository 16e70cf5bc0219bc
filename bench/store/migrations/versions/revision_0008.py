"""The protocol of a cell that repeats a published experiment. Cells of before have none."""

from __future__ import annotations

from alembic import op

from bench.store.sentences import TABLES

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sentence = TABLES["cell"]["protocol"]
    rule = "CONSTRAINT cell_protocol_known CHECK (protocol in ('published', 'honest', 'as-run'))"
    connection = op.get_bind()
    lite = connection.dialect.name == "sqlite"
    text = f"ALTER TABLE cell ADD COLUMN protocol TEXT {rule}"
    connection.exec_driver_sql(f"{text} /* {sentence} */" if lite else text)
    if not lite:
        connection.exec_driver_sql(f"COMMENT ON COLUMN cell.protocol IS '{sentence}'")


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
