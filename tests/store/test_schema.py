import hashlib
import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, create_engine, inspect

from bench.store import Store
from bench.store.base import Base
from bench.store.migrations import versions
from bench.store.migrations.head import HEAD, REVISIONS, VERSION_TABLE
from bench.store.sentences import TABLES, VIEWS
from bench.store.views import views
from tests.store.build import cell, fill, rows, run

# The views of a released revision. When this test fails: add a revision (its body may be empty), then mend the digest.
VIEWS_OF_REVISION = ("0011", "c6f5ff2fcc9b3077")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    Store.open(tmp_path / "results.db").close()
    return tmp_path / "results.db"


def test_a_change_of_the_views_needs_a_revision() -> None:
    digest = hashlib.sha256("".join(views("sqlite").values()).encode()).hexdigest()[:16]
    assert (HEAD, digest) == VIEWS_OF_REVISION


def test_all_revisions_are_known() -> None:
    files = sorted(file.stem for file in Path(versions.__file__).parent.glob("revision_*.py"))
    assert files == [f"revision_{revision}" for revision in REVISIONS]


def test_the_revisions_lead_to_the_tables_of_the_code(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
        for table in Base.metadata.tables.values():
            there = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            assert there == {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
    engine.dispose()


def test_every_table_is_strict_about_types(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        strict = dict(connection.execute("select name, strict from pragma_table_list where type = 'table'"))
    connection.close()
    assert all(strict[name] for name in TABLES)


def test_every_table_view_and_column_has_a_sentence(file: Path) -> None:
    connection = sqlite3.connect(file)
    there = {
        name: [row[1] for row in connection.execute(f"pragma table_info({name})")]
        for (name,) in connection.execute("select name from sqlite_master where type in ('table', 'view')")
    }
    connection.close()
    del there[VERSION_TABLE]
    sentences = TABLES | VIEWS
    assert {name: set(columns) for name, columns in there.items()} == {
        name: set(columns) - {""} for name, columns in sentences.items()
    }
    for columns in sentences.values():
        assert all(re.fullmatch(r"[A-Z0-9a-z][^\[\]]*\.( \[[^\[\]]+\])?", sentence) for sentence in columns.values())
        assert not any("*/" in sentence for sentence in columns.values())


def test_the_sentences_travel_with_the_database(file: Path) -> None:
    with Store.open(file, read_only=True) as store:
        (accuracy,) = rows(store, "select * from documentation where subject = 'results' and name = 'test_accuracy'")
        assert accuracy["sentence"] == "Correct answers on the test data at the end."
        assert accuracy["unit"] == "share"
        (ddl,) = rows(store, "select sql from sqlite_master where name = 'run'")
        assert "/* Correct answers on the test data at the end. [share] */" in ddl["sql"]
        (view,) = rows(store, "select sql from sqlite_master where name = 'summary'")
        assert all(sentence in view["sql"] for sentence in VIEWS["summary"].values())


@pytest.mark.parametrize(
    "change",
    [
        "status = 'splendid'",
        "origin = 'elsewhere'",
        "test_accuracy = 1.5",
        "sparsity = -0.1",
        "weights_kept = weights + 1",
        "attempt = 0",
        "seed = 'one'",
        "environment_id = 99",
    ],
)
def test_the_database_refuses_what_cannot_be(file: Path, change: str) -> None:
    with Store.open(file) as store:
        fill(store, [cell()], [run("one-shot/1/0")])
    connection = sqlite3.connect(file)
    connection.execute("pragma foreign_keys = on")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"update run set {change}")
    connection.close()


def test_no_number_of_a_view_is_called_by_two_names() -> None:
    """The columns of the run that the views show have the names that the table gives them."""
    assert set(TABLES["run"]) - set(VIEWS["runs"]) == {"pack_id", "split_id"}
