"""What lies in a tar or zip file, read without unpacking it anywhere; one that is cut off or unsafe is refused."""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from bench.errors import UserError

_BLOCK = 512  # a tar file consists of such, and one of zeros ends it
_PIECE = 1 << 20
_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, NotImplementedError)
_AGAIN = "delete it and get it again"


@dataclass(frozen=True)
class Member:
    """A file or a folder in a tree."""

    path: PurePosixPath
    read: Callable[[], bytes] | None  # None: a folder


def archive_members(path: Path, inside: str = "") -> Iterator[Member]:
    """The files and folders below the folder `inside` of an archive."""
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder; check the path")
    root = PurePosixPath(inside)
    with _explained(path):
        for member in _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path):
            if member.path.is_absolute() or ".." in member.path.parts:
                raise UserError(f"{path}: its member {str(member.path)!r} leads out of the archive; {_AGAIN}")
            if member.path.is_relative_to(root) and member.path != root:
                yield Member(member.path.relative_to(root), member.read)


def problem(error: Exception) -> str:
    """What an error says, without the path, which the message has anyway."""
    text = str(getattr(error, "strerror", None) or error).split("\n")[0].rstrip(":")
    return text or type(error).__name__


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """The errors of the readers, each in one line that names the archive."""
    try:
        yield
    except _FAULTS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(f"{path}: can not be read ({problem(error)}); mend its permissions") from error
        raise UserError(f"{path}: is no tar or zip file, or is cut off ({problem(error)}); {_AGAIN}") from error


def _tar_members(path: Path) -> Iterator[Member]:
    packed = not _is_plain_tar(path)
    with tarfile.open(path, "r:*" if packed else "r:") as tar:
        for info in tar:
            name = PurePosixPath(info.name)
            if info.isdir():
                yield Member(name, None)
            elif info.isfile():
                # What lies packed can only be read from the start on, so it is kept once it has been reached.
                yield Member(name, _kept(tar, info) if packed else _piece(path, info))
            else:
                raise UserError(f"{path}: its member {info.name!r} is a link or a device; pack the files themselves")
        _check_end(tar)


def _is_plain_tar(path: Path) -> bool:
    try:
        with tarfile.open(path, "r:"):
            return True
    except tarfile.ReadError:
        return False


def _kept(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], bytes]:
    stream = tar.extractfile(info)
    content = stream.read() if stream is not None else b""
    return lambda: content


def _piece(path: Path, info: tarfile.TarInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with path.open("rb") as stream:
            stream.seek(info.offset_data)
            return stream.read(info.size)

    return read


def _check_end(tar: tarfile.TarFile) -> None:
    """Python's reader takes a file that ends between two members, or goes on with anything else, for a whole one."""
    stream = tar.fileobj
    assert stream is not None
    stream.seek(tar.offset)
    if stream.read(_BLOCK) != bytes(_BLOCK):
        raise EOFError("it has no end mark")
    while stream.read(_PIECE):  # a packed file has its checksum behind the last byte
        pass


def _zip_members(path: Path) -> Iterator[Member]:
    archive = zipfile.ZipFile(path)  # open as long as one of its members may be read
    for info in archive.infolist():
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UserError(f"{path}: its member {info.filename!r} is a link; pack the files themselves")
        if info.flag_bits & 1:
            raise UserError(f"{path}: is encrypted; pack it without a password")
        yield Member(PurePosixPath(info.filename), None if info.is_dir() else partial(_unzipped, path, archive, info))


def _unzipped(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with _explained(path):
        return archive.read(info)
