"""Where a database is: a file, or a server behind a URL."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bench.errors import UserError

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def locate(url_or_path: str | os.PathLike[str]) -> URL:
    """The address of a database given as a path, or as a URL such as postgresql://user@host/name."""
    text = os.fspath(url_or_path)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UserError("the database's URL cannot be read; write postgresql://user:password@host/name") from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise UserError(f"{shown(url)}: no such kind of database here; give the path of a file, or postgresql://...")
    if is_file(url) and not url.database:
        raise UserError(f"{shown(url)}: names no file; write sqlite:///results.db, or the path alone")
    return url


def is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def file_of(url: URL) -> Path:
    return Path(url.database or "")


def shown(url: URL) -> str:
    """The place in words: the path as it was given, or the URL without its password."""
    return str(file_of(url)) if is_file(url) and url.database else url.render_as_string(hide_password=True)
