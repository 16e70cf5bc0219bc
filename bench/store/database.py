"""Opening a database, bringing it to this release's schema, and closing it as one complete file."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from bench.errors import UserError
from bench.store import looking
from bench.store.backup import back_up
from bench.store.faults import explained
from bench.store.location import file_of, is_file, shown
from bench.store.migrations.head import HEAD, REVISIONS, VERSION_TABLE

PATIENCE = 60  # seconds to wait for another process's transaction
_HEADER = b"SQLite format 3\x00"
_OLDEST_SQLITE = (3, 37)
_TURN = 0x62656E6368  # the number of the lock that writers take on a server


def connect(url: URL, read_only: bool = False, notice: Callable[[str], None] = lambda line: None) -> Engine:
    """An engine for a database whose schema is that of this release; one that is not is refused or upgraded.

    A file is copied before it is upgraded, and `notice` is told so in a line.
    """
    with explained(shown(url)):
        if is_file(url):
            return _connect_file(url, read_only, notice)
        return _connect_server(url, read_only)


def _connect_file(url: URL, read_only: bool, notice: Callable[[str], None]) -> Engine:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise UserError(f"this Python's SQLite is {sqlite3.sqlite_version}; use a Python with SQLite 3.37 or newer")
    file = file_of(url)
    _check_file(file, read_only)
    revision = _look_at_file(file) if file.exists() and file.stat().st_size else None
    if read_only and revision != HEAD:
        raise UserError(_unfit(shown(url), revision))
    engine = _file_engine(file, read_only)
    try:
        if revision != HEAD:
            copy = None if revision is None else back_up(file, revision, HEAD, _look_at_file)
            upgrade(engine, shown(url))
            if copy is not None:
                notice(f"{shown(url)}: brought from schema {revision} to {HEAD}; as it was before: {copy}")
        else:
            engine.connect().close()  # what is wrong with the file or its folder shows now
    except BaseException:
        engine.dispose()
        raise
    return engine


def _look_at_file(file: Path) -> str | None:
    """The revision of a file, found without writing: a foreign one stays as it is to the last byte."""
    engine = _file_engine(file, read_only=True)
    try:
        with engine.connect() as connection:
            return _revision(connection, str(file))
    finally:
        engine.dispose()


def is_older(url: URL) -> bool:
    """Whether a file is from an earlier release; one that cannot be read at all is refused."""
    _check_file(file_of(url), read_only=True)
    return _look_at_file(file_of(url)) not in (None, HEAD)


def _connect_server(url: URL, read_only: bool) -> Engine:
    engine = _server_engine(url, read_only)
    try:
        with engine.connect().execution_options(reading=True) as connection:
            revision = _revision(connection, shown(url))
    except OperationalError as error:
        engine.dispose()
        raise UserError(_unreachable(url, error)) from None
    if revision != HEAD:
        engine.dispose()
        raise UserError(_unfit(shown(url), revision, "bench db upgrade"))
    return engine


def _unreachable(url: URL, error: OperationalError) -> str:
    reason = str(error.orig).strip().splitlines()[0]
    return f"{shown(url)}: cannot connect ({reason}); see to the server, user and password"


def _unfit(place: str, revision: str | None, mend: str = "bench run") -> str:
    if revision is None:
        return f"{place}: holds no results yet; begin with `{mend}`"
    return f"{place}: is from an earlier release (schema {revision}); `{mend}` on it brings it to schema {HEAD}"


def _check_file(file: Path, read_only: bool) -> None:
    """Refuse what is no complete SQLite file before SQLite gets to see it, and could take an empty one for new."""
    if not file.exists():
        if read_only:
            raise UserError(f"{file}: there is no such database; make one with `bench run`, or give another path")
        if not file.absolute().parent.is_dir():
            raise UserError(f"{file}: its folder does not exist; make the folder, or give another path")
        return
    if not file.is_file():
        raise UserError(f"{file}: is no file; give the path of a database file")
    if looking.is_open(file):
        return  # it was looked at when it was opened
    try:
        head = looking.head(file, 100)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}); give yourself the right to read it") from error
    size = file.stat().st_size
    if size == 0 and not read_only:
        return
    if not head.startswith(_HEADER):
        raise UserError(f"{file}: this is no SQLite database; give another path")
    wal = file.with_name(file.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return  # the newest pages are in the log, so that the file's own size says nothing
    (page,) = struct.unpack(">H", head[16:18].ljust(2, b"\0"))
    (pages,) = struct.unpack(">I", head[28:32].ljust(4, b"\0"))
    if len(head) < 100 or size < (65536 if page == 1 else page) * pages:
        raise UserError(f"{file}: the file is cut off; bring back a copy of it, or move it away and start afresh")


def _file_engine(file: Path, read_only: bool) -> Engine:
    mode = "ro" if read_only else "rwc"

    def open_connection() -> sqlite3.Connection:
        address = f"{file.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, uri=True, timeout=PATIENCE, check_same_thread=False, isolation_level=None)

    engine = create_engine("sqlite://", creator=open_connection, poolclass=QueuePool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        record.info["file"] = looking.inode(file)
        looking.connected(record.info["file"])
        connection.execute("pragma foreign_keys = on")
        if not read_only:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")

    @event.listens_for(engine, "close")
    def closed(connection: Any, record: Any) -> None:
        looking.disconnected(record.info.pop("file"))

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer asks for its lock at once: one that asks later, after it has read, may be refused without waiting.
        reading = read_only or connection.get_execution_options().get("reading")
        connection.exec_driver_sql("begin" if reading else "begin immediate")

    return engine


def _server_engine(url: URL, read_only: bool) -> Engine:
    options = "-c default_transaction_read_only=on" if read_only else ""
    try:
        engine = create_engine(url, connect_args={"options": options} if options else {}, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{shown(url)}: needs the package {error.name}; install it: pip install psycopg[binary]"
        ) from None

    if not read_only:
        event.listen(engine, "begin", _take_turn)
    return engine


def _take_turn(connection: Connection) -> None:
    """One writer at a time, as in a file: two that add the same rows in another order would stop each other."""
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_TURN})")


def _revision(connection: Connection, place: str) -> str | None:
    """The schema's revision: None for an empty database. A foreign or a newer one is refused."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        if connection.dialect.name == "sqlite" and tables:
            raise UserError(
                f"{place}: belongs to another program (it has the tables {', '.join(sorted(tables)[:4])}); "
                "give another path"
            )
        return None
    revision = connection.scalar(text(f"select version_num from {VERSION_TABLE}"))
    if revision is not None and revision not in REVISIONS:
        raise UserError(
            f"{place}: was written by a newer release (schema {revision}, this one knows {HEAD}); update this program"
        )
    return None if revision is None else str(revision)


def upgrade_at(url: URL) -> None:
    """Bring a database to this release's schema, wherever it is."""
    if is_file(url):
        connect(url).dispose()
        fold(file_of(url))
        return
    with explained(shown(url)):
        engine = _server_engine(url, read_only=False)
        try:
            upgrade(engine, shown(url))
        except OperationalError as error:
            raise UserError(_unreachable(url, error)) from None
        finally:
            engine.dispose()


def upgrade(engine: Engine, place: str, revision: str = HEAD) -> None:
    """Bring a database to a schema in one transaction: after a crash it is as it was before."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bench.store:migrations")
    config.set_main_option("path_separator", "os")
    with _without_foreign_keys(engine) as connection, connection.begin():
        if _revision(connection, place) == revision:
            return  # another process was faster
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """A connection on which a table may be made anew: SQLite would delete with the old one what hangs on its rows."""
    with engine.connect() as connection:
        sqlite: Any = connection.connection.driver_connection if engine.dialect.name == "sqlite" else None
        if sqlite is not None:
            sqlite.execute("pragma foreign_keys = off")
        try:
            yield connection
        finally:
            if sqlite is not None:
                sqlite.execute("pragma foreign_keys = on")


def fold(file: Path) -> None:
    """Bring the write-ahead log into the file, so that a copy of the file is complete.

    While another process works on it this is refused; the last one that closes does it.
    """
    if not file.exists():
        return
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=1)) as connection:
        try:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
            connection.execute("pragma journal_mode = delete").fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise  # a full disk: what was written is in the log, and the file alone is not complete
