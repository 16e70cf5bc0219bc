"""The remembered checksums of a tree: read again whenever a file may have changed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bench.data import listing
from bench.data.listing import list_tree
from bench.data.policy import DataPolicy
from bench.data.trees import read_tree
from tests.data.pictures import files, grow, picture, tar


@pytest.fixture
def policy(tmp_path: Path) -> DataPolicy:
    return DataPolicy(own=tmp_path / "own")


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The trees that were read; files count as settled at once."""
    seen: list[Path] = []

    def counted(path: Path) -> object:
        seen.append(path)
        return read_tree(path)

    monkeypatch.setattr(listing, "read_tree", counted)
    monkeypatch.setattr(listing, "_SETTLED", -1.0)
    return seen


def test_a_tree_is_read_once_until_something_changes(policy: DataPolicy, readings: list[Path], tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 3, "b": 2})
    first = list_tree(policy, folder)
    assert list_tree(policy, folder) == first
    assert len(readings) == 1
    assert first.labels == ("a", "a", "a", "b", "b")
    assert first.class_names == ("a", "b")
    digests = {first.digest}
    (folder / "a/000.png").write_bytes(picture(70))
    digests.add(list_tree(policy, folder).digest)
    (folder / "a/000.png").rename(folder / "a/new.png")
    digests.add(list_tree(policy, folder).digest)
    (folder / "a/new.png").unlink()
    digests.add(list_tree(policy, folder).digest)
    assert len(digests) == len(readings) == 4


def test_a_file_of_equal_size_and_time_is_noticed(policy: DataPolicy, readings: list[Path], tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 2, "b": 2})
    path = folder / "a/000.png"
    before, time = list_tree(policy, folder), path.stat()
    content = bytearray(path.read_bytes())
    content[-20] ^= 255
    path.write_bytes(content)
    os.utime(path, ns=(time.st_atime_ns, time.st_mtime_ns))
    assert list_tree(policy, folder).digest != before.digest


def test_fresh_files_are_not_trusted(policy: DataPolicy, readings: list[Path], tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 2, "b": 2})
    listing._SETTLED = 60.0
    assert list_tree(policy, folder) == list_tree(policy, folder)
    assert len(readings) == 2
    assert not policy.own.exists()


def test_the_digest_is_the_same_for_every_form_and_place(policy: DataPolicy, tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 3, "b": 2})
    copy = shutil.copytree(folder, tmp_path / "elsewhere/copy")
    packed = tar(tmp_path / "photos.tgz", files(folder), "w:gz")
    wrapped = tar(tmp_path / "photos.tar", {f"photos/{name}": data for name, data in files(folder).items()})
    digests = {list_tree(policy, path).digest for path in (folder, copy, packed, wrapped)}
    assert len(digests) == 1


def test_it_does_without_a_folder_to_write_to(readings: list[Path], tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 3, "b": 2})
    (tmp_path / "file").write_text("")
    policy = replace(DataPolicy(), own=tmp_path / "file")
    assert list_tree(policy, folder) == list_tree(policy, folder)
