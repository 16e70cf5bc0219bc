"""What is known of the photos of one data set, in one SQLite file.

A file of crops and another of what is known of them would have to agree at any moment. Here what was seen in a photo is
one transaction: it is there with everything or not at all, whenever the process is killed. The list of the photos that
make the data set, with the groups among them, is written last, as a whole; without it nothing counts as prepared.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench.data.faces.choosing import Lacking, eligible
from bench.data.faces.detecting import Face
from bench.data.faces.likeness import BYTES, MARGINS, VARIANTS, Hashes
from bench.data.faces.settings import SIDE, VERSION, Settings
from bench.data.trees import Images
from bench.errors import UserError
from bench.recipe import digest

_FILE = "faces.sqlite"
_TABLES = (
    "CREATE TABLE looked (sha256 TEXT, settings TEXT, faces TEXT NOT NULL, chosen INTEGER, lack TEXT, reason TEXT,"
    " crop BLOB, hashes BLOB, PRIMARY KEY (sha256, settings))",
    "CREATE TABLE entry (place INTEGER PRIMARY KEY, label TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " lack TEXT, reason TEXT, near INTEGER)",
    "CREATE TABLE about (source TEXT NOT NULL, tree TEXT NOT NULL, settings TEXT NOT NULL)",
)


@dataclass(frozen=True, eq=False)
class Seen:
    """A face that was cut out of a photo."""

    face: Face
    crop: Images  # (SIDE, SIDE)
    hashes: Hashes


@dataclass(frozen=True)
class Entry:
    """A photo of the data set."""

    label: str
    name: str
    sha256: str
    lacking: Lacking | None = None
    near: int | None = None  # the number of its group; None where there is no face
    confidence: float = 0.0
    people: int = 0  # faces that could have been taken


@dataclass(frozen=True)
class Prepared:
    """A data set of faces that is ready: every photo that it was made of, by class and name."""

    folder: Path
    source: str
    tree: str  # a digest of the photos
    settings: Settings
    entries: tuple[Entry, ...]

    @property
    def found(self) -> tuple[Entry, ...]:
        """In the order in which the samples lie."""
        return tuple(entry for entry in self.entries if entry.lacking is None)

    @property
    def fingerprint(self) -> str:
        """Of the photos and the settings, and of which photos have a face and belong together.

        The size of the set and its splits follow from the last two, and what lies on the border may fall to its other
        side under another release of a library.
        """
        near = [(place, entry.near) for place, entry in enumerate(self.entries) if entry.lacking is None]
        return digest([VERSION, self.settings.key, self.tree, near])

    def is_of(self, tree: str, settings: Settings) -> bool:
        return self.tree == tree and self.settings == settings


def read_prepared(folder: Path) -> Prepared | None:
    """What lies in a folder; None where nothing was prepared there to the end."""
    try:
        with closing(_connect(folder)) as file:
            return _prepared(file, folder)
    except (sqlite3.Error, ValueError, TypeError):
        return None


def read_crops(prepared: Prepared) -> Images:
    """The faces (N, 1, SIDE, SIDE), in the order of `found`."""
    try:
        with closing(_connect(prepared.folder)) as file:
            file.execute("BEGIN")
            same = _prepared(file, prepared.folder) == prepared
            rows = file.execute(
                "SELECT crop FROM entry JOIN looked USING (sha256)"
                " WHERE looked.settings = ? AND entry.lack IS NULL ORDER BY place",
                (prepared.settings.key,),
            )
            crops = np.stack([np.frombuffer(crop, np.uint8).reshape(1, SIDE, SIDE) for (crop,) in rows])
    except (sqlite3.Error, ValueError, TypeError) as error:
        mend = "run `bench data prepare` again, with --again"
        raise UserError(f"{prepared.folder / _FILE}: can not be read ({error}); {mend}") from error
    if not same:
        raise UserError(f"{prepared.folder}: was prepared anew since it was opened; run the command again")
    return crops


class FaceStore:
    """The file, open for the one process that looks at photos."""

    def __init__(self, file: sqlite3.Connection, folder: Path) -> None:
        self._file = file
        self.folder = folder

    def prepared(self) -> Prepared | None:
        return _prepared(self._file, self.folder)

    def known(self, settings: Settings) -> dict[str, Lacking | None]:
        """The photos that were looked at with these settings, by their sha256, and why they give no face."""
        query = "SELECT sha256, lack, reason FROM looked WHERE settings = ?"
        rows = self._file.execute(query, (settings.key,))
        return {sha256: lack and Lacking(lack, reason) for sha256, lack, reason in rows}

    def hashes(self, settings: Settings, sha256: Sequence[str]) -> Hashes:
        """Of the faces in these photos."""
        shape = (len(MARGINS), len(VARIANTS), BYTES)
        made = np.empty((len(sha256), *shape), np.uint8)
        query = "SELECT hashes FROM looked WHERE sha256 = ? AND settings = ?"
        for place, one in enumerate(sha256):
            (content,) = self._file.execute(query, (one, settings.key)).fetchone()
            made[place] = np.frombuffer(content, np.uint8).reshape(shape)
        return made

    def keep(self, sha256: str, settings: Settings, faces: Sequence[Face], outcome: Seen | Lacking) -> None:
        """What was seen in a photo: all faces, and the one that was cut out, or why there is none."""
        everything = json.dumps([list(asdict(face).values()) for face in faces])
        row: tuple[object, ...]
        if isinstance(outcome, Seen):
            place = list(faces).index(outcome.face)
            row = (everything, place, None, None, outcome.crop.tobytes(), outcome.hashes.tobytes())
        else:
            row = (everything, None, outcome.lack, outcome.text, None, None)
        with self._file:
            self._file.execute(
                "INSERT OR REPLACE INTO looked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (sha256, settings.key, *row)
            )

    def finish(self, source: str, tree: str, settings: Settings, entries: Sequence[Entry]) -> None:
        """The data set as it is from now on. What belongs to no photo of it is dropped."""
        with self._file:
            for table in ("about", "entry"):
                self._file.execute(f"DELETE FROM {table}")
            about = (source, tree, json.dumps(asdict(settings)))
            self._file.execute("INSERT INTO about VALUES (?, ?, ?)", about)
            self._file.executemany(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((place, *_row(entry)) for place, entry in enumerate(entries)),
            )
            self._file.execute(
                "DELETE FROM looked WHERE settings != ? OR sha256 NOT IN (SELECT sha256 FROM entry)", (settings.key,)
            )

    def forget(self) -> None:
        """Everything, so that all photos are looked at again."""
        with self._file:
            for table in ("about", "entry", "looked"):
                self._file.execute(f"DELETE FROM {table}")


@contextmanager
def writing(folder: Path) -> Iterator[FaceStore]:
    """The store in a folder, made where there is none, for one process at a time; the others wait.

    It holds nothing that could not be made again: a damaged one, or one of an earlier version, is begun anew.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_whole(folder):
                for name in (_FILE, f"{_FILE}-journal"):
                    (folder / name).unlink(missing_ok=True)
            with closing(sqlite3.connect(folder / _FILE)) as file:
                with file:
                    if not _version(file):
                        for table in _TABLES:
                            file.execute(table)
                        file.execute(f"PRAGMA user_version = {VERSION}")
                yield FaceStore(file, folder)
    except (OSError, sqlite3.OperationalError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{folder}: can not be written ({reason}); make room or mend its permissions") from error


def _connect(folder: Path) -> sqlite3.Connection:
    """For reading. What a killed process left half done can be rolled back only by one who may write."""
    path = (folder / _FILE).absolute()
    mode = "rw" if os.access(path, os.W_OK) and os.access(folder, os.W_OK) else "ro"
    return sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=60)


def _is_whole(folder: Path) -> bool:
    try:
        with closing(_connect(folder)) as file:
            return _version(file) == VERSION and file.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.Error:
        return False


def _version(file: sqlite3.Connection) -> int:
    return int(file.execute("PRAGMA user_version").fetchone()[0])


def _row(entry: Entry) -> tuple[object, ...]:
    lack, reason = (entry.lacking.lack, entry.lacking.text) if entry.lacking else (None, None)
    return entry.label, entry.name, entry.sha256, lack, reason, entry.near


def _prepared(file: sqlite3.Connection, folder: Path) -> Prepared | None:
    about = file.execute("SELECT source, tree, settings FROM about").fetchone()
    if _version(file) != VERSION or about is None:
        return None
    settings = Settings(**json.loads(about[2]))
    rows = file.execute(
        "SELECT label, name, entry.sha256, entry.lack, entry.reason, near, faces, chosen"
        " FROM entry LEFT JOIN looked ON looked.sha256 = entry.sha256 AND looked.settings = ? ORDER BY place",
        (settings.key,),
    )
    entries: list[Entry] = []
    for label, name, sha256, lack, reason, near, faces, chosen in rows:
        seen = [Face(*face) for face in json.loads(faces or "[]")]
        entries.append(
            Entry(
                label,
                name,
                sha256,
                lack and Lacking(lack, reason),
                near,
                seen[chosen].confidence if chosen is not None else 0.0,
                len(eligible(seen, settings)),
            )
        )
    return Prepared(folder, about[0], about[1], settings, tuple(entries))
