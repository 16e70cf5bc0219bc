"""Tuning: studies, their trials, the runs of these, and which trial a cell has its options from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.sentences import TABLES

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INTEGER: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: Any = sa.Double().with_variant(sa.REAL(), "sqlite")
_TEXT: Any = sa.Text()

_STUDY = {
    "id": _INTEGER,
    "hash": _TEXT,
    **dict.fromkeys(("environment_id", "results_version"), _INTEGER),
    **dict.fromkeys(("name", "suite", "profile", "data"), _TEXT),
    "standin": _INTEGER,
    **dict.fromkeys(("model", "method_name"), _TEXT),
    "target_sparsity": _REAL,
    "objective": _TEXT,
    "within": _REAL,
    "sampler": _TEXT,
    **dict.fromkeys(("sampler_seed", "batch"), _INTEGER),
    **dict.fromkeys(("seeds", "halving", "entry", "space", "budget_unit"), _TEXT),
    "budget": _REAL,
    "session_id": _INTEGER,
    "begun_at": _TEXT,
}
_TRIAL = {
    **dict.fromkeys(("id", "study_id", "number", "batch"), _INTEGER),
    **dict.fromkeys(("state", "reason", "params", "entry", "notes"), _TEXT),
    **dict.fromkeys(("value", "accuracy", "sparsity"), _REAL),
    **dict.fromkeys(("seeds", "steps"), _INTEGER),
    "flops": _REAL,
    **dict.fromkeys(("begun", "session_id"), _INTEGER),
    **dict.fromkeys(("asked_at", "finished_at"), _TEXT),
}
_RUN = {
    "trial_id": _INTEGER,
    "key": _TEXT,
    "seed": _INTEGER,
    "part": _REAL,
    **dict.fromkeys(("status", "reason"), _TEXT),
    **dict.fromkeys(("sparsity", "validation_loss", "validation_accuracy"), _REAL),
    "steps_alone": _INTEGER,
    **dict.fromkeys(("flops_alone", "seconds"), _REAL),
    "finished_at": _TEXT,
}
_OPTIONAL = {
    "study": ("target_sparsity", "within", "session_id"),
    "trial": ("reason", "value", "accuracy", "sparsity", "session_id", "finished_at"),
    "trial_run": (
        *("reason", "sparsity", "validation_loss", "validation_accuracy", "steps_alone", "flops_alone"),
        "seconds",
    ),
}


def _create(table: str, columns: dict[str, Any], *constraints: Any, rowid: bool, json: tuple[str, ...] = ()) -> None:
    sentences = TABLES[table]
    numbered = "id" in columns
    checked = [_check(table, f"{name}_is_json", f"json_valid({name})") for name in json]
    op.create_table(
        table,
        *(
            sa.Column(
                name,
                kind,
                nullable=name in _OPTIONAL.get(table, ()),
                autoincrement=numbered and name == "id",
                comment=sentences[name],
            )
            for name, kind in columns.items()
        ),
        *constraints,
        *(checked if op.get_bind().dialect.name == "sqlite" else ()),
        comment=sentences[""],
        sqlite_strict=True,
        sqlite_with_rowid=rowid,
    )


def _check(table: str, name: str, rule: str) -> Any:
    return sa.CheckConstraint(rule, name=op.f(f"{table}_{name}"))


def _known(table: str, column: str, *words: str) -> Any:
    return _check(table, f"{column}_known", f"{column} in ({', '.join(repr(word) for word in words)})")


def _share(table: str, column: str) -> Any:
    return _check(table, f"{column}_is_a_share", f"{column} between 0 and 1")


def _refers(table: str, column: str, to: str, **options: Any) -> Any:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"{table}_{column}_exists"), **options)


def upgrade() -> None:
    _create(
        "study",
        _STUDY,
        sa.PrimaryKeyConstraint("id", name=op.f("study_key")),
        sa.UniqueConstraint("hash", "environment_id", "results_version", name=op.f("study_unique_hash")),
        _check("study", "standin_yes_or_no", "standin in (0, 1)"),
        _known("study", "objective", "accuracy", "sparsity", "both"),
        _known("study", "sampler", "tpe", "random", "grid", "nsga-ii"),
        _known("study", "budget_unit", "steps", "trials"),
        _share("study", "target_sparsity"),
        _check("study", "batch_at_least_1", "batch >= 1"),
        _refers("study", "environment_id", "environment.id"),
        _refers("study", "session_id", "session.id"),
        rowid=True,
        json=("entry", "space", "seeds", "halving"),
    )
    _create(
        "trial",
        _TRIAL,
        sa.PrimaryKeyConstraint("id", name=op.f("trial_key")),
        sa.UniqueConstraint("study_id", "number", name=op.f("trial_unique_study_id")),
        _known("trial", "state", "waiting", "running", "done", "stopped", "failed"),
        _check("trial", "number_at_least_0", "number >= 0"),
        _check("trial", "begun_at_least_0", "begun >= 0"),
        _share("trial", "sparsity"),
        _refers("trial", "study_id", "study.id", ondelete="CASCADE"),
        _refers("trial", "session_id", "session.id"),
        rowid=True,
        json=("params", "entry", "notes"),
    )
    _create(
        "trial_run",
        _RUN,
        sa.PrimaryKeyConstraint("trial_id", "key", name=op.f("trial_run_key")),
        _known("trial_run", "status", "done", "collapsed", "diverged", "failed"),
        _check("trial_run", "seed_at_least_0", "seed >= 0"),
        *(_share("trial_run", name) for name in ("part", "sparsity", "validation_accuracy")),
        _refers("trial_run", "trial_id", "trial.id", ondelete="CASCADE"),
        rowid=False,
    )
    op.create_index(op.f("trial_run_by_key"), "trial_run", ["key"])
    _create(
        "tuned",
        {"cell_id": _INTEGER, "option": _TEXT, "trial_id": _INTEGER},
        sa.PrimaryKeyConstraint("cell_id", "option", name=op.f("tuned_key")),
        _refers("tuned", "cell_id", "cell.id", ondelete="CASCADE"),
        _refers("tuned", "trial_id", "trial.id", ondelete="CASCADE"),
        rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("a file is never taken back to an earlier release")
