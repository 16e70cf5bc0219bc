"""Arrays on disk: made once, shared, and never taken for whole when they are not."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data.policy import DataPolicy
from bench.data.prepared import prepared

X = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
Y = np.array([0.5, 1.5])


class Making:
    """What is to be made, and how often it was."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.times += 1
        return {"x": X, "a name/with signs": Y}


@pytest.fixture
def policy(tmp_path: Path) -> DataPolicy:
    return DataPolicy(own=tmp_path / "own")


def right(arrays: dict[str, np.ndarray]) -> bool:
    same = {name: array.dtype == like.dtype and (array == like).all() for name, array, like in _pairs(arrays)}
    return same == {"x": True, "a name/with signs": True}


def _pairs(arrays: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    return [(name, array, {"x": X, "a name/with signs": Y}[name]) for name, array in arrays.items()]


def test_it_is_made_once_for_each_key(policy: DataPolicy) -> None:
    make = Making()
    assert right(prepared(policy, "k", make))
    assert right(prepared(policy, "k", make))
    assert make.times == 1
    prepared(policy, "other", make)
    assert make.times == 2


def test_what_is_not_contiguous_comes_back_as_it_was(policy: DataPolicy) -> None:
    turned = np.arange(6).reshape(2, 3).T
    assert (prepared(policy, "k", lambda: {"x": turned})["x"] == turned).all()


def test_the_arrays_share_memory_and_writing_changes_a_private_copy(policy: DataPolicy) -> None:
    first, second = (prepared(policy, "k", Making())["x"] for _ in range(2))
    assert isinstance(first, np.memmap)
    tensor = torch.from_numpy(first)  # warns of an array that can not be written
    tensor += 1
    assert (second == X).all()
    assert right(prepared(policy, "k", Making()))


def folder_of(policy: DataPolicy) -> Path:
    return policy.own / "prepared" / "k"


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _replaced(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("?")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "an array is gone": lambda folder: (folder / "0.npy").unlink(),
    "an array is cut off": lambda folder: (folder / "0.npy").write_bytes((folder / "0.npy").read_bytes()[:-1]),
    "an array is empty": lambda folder: (folder / "1.npy").write_bytes(b""),
    "a bit is turned": lambda folder: _flip(folder / "0.npy"),
    "no contents": lambda folder: (folder / "contents.json").unlink(),
    "half of the contents": lambda folder: (folder / "contents.json").write_text('{"x": ["0.npy", "ab'),
    "other contents": lambda folder: (folder / "contents.json").write_text("[1, 2]"),
    "contents of another form": lambda folder: (folder / "contents.json").write_text('{"x": 3}'),
    "an empty folder": _emptied,
    "a file in its place": _replaced,
    "half of it written": lambda folder: folder.rename(folder.with_name("k.part")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_made_again(damage: str, policy: DataPolicy) -> None:
    make = Making()
    before = prepared(policy, "k", make)
    kept = {name: np.array(array) for name, array in before.items()}
    if "cut" not in damage and "empty" not in damage and "turned" not in damage:
        kept = before  # what is mapped stays as it was, too
    DAMAGES[damage](folder_of(policy))
    assert right(prepared(policy, "k", make))
    assert make.times == 2
    assert right(prepared(policy, "k", make)) == (damage != "a file in its place") or make.times == 3
    assert right(kept)


def test_a_folder_that_can_not_be_written_costs_time_only(tmp_path: Path, policy: DataPolicy) -> None:
    (tmp_path / "own").write_text("a file where the folder should be")
    make = Making()
    assert right(prepared(policy, "k", make))
    assert right(prepared(policy, "k", make))
    assert make.times == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_read(policy: DataPolicy) -> None:
    make = Making()
    prepared(policy, "k", make)
    folder = policy.own / "prepared"
    folder.chmod(0o555)
    try:
        assert right(prepared(policy, "k", make))
        assert right(prepared(policy, "other", make))
        assert make.times == 2
    finally:
        folder.chmod(0o755)


def test_a_full_disk_leaves_nothing_behind(policy: DataPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("bench.data.prepared.np.save", full)
        assert right(prepared(policy, "k", Making()))
    assert [path.name for path in (policy.own / "prepared").iterdir()] == ["k.lock"]
    make = Making()
    assert right(prepared(policy, "k", make))
    assert right(prepared(policy, "k", make))
    assert make.times == 1


def test_an_error_of_the_maker_is_passed_on_and_nothing_is_kept(policy: DataPolicy) -> None:
    def fails() -> dict[str, np.ndarray]:
        raise OSError("no such photo")

    with pytest.raises(OSError, match="no such photo"):
        prepared(policy, "k", fails)
    make = Making()
    assert right(prepared(policy, "k", make))
    assert make.times == 1


def _in_another_process(own: Path, log: Path, barrier: object) -> None:
    def make() -> dict[str, np.ndarray]:
        with log.open("a") as stream:
            stream.write("made\n")
        return {"x": X, "a name/with signs": Y}

    barrier.wait()  # type: ignore[attr-defined]
    assert right(prepared(DataPolicy(own=own), "k", make))


def test_of_several_processes_at_once_one_makes_it(policy: DataPolicy, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    log = tmp_path / "log"
    workers = [context.Process(target=_in_another_process, args=(policy.own, log, barrier)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert log.read_text() == "made\n"
