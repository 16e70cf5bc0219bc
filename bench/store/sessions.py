"""Who wrote: sessions (one a command) and the environments that they trained in."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from bench.masking import masked, without_tokens
from bench.store.rows import add_new, ids
from bench.store.schema import Driver, Environment, Plugin, Session, SessionPlugin
from bench.store.texts import compact, content_hash, now
from bench.store.values import Ending, EnvironmentInfo, SessionInfo


def host_hash() -> str:
    """The machine, without its name."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:16]


def process_start(process: int) -> str | None:
    """When a process began, in its system's own count; None where that is not to be had or it is gone."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return f"{boot} {text.rpartition(')')[2].split()[19]}"


def is_alive(process: int, start: str | None) -> bool:
    if start is not None and platform.system() == "Linux":
        return process_start(process) == start
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def start_session(connection: Connection, info: SessionInfo) -> int:
    """Add a session; those of this machine whose process vanished without a word become stale."""
    _mark_stale(connection)
    process = os.getpid()
    session = connection.execute(
        insert(Session)
        .values(
            status="running",
            command=masked(info.command),
            started_at=now(),
            host_hash=host_hash(),
            process=process,
            process_start=process_start(process),
            python=info.python or platform.python_version(),
            packages=compact(info.packages),
            code_commit=info.commit,
            dirty_code=None if info.dirty_code is None else int(info.dirty_code),
            dirty_suites=None if info.dirty_suites is None else int(info.dirty_suites),
            note=None if info.note is None else masked(info.note),
        )
        .returning(Session.id)
    ).scalar_one()
    plugins = [
        {"hash": content_hash(text), "name": Path(name).name, "text": without_tokens(text)}
        for name, text in info.plugins.items()
    ]
    found = ids(connection, Plugin, ("hash", "name"), plugins)
    add_new(connection, SessionPlugin, [{"session_id": session, "plugin_id": plugin} for plugin in found.values()])
    return session


def _mark_stale(connection: Connection) -> None:
    running = select(Session.id, Session.process, Session.process_start).where(
        Session.status == "running", Session.host_hash == host_hash()
    )
    for session, process, start in connection.execute(running).all():
        if not is_alive(process, start):
            connection.execute(delete(Driver).where(Driver.session_id == session))
            connection.execute(update(Session).where(Session.id == session).values(status="stale", ended_at=now()))


def end_session(connection: Connection, session: int, status: Ending) -> None:
    ending = update(Session).where(Session.id == session).values(status=status, ended_at=now())
    connection.execute(ending)


def environment(connection: Connection, info: EnvironmentInfo) -> int:
    """The row number of an environment, which is added when it is new."""
    row = {
        "hash": info.hash,
        "label": info.label,
        "device_kind": info.device_kind,
        "device_model": info.device_model,
        "torch": info.torch,
        "precision": info.precision,
        "deterministic": int(info.deterministic),
    }
    return ids(connection, Environment, ("hash",), [row])[(info.hash,)]
