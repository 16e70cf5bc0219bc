"""The first schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bench.store.sentences import TABLES
from bench.store.statistics import LARGEST_DF, square_root_guesses, student_t

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "integer": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "real": sa.Double().with_variant(sa.REAL(), "sqlite"),
}


def _create(name: str, columns: str, *constraints: Any, with_rowid: bool = True) -> None:
    """A table from words such as ``id integer, note text?``; a question mark lets a column be NULL."""
    sentences = TABLES.get(name, {})
    made = []
    for column, kind in (words.split() for words in columns.split(",")):
        optional = kind.endswith("?")
        comment = sentences.get(column)
        made.append(
            sa.Column(
                column, _TYPES[kind.rstrip("?")], nullable=optional, autoincrement=column == "id", comment=comment
            )
        )
    options = {"sqlite_strict": True, "sqlite_with_rowid": with_rowid}
    op.create_table(name, *made, *constraints, comment=sentences.get(""), **options)


def _key(table: str, *columns: str) -> Any:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"{table}_key"))


def _unique(table: str, *columns: str) -> Any:
    return sa.UniqueConstraint(*columns, name=op.f(f"{table}_unique_{columns[0]}"))


def _foreign(table: str, column: str, target: str, **options: Any) -> Any:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"{table}_{column}_exists"), **options)


def _check(name: str, rule: str) -> Any:
    return sa.CheckConstraint(rule, name=op.f(name))


def _json(table: str, column: str) -> Any:
    return _check(f"{table}_{column}_is_json", f"json_valid({column})").ddl_if(dialect="sqlite")


def upgrade() -> None:
    _create(
        "documentation",
        "subject text, name text, position integer, kind text, sentence text, unit text?",
        _key("documentation", "subject", "name"),
        _check("documentation_kind_known", "kind in ('table', 'view')"),
        with_rowid=False,
    )
    _create(
        "environment",
        "id integer, hash text, label text, device_kind text, device_model text, torch text, precision text, "
        "deterministic integer",
        _key("environment", "id"),
        _check("environment_deterministic_yes_or_no", "deterministic in (0, 1)"),
        _unique("environment", "hash"),
        _unique("environment", "label"),
    )
    _create(
        "layer",
        "id integer, name text, kind text, weights integer",
        _key("layer", "id"),
        _check("layer_weights_at_least_0", "weights >= 0"),
        _unique("layer", "name", "kind", "weights"),
    )
    _create(
        "plugin",
        "id integer, hash text, name text, text text",
        _key("plugin", "id"),
        _unique("plugin", "hash", "name"),
    )
    _create(
        "recipe",
        "id integer, hash text, text text?, components text?",
        _key("recipe", "id"),
        _json("recipe", "components"),
        _json("recipe", "text"),
        _unique("recipe", "hash"),
    )
    _create(
        "session",
        "id integer, status text, command text, started_at text, ended_at text?, host_hash text, process "
        "integer, process_start text?, python text?, packages text, code_commit text?, dirty_code integer?, "
        "dirty_suites integer?, note text?",
        _key("session", "id"),
        _check("session_dirty_code_yes_or_no", "dirty_code in (0, 1)"),
        _check("session_dirty_suites_yes_or_no", "dirty_suites in (0, 1)"),
        _json("session", "packages"),
        _check("session_status_known", "status in ('running', 'done', 'failed', 'interrupted', 'stale')"),
    )
    _create(
        "settings",
        "id integer, hash text, text text",
        _key("settings", "id"),
        _json("settings", "text"),
        _unique("settings", "hash"),
    )
    _create(
        "square_root",
        "low real, guess real",
        _key("square_root", "low"),
        with_rowid=False,
    )
    _create(
        "student_t",
        "df integer, quantile real",
        _key("student_t", "df"),
    )
    _create(
        "suite",
        "id integer, name text, profile text, hash text, plan_hash text, is_current integer, title text, "
        "metric text, text text, settings text, registered_at text",
        _key("suite", "id"),
        _check("suite_is_current_yes_or_no", "is_current in (0, 1)"),
        _check("suite_metric_known", "metric in ('test_accuracy', 'test_loss')"),
        _json("suite", "settings"),
        _unique("suite", "name", "profile", "hash", "plan_hash"),
    )
    _create(
        "trained",
        "id integer, key text",
        _key("trained", "id"),
        _unique("trained", "key"),
    )
    _create(
        "calibration",
        "environment_id integer, name text, choice text, measured_at text",
        _key("calibration", "environment_id", "name"),
        _json("calibration", "choice"),
        _foreign("calibration", "environment_id", "environment"),
        with_rowid=False,
    )
    _create(
        "cell",
        "id integer, suite_id integer, position integer, data text, standin integer, model text, method text, "
        "method_name text, options text, level integer, target_sparsity real, settings_id integer, reference "
        "text",
        _key("cell", "id"),
        _check("cell_level_at_least_0", "level >= 0"),
        _json("cell", "options"),
        _check("cell_standin_yes_or_no", "standin in (0, 1)"),
        _check("cell_target_sparsity_is_a_share", "target_sparsity between 0 and 1"),
        _foreign("cell", "settings_id", "settings"),
        _foreign("cell", "suite_id", "suite", ondelete="CASCADE"),
        _unique("cell", "suite_id", "data", "model", "method", "level"),
    )
    _create(
        "curve",
        "trained_id integer, environment_id integer, results_version integer, name text, points text",
        _key("curve", "trained_id", "environment_id", "results_version", "name"),
        _json("curve", "points"),
        _foreign("curve", "environment_id", "environment"),
        _foreign("curve", "trained_id", "trained"),
        with_rowid=False,
    )
    _create(
        "evaluation",
        "key text, environment_id integer, results_version integer, validation_loss real?, "
        "validation_accuracy real?, test_loss real?, test_accuracy real?",
        _key("evaluation", "key", "environment_id", "results_version"),
        _check("evaluation_test_accuracy_is_a_share", "test_accuracy between 0 and 1"),
        _check("evaluation_validation_accuracy_is_a_share", "validation_accuracy between 0 and 1"),
        _foreign("evaluation", "environment_id", "environment"),
        with_rowid=False,
    )
    _create(
        "pack",
        "id integer, session_id integer, environment_id integer, width integer, seconds real?, finished_at text",
        _key("pack", "id"),
        _check("pack_seconds_at_least_0", "seconds >= 0"),
        _check("pack_width_at_least_1", "width >= 1"),
        _foreign("pack", "environment_id", "environment"),
        _foreign("pack", "session_id", "session"),
    )
    _create(
        "session_plugin",
        "session_id integer, plugin_id integer",
        _key("session_plugin", "session_id", "plugin_id"),
        _foreign("session_plugin", "plugin_id", "plugin"),
        _foreign("session_plugin", "session_id", "session"),
        with_rowid=False,
    )
    _create(
        "planned",
        "cell_id integer, seed integer, key text",
        _key("planned", "cell_id", "seed"),
        _check("planned_seed_at_least_0", "seed >= 0"),
        _foreign("planned", "cell_id", "cell", ondelete="CASCADE"),
        with_rowid=False,
    )
    _create(
        "run",
        "id integer, key text, environment_id integer, results_version integer, origin text, attempt integer, "
        "pack_id integer, recipe_id integer?, seed integer, split_hash text?, status text, reason text?, "
        "sparsity real?, effective_sparsity real?, weights integer?, weights_kept integer?, parameters "
        "integer?, parameters_kept integer?, macs integer?, macs_kept integer?, train_loss real?, "
        "validation_loss real?, validation_accuracy real?, validation_count integer?, test_loss real?, "
        "test_accuracy real?, test_correct integer?, test_count integer?, pruned_validation_loss real?, "
        "pruned_validation_accuracy real?, pruned_test_loss real?, pruned_test_accuracy real?, steps_alone "
        "integer?, steps_shared integer?, flops_alone real?, seconds real?, finished_at text",
        _key("run", "id"),
        _check("run_attempt_at_least_1", "attempt >= 1"),
        _check("run_effective_sparsity_is_a_share", "effective_sparsity between 0 and 1"),
        _check("run_macs_kept_part_of_macs", "macs_kept between 0 and macs"),
        _check("run_origin_known", "origin in ('reference', 'local', 'merged')"),
        _check("run_parameters_kept_part_of_parameters", "parameters_kept between 0 and parameters"),
        _check("run_pruned_test_accuracy_is_a_share", "pruned_test_accuracy between 0 and 1"),
        _check("run_pruned_validation_accuracy_is_a_share", "pruned_validation_accuracy between 0 and 1"),
        _check("run_seed_at_least_0", "seed >= 0"),
        _check("run_sparsity_is_a_share", "sparsity between 0 and 1"),
        _check("run_status_known", "status in ('done', 'collapsed', 'diverged', 'failed')"),
        _check("run_test_accuracy_is_a_share", "test_accuracy between 0 and 1"),
        _check("run_test_correct_part_of_test_count", "test_correct between 0 and test_count"),
        _check("run_validation_accuracy_is_a_share", "validation_accuracy between 0 and 1"),
        _check("run_weights_kept_part_of_weights", "weights_kept between 0 and weights"),
        _foreign("run", "environment_id", "environment"),
        _foreign("run", "pack_id", "pack"),
        _foreign("run", "recipe_id", "recipe"),
        _unique("run", "key", "environment_id", "results_version", "origin", "attempt"),
    )
    _create(
        "run_layer",
        "run_id integer, position integer, layer_id integer, kept integer, effective integer?",
        _key("run_layer", "run_id", "position"),
        _check("run_layer_effective_part_of_kept", "effective between 0 and kept"),
        _check("run_layer_kept_at_least_0", "kept >= 0"),
        _foreign("run_layer", "layer_id", "layer"),
        _foreign("run_layer", "run_id", "run", ondelete="CASCADE"),
        with_rowid=False,
    )
    _create(
        "run_step",
        "run_id integer, position integer, trained_id integer",
        _key("run_step", "run_id", "position"),
        _foreign("run_step", "run_id", "run", ondelete="CASCADE"),
        _foreign("run_step", "trained_id", "trained"),
        with_rowid=False,
    )
    _fill_helpers()


def _fill_helpers() -> None:
    student = sa.table("student_t", sa.column("df"), sa.column("quantile"))
    op.bulk_insert(student, [{"df": df, "quantile": student_t(df)} for df in range(1, LARGEST_DF + 1)])
    square = sa.table("square_root", sa.column("low"), sa.column("guess"))
    op.bulk_insert(square, [{"low": low, "guess": guess} for low, guess in square_root_guesses()])


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first schema")
