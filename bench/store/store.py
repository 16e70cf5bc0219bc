"""The store: the one thing through which runs get into a database, and questions to it."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Connection, Engine, delete, func, insert, select

from bench.errors import UserError
from bench.store import (
    database,
    forgetting,
    guarding,
    leases,
    merging,
    moving,
    published,
    registration,
    sessions,
    writing,
)
from bench.store.faults import explained
from bench.store.forgetting import Doomed, Filters
from bench.store.guarding import Guard
from bench.store.location import file_of, is_file, locate, shown
from bench.store.merging import Merged
from bench.store.querying import Parameters, query_file, query_server
from bench.store.rows import blocks
from bench.store.schema import Calibration, Environment, Evaluation, Pack, Run
from bench.store.studying import Studies
from bench.store.texts import compact, now, shortened
from bench.store.values import (
    FINAL,
    CellRecord,
    Ending,
    EnvironmentInfo,
    EvaluationRecord,
    PackRecord,
    QueryResult,
    SessionInfo,
    SpeedRecord,
    SuiteRecord,
)


class Store:
    """A result database that is open. Every writing method is one transaction."""

    brought_back = 0  # runs that were missing in the file when it was opened, and that its guard had

    def __init__(self, url: URL, engine: Engine, read_only: bool, guard: Guard | None = None) -> None:
        self._url = url
        self._engine = engine
        self._read_only = read_only
        self.notices: tuple[str, ...] = ()  # what its user is to be told of the opening
        self._guard = guard

    @classmethod
    def open(cls, url_or_path: str | os.PathLike[str], read_only: bool = False) -> Store:
        """Open a database: a file, which is made and brought to this release's schema as needed, or a server's URL."""
        url = locate(url_or_path)
        if is_file(url) and not read_only:
            return cls._open_file(url)
        store = cls._connected(url, read_only)
        if not read_only:
            store._enter_published()
        return store

    @classmethod
    def _connected(cls, url: URL, read_only: bool) -> Store:
        notices: list[str] = []
        store = cls(url, database.connect(url, read_only, notices.append), read_only)
        store.notices = tuple(notices)
        return store

    @classmethod
    def _open_file(cls, url: URL) -> Store:
        """Open a file for writing; what git took out of it comes back first."""
        guard = guarding.guard(file_of(url))
        try:
            store = cls._connected(url, read_only=False)
            if guard is not None and guard.is_first and not guard.guarded.is_as_left():
                with moving.source(guard.guarded.copy) as copy, store._writing() as connection:
                    store.brought_back = merging.merge(copy, connection, merging.OWN_AGAIN).new
            store._enter_published()
            if guard is not None:
                with explained(store.place):
                    guard.begin(store._engine)
        except BaseException:
            if guard is not None:
                guard.abandon()
            raise
        store._guard = guard
        return store

    @property
    def place(self) -> str:
        """Where it is, in words fit to be shown."""
        return shown(self._url)

    def close(self) -> None:
        """Close it. The last one to close a file that was written to leaves it complete, with nothing beside it."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.finish()
        self._engine.dispose()
        try:
            if is_file(self._url) and not self._read_only:
                with explained(self.place):
                    database.fold(file_of(self._url))
        finally:
            if guard is not None:
                guard.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start_session(self, info: SessionInfo) -> int:
        """Note that a command has begun; sessions of processes that are gone become stale."""
        with self._writing() as connection:
            return sessions.start_session(connection, info)

    def end_session(self, session: int, status: Ending) -> None:
        """Note how the command ended."""
        with self._writing() as connection:
            sessions.end_session(connection, session, status)

    def exchange(
        self,
        seat: leases.Seat,
        progress: leases.Progress,
        take: Collection[str] = (),
        give_back: Collection[str] = (),
    ) -> leases.Standing:
        """Give a sign of life, give leases back and take others; how the driver then stands among the others."""
        with self._writing() as connection:
            return leases.exchange(connection, seat, progress, take, give_back)

    def leave(self, session: int) -> None:
        """Give all leases of a session back: it makes no more runs."""
        with self._writing() as connection:
            leases.leave(connection, session)

    def environment(self, info: EnvironmentInfo) -> int:
        """The number of an environment in this database."""
        with self._writing() as connection:
            return sessions.environment(connection, info)

    def known_environment(self, info: EnvironmentInfo) -> int | None:
        """The number of an environment in this database, None where nothing was run in it yet."""
        with self._reading() as connection:
            return connection.scalar(select(Environment.id).where(Environment.hash == info.hash))

    def register(self, suite: SuiteRecord, cells: Sequence[CellRecord]) -> int:
        """Enter a suite's plan as the current one of its name and profile; what is entered already stays as it is."""
        with self._writing() as connection:
            return registration.register(connection, suite, cells)

    def write(self, session: int, environment: int, pack: PackRecord) -> int:
        """Enter all that a pack brought, or nothing; return how many of its runs were new. Final rows never change."""
        with self._writing() as connection:
            return writing.write(connection, session, environment, pack)

    def made_by(self, session: int, keys: Iterable[str]) -> set[str]:
        """Which of these runs a session has written."""
        wanted = select(Run.key).join(Pack, Pack.id == Run.pack_id).where(Pack.session_id == session)
        with self._reading() as connection:
            return {key for block in blocks(keys) for key in connection.scalars(wanted.where(Run.key.in_(block)))}

    def done(self, environment: int, results_version: int) -> set[str]:
        """The keys of the runs that are final on this side: made here, or merged from elsewhere."""
        final = select(Run.key).where(
            Run.environment_id == environment,
            Run.results_version == results_version,
            Run.origin.in_(("local", "merged")),
            Run.status.in_(FINAL),
        )
        with self._reading() as connection:
            return set(connection.scalars(final))

    def attempts(self, environment: int, results_version: int | None = None) -> dict[str, int]:
        """How often each run failed here; those that never did are left out."""
        failed = select(Run.key, func.count()).where(
            Run.environment_id == environment, Run.origin == "local", Run.status == "failed"
        )
        if results_version is not None:
            failed = failed.where(Run.results_version == results_version)
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(failed.group_by(Run.key))}

    def evaluations(
        self, keys: Iterable[str], environment: int, results_version: int = 1
    ) -> dict[str, EvaluationRecord]:
        """What is known of states right after their pruning."""
        table = Evaluation.__table__.c
        names = ("key", *writing.EVALUATED, "results_version")
        wanted = select(*(table[name] for name in names)).where(
            table.environment_id == environment, table.results_version == results_version
        )
        asked = {shortened(key): key for key in keys}
        with self._reading() as connection:
            return {
                asked[row.key]: EvaluationRecord(**{**row._mapping, "key": asked[row.key]})
                for block in blocks(asked)
                for row in connection.execute(wanted.where(table.key.in_(block)))
            }

    def write_speeds(self, session: int, environment: int, speeds: Sequence[SpeedRecord]) -> None:
        """Enter what was measured, in place of what was measured before of the same."""
        with self._writing() as connection:
            writing.write_speeds(connection, session, environment, speeds)

    def calibration(self, environment: int, name: str) -> Any:
        """What an earlier measurement chose in this environment, or None."""
        choice = select(Calibration.choice).where(Calibration.environment_id == environment, Calibration.name == name)
        with self._reading() as connection:
            text = connection.scalar(choice)
        return None if text is None else json.loads(text)

    def remember(self, environment: int, name: str, choice: Any) -> None:
        """Keep what a measurement chose, in place of what an earlier one did."""
        row = {"environment_id": environment, "name": name, "choice": compact(choice), "measured_at": now()}
        with self._writing() as connection:
            old = delete(Calibration).where(Calibration.environment_id == environment, Calibration.name == name)
            connection.execute(old)
            connection.execute(insert(Calibration), [row])

    @property
    def studies(self) -> Studies:
        """What was tuned."""
        return Studies(self.place, self._writing, self._reading)

    def merge(self, other: str | os.PathLike[str]) -> Merged:
        """Bring the runs of another database in, all or nothing; what is here already stays as it is."""
        url = locate(other)
        if _is_same(url, self._url):
            raise UserError(f"{shown(url)}: is the database that is merged into; give another one")
        with moving.source(other) as source, self._writing() as connection:
            return merging.merge(source, connection, merging.FROM_OTHERS)

    def picked(self, filters: Filters) -> list[Doomed]:
        """The runs that filters pick, without a change."""
        with self._reading() as connection:
            return forgetting.picked(connection, filters)

    def forget(self, filters: Filters) -> int:
        """Remove the runs that filters pick, and return how many that were."""
        with self._writing() as connection:
            count = forgetting.forget(connection, filters)
        if self._guard is not None:
            self._guard.renew()  # or they would come back from the copy
        return count

    def query(self, sql: str, parameters: Parameters | None = None, limit_seconds: float | None = None) -> QueryResult:
        """Ask in SQL; whatever would write is refused. Parameters are named: ``where seed = :seed``."""
        with explained(self.place):
            if is_file(self._url):
                return query_file(file_of(self._url), sql, parameters, limit_seconds)
            return query_server(self._engine, sql, parameters, limit_seconds)

    def _enter_published(self) -> None:
        try:
            with explained(self.place):
                published.bring_up_to_date(self._engine)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._read_only:
            raise UserError(f"{self.place}: is open for reading only; open it for writing to change it")
        with explained(self.place), self._engine.begin() as connection:
            yield connection
        if self._guard is not None:
            self._guard.changed()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(self.place), self._engine.connect().execution_options(reading=True) as connection:
            yield connection


def _is_same(one: URL, other: URL) -> bool:
    if is_file(one) and is_file(other):
        return file_of(one).resolve() == file_of(other).resolve()
    return one == other


def upgrade(url_or_path: str | os.PathLike[str]) -> None:
    """Bring a database, empty or older, to this release's schema; on a server, opening it does not."""
    url = locate(url_or_path)
    database.upgrade_at(url)
