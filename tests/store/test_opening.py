import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.store import PackRecord, SessionInfo, Store, upgrade
from bench.store.migrations.head import HEAD, VERSION_TABLE
from tests.store.build import CPU, cell, fill, rows, run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A closed database with one run."""
    with Store.open(tmp_path / "results.db") as store:
        fill(store, [cell()], [run("one-shot/1/0", 0.75)])
    return tmp_path / "results.db"


def refusal(path: object, read_only: bool = False) -> str:
    with pytest.raises(UserError) as error:
        Store.open(str(path), read_only).close()
    (line,) = error.value.lines
    return line


def test_a_closed_database_is_one_complete_file(file: Path, tmp_path: Path) -> None:
    assert [path.name for path in tmp_path.iterdir()] == ["results.db"]
    copy = tmp_path / "copy.db"
    copy.write_bytes(file.read_bytes())
    connection = sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)
    assert connection.execute("pragma journal_mode").fetchone() == ("delete",)
    assert connection.execute("select test_accuracy from results").fetchone() == (0.75,)
    assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_path_and_a_url_open_the_same_file(file: Path, form: str) -> None:
    with Store.open(form.format(file), read_only=True) as store:
        assert len(rows(store, "select * from results")) == 1
        assert store.place == str(file)


def test_odd_names_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "my results?mode=x & 100 % #1 ü.db"
    with Store.open(path) as store:
        store.environment(CPU)
    with Store.open(path, read_only=True) as store:
        assert len(rows(store, "select * from environment")) == 1
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "results.db").touch()
    Store.open(tmp_path / "results.db").close()
    assert (tmp_path / "results.db").stat().st_size > 0


def test_reading_needs_a_database(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    assert refusal(path, True) == f"{path}: there is no such database; make one with `bench run`, or give another path"
    assert not path.exists()
    path.touch()
    assert "this is no SQLite database" in refusal(path, True)
    sqlite3.connect(tmp_path / "fresh.db").execute("vacuum").connection.close()
    assert "holds no results yet" in refusal(tmp_path / "fresh.db", True)


def test_places_that_cannot_be_are_refused(tmp_path: Path) -> None:
    assert "its folder does not exist" in refusal(tmp_path / "nowhere" / "results.db")
    assert "is no file" in refusal(tmp_path)
    assert "no such kind of database" in refusal("mysql://ada:sesame@host/bench")
    assert "sesame" not in refusal("mysql://ada:sesame@host/bench")
    assert "cannot be read" in refusal("not a scheme://x")
    assert "names no file" in refusal("sqlite://")


def test_files_of_others_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("my notes, " * 100)
    database = tmp_path / "shop.db"
    connection = sqlite3.connect(database)
    connection.executescript("create table customer (id integer); create table invoice (id integer)")
    connection.close()
    before = database.read_bytes()
    for read_only in (False, True):
        assert refusal(text, read_only) == f"{text}: this is no SQLite database; give another path"
        assert refusal(database, read_only) == (
            f"{database}: belongs to another program (it has the tables customer, invoice); give another path"
        )
    assert database.read_bytes() == before
    assert text.read_text() == "my notes, " * 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "shop.db"]


@pytest.mark.parametrize("share", [0.0005, 0.3, 0.9])
def test_a_file_that_is_cut_off_is_refused(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    for read_only in (False, True):
        assert refusal(file, read_only).startswith(f"{file}: the file is cut off; bring back a copy of it")


def test_damage_inside_a_file_is_said_in_one_line(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with (
        pytest.raises(UserError, match=r"results.db: the file is damaged; bring back a copy"),
        Store.open(file) as store,
    ):
        store.query("select * from results")


def test_a_schema_from_the_future_is_refused(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute(f"update {VERSION_TABLE} set version_num = '0999'")
    connection.commit()
    connection.close()
    for read_only in (False, True):
        assert refusal(file, read_only) == (
            f"{file}: was written by a newer release (schema 0999, this one knows {HEAD}); update this program"
        )


def test_a_store_for_reading_does_not_write(file: Path) -> None:
    before = file.read_bytes()
    with Store.open(file, read_only=True) as store:
        with pytest.raises(UserError, match="open for reading only"):
            store.environment(CPU)
        assert store.done(1, 1) == {"one-shot/1/0"}
    assert file.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_file_without_the_right_to_write_can_be_read(file: Path) -> None:
    file.chmod(0o444)
    with Store.open(file, read_only=True) as store:
        assert len(rows(store, "select * from results")) == 1
    assert "may not be written to" in refusal(file)


def test_two_stores_on_one_file_see_each_other(file: Path, tmp_path: Path) -> None:
    first, second = Store.open(file), Store.open(file)
    session, place = first.start_session(SessionInfo("bench run")), first.environment(CPU)
    first.write(session, place, PackRecord((run("a/1/1"),)))
    second.write(session, place, PackRecord((run("a/1/1"), run("a/1/2"))))
    assert first.done(place, 1) == second.done(place, 1) == {"one-shot/1/0", "a/1/1", "a/1/2"}
    with Store.open(file, read_only=True) as reader:
        assert len(rows(reader, "select * from runs")) == 3
    first.close()
    assert len(rows(second, "select * from runs")) == 3
    second.close()
    assert [path.name for path in tmp_path.iterdir()] == ["results.db"]


def test_many_processes_may_make_and_fill_one_file(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from bench.store import PackRecord, RunRecord, SessionInfo, Store\n"
        "from tests.store.build import CPU, run\n"
        "with Store.open(sys.argv[1]) as store:\n"
        "    session, place = store.start_session(SessionInfo('bench run')), store.environment(CPU)\n"
        "    for number in range(20):\n"
        "        store.write(session, place, PackRecord((run(sys.argv[2] % number), run(f'shared/1/{number}'))))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "results.db")]
    writers = [subprocess.Popen([*command, f"a/{number}/%d"], stderr=subprocess.PIPE) for number in range(4)]
    for writer in writers:
        _, error = writer.communicate(timeout=100)
        assert writer.returncode == 0, error
    with Store.open(tmp_path / "results.db", read_only=True) as store:
        assert store.query("select count(*), count(distinct key) from run").rows == [(100, 100)]
    assert [path.name for path in tmp_path.iterdir()] == ["results.db"]


def test_upgrading_makes_a_file_ready(tmp_path: Path) -> None:
    upgrade(tmp_path / "results.db")
    with Store.open(tmp_path / "results.db", read_only=True) as store:
        assert rows(store, "select * from results") == []
    assert [path.name for path in tmp_path.iterdir()] == ["results.db"]


def test_the_store_needs_no_pytorch() -> None:
    program = "import bench.store, sys; sys.exit(any(name in sys.modules for name in ('torch', 'pandas', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
