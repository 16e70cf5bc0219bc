"""A smaller file: a split is named once, keys of states are twelve bytes, the time of a run stands at its pack.

What a run said of the time was always what its pack says; a row that says something else gets a pack of its own.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.sentences import TABLES
from bench.store.texts import shortened

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INTEGER: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: Any = sa.Double().with_variant(sa.REAL(), "sqlite")
_EVALUATED = (
    *("validation_loss", "validation_accuracy", "test_loss", "test_accuracy"),
    *("recalibrated_validation_accuracy", "recalibrated_test_accuracy"),
)
# On a server: what shortened() makes of a text.
_SHORTENED = (
    "substring(case when key ~ '^([0-9a-fA-F]{2})+$' then decode(key, 'hex') "
    "else sha256(convert_to(key, 'UTF8')) end from 1 for 12)"
)


def upgrade() -> None:
    connection = op.get_bind()
    lite = connection.dialect.name == "sqlite"
    _part_packs(connection)
    op.create_table(
        "split",
        _column("split", "id", _INTEGER, autoincrement=True),
        _column("split", "hash", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("split_key")),
        sa.UniqueConstraint("hash", name=op.f("split_unique_hash")),
        comment=TABLES["split"][""],
        sqlite_strict=True,
    )
    op.execute(
        "INSERT INTO split (hash) SELECT DISTINCT split_hash FROM run WHERE split_hash IS NOT NULL ORDER BY split_hash"
    )
    kind, sentence = ("INTEGER", TABLES["run"]["split_id"]) if lite else ("BIGINT", "")
    text = f"ALTER TABLE run ADD COLUMN split_id {kind} CONSTRAINT run_split_id_exists REFERENCES split (id)"
    connection.exec_driver_sql(f"{text} /* {sentence} */" if lite else text)
    op.execute("UPDATE run SET split_id = (SELECT id FROM split WHERE hash = split_hash) WHERE split_hash IS NOT NULL")
    for column in ("split_hash", "finished_at"):
        op.execute(f"ALTER TABLE run DROP COLUMN {column}")
    if lite:
        _make_tables_of_states_anew(connection)
    else:
        _change_on_a_server()


def _part_packs(connection: sa.Connection) -> None:
    """Two rows of one pack that were written at different times: each time gets a pack."""
    differ = "FROM run JOIN pack ON pack.id = run.pack_id WHERE run.finished_at <> pack.finished_at"
    copied = "session_id, environment_id, width, seconds"
    copy = sa.text(
        f"INSERT INTO pack ({copied}, finished_at) SELECT {copied}, :finished FROM pack WHERE id = :pack RETURNING id"
    )
    move = sa.text("UPDATE run SET pack_id = :new WHERE pack_id = :pack AND finished_at = :finished")
    for pack, finished in connection.execute(sa.text(f"SELECT DISTINCT run.pack_id, run.finished_at {differ}")).all():
        new = connection.scalar(copy, {"pack": pack, "finished": finished})
        connection.execute(move, {"pack": pack, "finished": finished, "new": new})


def _make_tables_of_states_anew(connection: sa.Connection) -> None:
    """SQLite changes no type of a column that is there."""
    sqlite: Any = connection.connection.driver_connection
    sqlite.create_function("shortened", 1, shortened, deterministic=True)
    op.create_table(
        "trained_new",
        _column("trained", "id", _INTEGER, autoincrement=True),
        _column("trained", "key", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name=op.f("trained_key")),
        sa.UniqueConstraint("key", name=op.f("trained_unique_key")),
        comment=TABLES["trained"][""],
        sqlite_strict=True,
    )
    _take_over("trained", ("id",))
    of_state = ("environment_id", "results_version", *_EVALUATED)
    op.create_table(
        "evaluation_new",
        _column("evaluation", "key", sa.LargeBinary()),
        *(_column("evaluation", name, _INTEGER) for name in of_state[:2]),
        *(_column("evaluation", name, _REAL, nullable=True) for name in _EVALUATED),
        sa.PrimaryKeyConstraint("key", "environment_id", "results_version", name=op.f("evaluation_key")),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("evaluation_environment_id_exists")),
        *(
            sa.CheckConstraint(f"{name} between 0 and 1", name=op.f(f"evaluation_{name}_is_a_share"))
            for name in _EVALUATED
            if name.endswith("accuracy")
        ),
        comment=TABLES["evaluation"][""],
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    _take_over("evaluation", of_state)


def _column(table: str, name: str, kind: Any, nullable: bool = False, autoincrement: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, autoincrement=autoincrement, comment=TABLES[table][name])


def _take_over(table: str, others: tuple[str, ...]) -> None:
    names = ", ".join(others)
    op.execute(f"INSERT INTO {table}_new (key, {names}) SELECT shortened(key), {names} FROM {table}")
    op.execute(f"DROP TABLE {table}")  # foreign keys are not looked at meanwhile
    op.execute(f"ALTER TABLE {table}_new RENAME TO {table}")


def _change_on_a_server() -> None:
    for table in ("trained", "evaluation"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN key TYPE bytea USING {_SHORTENED}")
    for table, column in (("run", "split_id"), ("trained", "key"), ("evaluation", "key")):
        sentence = TABLES[table][column].replace("'", "''").replace(":", "\\:")
        op.execute(f"COMMENT ON COLUMN {table}.{column} IS '{sentence}'")


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
