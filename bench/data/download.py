"""Downloads that resume, that are checked, and that count only when they are whole."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from io import FileIO
from pathlib import Path
from urllib.parse import urlsplit

from bench.data.policy import Progress

_PIECE = 1 << 16
_ATTEMPTS = 3  # at one mirror, each going on where the last one broke off
_STALL = 10.0  # seconds without a byte after which a transfer counts as broken


class Unobtainable(Exception):
    """A file can not be had; the text says why."""


@dataclass(frozen=True)
class PublishedFile:
    """A file as its authors published it."""

    name: str
    size: int
    sha256: str
    unpacked_sha256: str | None = None  # of what a .gz holds: a copy that was unpacked or packed anew will do as well


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch(
    file: PublishedFile, mirrors: Sequence[str], folder: Path, patience: float, progress: Progress | None = None
) -> Path:
    """Bring a file into `folder` from the first mirror that has it; what is not whole stays apart as NAME.part."""
    answering = reachable(mirrors, patience)
    if not answering:
        hosts = ", ".join(sorted({urlsplit(mirror).netloc for mirror in mirrors}))
        raise Unobtainable(f"no connection to {hosts}")
    target, part = folder / file.name, folder / f"{file.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(part) as stream:
            if not target.exists():  # else another process brought it while this one waited for the lock
                _fill(stream, file, [f"{mirror.rstrip('/')}/{file.name}" for mirror in answering], progress)
                os.replace(part, target)
    except OSError as error:
        raise Unobtainable(f"can not write {part}: {error.strerror or error}") from error
    return target


def reachable(mirrors: Sequence[str], patience: float) -> list[str]:
    """The mirrors whose host accepts a connection within `patience` seconds, all asked at once.

    A name server or a firewall that swallows packets would otherwise hold the program up for minutes.
    """
    answers: dict[str, bool] = {}

    def ask(mirror: str) -> None:
        try:
            socket.create_connection(_endpoint(mirror), timeout=patience).close()
            answers[mirror] = True
        except (OSError, ValueError):
            answers[mirror] = False

    askers = [threading.Thread(target=ask, args=(mirror,), daemon=True) for mirror in mirrors]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(patience)
    return [mirror for mirror in mirrors if answers.get(mirror)]


def _endpoint(address: str) -> tuple[str, int]:
    """The host and port that a request for this address goes to: the proxy's, where there is one."""
    place = urlsplit(address)
    host = place.hostname or ""
    proxy = urllib.request.getproxies().get(place.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        place = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host = place.hostname or ""
    if not host:
        raise ValueError(f"{address} names no host")
    return host, place.port or (443 if place.scheme == "https" else 80)


@contextmanager
def _locked(part: Path) -> Iterator[FileIO]:
    """The partial file, open at its end, for one process at a time."""
    with FileIO(part, "ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _fill(stream: FileIO, file: PublishedFile, addresses: Sequence[str], progress: Progress | None) -> None:
    """Complete the partial file and check it."""
    reasons: list[str] = []
    for address in addresses:
        for _ in range(_ATTEMPTS):
            resumed = os.fstat(stream.fileno()).st_size > 0
            try:
                _transfer(stream, file, address, progress)
            except (OSError, HTTPException, ValueError) as error:
                reasons.append(f"{address}: {_reason(error)}")
                if isinstance(error, urllib.error.HTTPError):
                    break  # this mirror will not answer otherwise the next time
                continue
            os.fsync(stream.fileno())
            if sha256_of(Path(os.fsdecode(stream.name))) == file.sha256:
                return
            stream.truncate(0)
            reasons.append(f"{address}: what came is not the published file (wrong checksum)")
            if not resumed:
                break  # nothing but what this mirror sent was in it
    raise Unobtainable("; ".join(dict.fromkeys(reasons)))


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "")) or str(error) or type(error).__name__


def _transfer(stream: FileIO, file: PublishedFile, address: str, progress: Progress | None) -> None:
    """Add what is missing, by one request."""
    done = os.fstat(stream.fileno()).st_size
    if done > file.size:
        stream.truncate(0)
        done = 0
    if done == file.size:
        return
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-"} if done else {})
    with urllib.request.urlopen(request, timeout=_STALL) as response:
        if done and not _continues(response, done):
            stream.truncate(0)
            done = 0
        while piece := response.read(_PIECE):
            done += len(piece)
            if done > file.size:
                stream.truncate(0)
                raise ValueError("it is longer than the published file")
            _write(stream, piece)
            if progress is not None:
                progress(f"fetching {file.name} ({file.size / 1e6:.1f} MB)", done, file.size)
    if done < file.size:
        raise ValueError(f"the transfer broke off after {done:,} of {file.size:,} bytes")


def _write(stream: FileIO, piece: bytes) -> None:
    try:
        rest = memoryview(piece)
        while rest:
            rest = rest[stream.write(rest) :]
    except OSError as error:  # a full disk is not a broken transfer: no other mirror will mend it
        raise Unobtainable(f"can not write {os.fsdecode(stream.name)}: {error.strerror}") from error


def _continues(response: HTTPResponse, start: int) -> bool:
    """Whether the answer is the rest that was asked for, and not the whole file again."""
    return response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
