"""Photos in class folders: a folder of such folders, or an archive of them, and what they hold as pixels."""

from __future__ import annotations

import hashlib
import os
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from bench.data.archives import Member, archive_members, problem
from bench.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

Images = npt.NDArray[np.uint8]
Mode = Literal["RGB", "L"]
Parts = tuple[str, ...]  # of a path inside a tree

_PHOTOS = frozenset(
    (".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff")
) | {".webp"}
_UNREADABLE = frozenset((".arw", ".cr2", ".cr3", ".dng", ".heic", ".heif", ".hif", ".nef", ".orf", ".raf", ".rw2"))
_CLUTTER = frozenset((".csv", ".db", ".htm", ".html", ".ini", ".json", ".md", ".rst", ".tsv", ".txt", ".xml"))
_CLUTTER_NAMES = frozenset(("license", "licence", "readme", "copying", "__macosx", "@eadir"))
_CONVERT = "convert it to JPEG or PNG"
_AMPLE = 4  # times the wanted height and width: what is shrunk from there looks as if it were from the whole
_SHOWN = 5  # faulty photos that are named, a line each


@dataclass(frozen=True)
class Photo:
    """A file in a class folder. Its content is read when it is asked for, and must still be what was found."""

    label: str  # the name of its class folder; empty where it lies in none
    name: str  # its path inside the tree, such as daisy/1.jpg
    sha256: str
    place: str  # the same for people: with the folder or archive that holds it
    _read: Callable[[], bytes] = field(compare=False, repr=False)

    def read(self) -> bytes:
        try:
            content = self._read()
        except OSError as error:
            raise UserError(f"{self.place}: can not be read ({problem(error)}); restore it or take it out") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise UserError(f"{self.place}: has changed since the data set was opened; run the command again")
        return content


def read_tree(path: Path, inside: str = "") -> tuple[Photo, ...]:
    """The photos of a folder of class folders, or of a tar or zip file of them, by class and name.

    `inside` is the folder within it that holds the class folders; a single folder around them all is passed through.
    Folders in a class folder belong to the class.
    """
    root = f"{path}/{inside}" if inside else str(path)
    files, folders = _collected(path, inside)
    if len({parts[0] for parts in [*files, *folders]}) == 1 and min((len(parts) for parts in files), default=0) > 2:
        root = f"{root}/{next(iter(files))[0]}"
        files = {parts[1:]: read for parts, read in files.items()}
        folders = {parts[1:] for parts in folders if len(parts) > 1}
    _check(root, files, folders)
    return tuple(_photo(root, parts, files[parts]) for parts in sorted(files, key=lambda one: (one[0], "/".join(one))))


def read_files(path: Path, inside: str = "") -> tuple[Photo, ...]:
    """All photos in a folder or archive, by name, wherever they lie in it."""
    files, _ = _collected(path, inside)
    root = f"{path}/{inside}" if inside else str(path)
    return tuple(_photo(root, parts, files[parts]) for parts in sorted(files, key="/".join))


def _collected(path: Path, inside: str) -> tuple[dict[Parts, Callable[[], bytes]], set[Parts]]:
    """The files that are photos by their names, and the folders."""
    root = f"{path}/{inside}" if inside else str(path)
    files: dict[Parts, Callable[[], bytes]] = {}
    folders: set[Parts] = set()
    strangers: list[str] = []
    for member in folder_members(path / inside) if path.is_dir() else archive_members(path, inside):
        parts = tuple(_readable(part) for part in member.path.parts)
        name, suffix = "/".join(parts), member.path.suffix.lower()
        if any(_hidden(part) for part in parts):
            continue
        if member.read is None:
            folders.add(parts)
        elif suffix in _UNREADABLE:
            raise UserError(f"{root}/{name}: {suffix} files can not be read; {_CONVERT}, or take it out")
        elif suffix in _PHOTOS:
            if parts in files:
                raise UserError(f"{root}/{name}: is there twice; pack the archive again")
            files[parts] = member.read
        elif not _clutter(parts[-1]):
            strangers.append(name)
    if strangers:
        more = f" (nor {len(strangers) - 1} more)" if len(strangers) > 1 else ""
        raise UserError(f"{root}/{strangers[0]}: is not a photo by its name{more}; take it out, or rename it")
    return files, folders


def _photo(root: str, parts: Parts, read: Callable[[], bytes]) -> Photo:
    name = "/".join(parts)
    try:
        sha256 = hashlib.sha256(read()).hexdigest()
    except OSError as error:
        raise UserError(f"{root}/{name}: can not be read ({problem(error)}); mend it or take it out") from error
    return Photo(parts[0] if len(parts) > 1 else "", name, sha256, f"{root}/{name}", read)


def decode(photo: Photo, size: tuple[int, int] | None, mode: Mode) -> Images:
    """The pixels (channels, height, width), upright, brought to `size` (height, width) without keeping the aspect."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of odd files that it reads all the same
        return _decoded(photo, size, mode)


def decode_all(photos: Sequence[Photo], size: tuple[int, int], mode: Mode) -> Images:
    """The pixels of all (photos, channels, height, width). The first faulty ones are named in one error."""
    pixels = np.empty((len(photos), 3 if mode == "RGB" else 1, *size), np.uint8)
    faults: list[str] = []

    def work(place: int) -> None:
        if len(faults) >= _SHOWN:
            return
        try:
            pixels[place] = _decoded(photos[place], size, mode)
        except UserError as error:
            faults.extend(error.lines)

    # Pillow works outside the interpreter's lock, so threads are enough. The filter of warnings is one for all threads.
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")
        for _ in pool.map(work, range(len(photos))):
            pass
    if faults:
        raise UserError(*sorted(faults))
    return pixels


def folder_members(root: Path) -> Iterator[Member]:
    """Everything below a folder. Links to files and to class folders are followed, links further down are not."""
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; give a folder, or an archive, that holds a folder for each class")
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            raise UserError(f"{folder}: can not be read ({problem(error)}); mend its permissions") from error
        for entry in entries:
            inner = PurePosixPath(entry.relative_to(root).as_posix())
            if entry.is_dir():
                if folder != root and entry.is_symlink():
                    raise UserError(f"{entry}: is a link to a folder; put the photos themselves there")
                if not _hidden(entry.name):
                    waiting.append(entry)
                yield Member(inner, None)
            else:
                yield Member(inner, entry.read_bytes)


def _check(root: str, files: Iterable[Parts], folders: Iterable[Parts]) -> None:
    for parts in files:
        if len(parts) == 1:
            raise UserError(
                f"{root}/{parts[0]}: lies in no class folder; make a folder for each class and put it into one"
            )
    filled = {parts[0] for parts in files}
    empty = sorted({parts[0] for parts in folders} - filled)
    layout = "give a folder for each class, such as cats/ and dogs/, with its photos in it"
    if empty:
        raise UserError(f"{root}/{empty[0]}: holds no photos; put some into it, or delete it")
    if not filled:
        raise UserError(f"{root}: holds no class folders; {layout}")
    if len(filled) == 1:
        raise UserError(f"{root}: holds the one class folder {filled.pop()!r}, and two are needed; {layout}")


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _CLUTTER_NAMES


def _clutter(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _CLUTTER or path.stem.lower() in _CLUTTER_NAMES


def _readable(name: str) -> str:
    """A name as it is written everywhere: systems differ in how they store accents, and some names are no text."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def _decoded(photo: Photo, size: tuple[int, int] | None, mode: Mode) -> Images:
    from io import BytesIO

    from PIL import Image, ImageOps

    content = photo.read()
    try:
        with Image.open(BytesIO(content)) as opened:
            if size is not None:  # a JPEG file of many times the size need not be decoded in full
                opened.draft(None, (_AMPLE * size[1], _AMPLE * size[0]))
            opened.load()
            image = _plain(ImageOps.exif_transpose(opened), mode)
        if size is not None and image.size != (size[1], size[0]):
            image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except Exception as error:  # each format's reader in Pillow has errors of its own
        raise UserError(f"{photo.place}: {_fault(content, error)}") from error
    pixels: npt.NDArray[Any] = np.asarray(image, dtype=np.uint8)
    return np.ascontiguousarray(pixels[np.newaxis] if mode == "L" else pixels.transpose(2, 0, 1))


def _plain(image: Image, mode: Mode) -> Image:
    """Eight bits a channel, and white where it is transparent."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.float64)
        return Image.fromarray(np.floor(wide / 257 + 0.5).astype(np.uint8)).convert(mode)
    if image.mode in ("I", "F"):
        raise ValueError(f"its pixels have 32 bits; {_CONVERT}")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)


def _fault(content: bytes, error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1"):
        return f"is a HEIC file, which can not be read; {_CONVERT}"
    if not content:
        return "is empty; take it out or get it again"
    if isinstance(error, UnidentifiedImageError):
        return "is not an image of a format that can be read; take it out, or convert it to JPEG or PNG"
    reason = str(error).split("\n")[0] or type(error).__name__
    return f"can not be read as an image ({reason}); take it out or get it again"
