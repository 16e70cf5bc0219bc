"""Downloads from a server on this machine: whole, resumed, broken, wrong, absent, unreachable."""

from __future__ import annotations

import gzip
import hashlib
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.data import download
from bench.data.base import Dataset
from bench.data.download import PublishedFile, Unobtainable, fetch
from bench.data.images import open_images
from bench.data.policy import DataPolicy
from bench.errors import UserError
from tests.data.conftest import Copies, Shop

DATA = gzip.compress(bytes(range(256)) * 400 + hashlib.sha256(b"x").digest() * 40, mtime=0) + bytes(range(256)) * 800
FILE = PublishedFile("content.gz", len(DATA), hashlib.sha256(DATA).hexdigest())


def get(shop: Shop, folder: Path, *mirrors: str, **options: object) -> Path:
    return fetch(FILE, mirrors or (shop.address,), folder, 2.0, **options)  # type: ignore[arg-type]


def test_a_file_comes_whole_with_progress(shop: Shop, tmp_path: Path) -> None:
    shop.files["content.gz"] = DATA
    steps: list[tuple[str, int, int]] = []
    path = get(shop, tmp_path / "data/new", progress=lambda *step: steps.append(step))
    assert path == tmp_path / "data/new/content.gz"
    assert path.read_bytes() == DATA
    assert [one.name for one in path.parent.iterdir()] == ["content.gz"]
    assert steps[-1] == ("fetching content.gz (0.2 MB)", len(DATA), len(DATA))
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)


def test_a_broken_transfer_goes_on_where_it_broke_off(shop: Shop, tmp_path: Path) -> None:
    shop.files["content.gz"] = DATA
    shop.break_after = [70_000, 50_000]
    assert get(shop, tmp_path).read_bytes() == DATA
    assert [asked for _, asked in shop.asked] == [None, "bytes=70000-", "bytes=120000-"]


def test_a_transfer_that_keeps_breaking_leaves_a_part_with_which_the_next_command_goes_on(
    shop: Shop, tmp_path: Path
) -> None:
    shop.files["content.gz"] = DATA
    shop.break_after = [10_000] * 3
    with pytest.raises(Unobtainable, match=r"broke off after 30,000 of [0-9,]+ bytes"):
        get(shop, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["content.gz.part"]
    assert get(shop, tmp_path).read_bytes() == DATA
    assert shop.asked[-1][1] == "bytes=30000-"
    assert [path.name for path in tmp_path.iterdir()] == ["content.gz"]


def test_a_server_that_can_not_resume_sends_all_again(shop: Shop, tmp_path: Path) -> None:
    shop.files["content.gz"] = DATA
    shop.ranges = False
    (tmp_path / "content.gz.part").write_bytes(b"rubbish" * 100)
    assert get(shop, tmp_path).read_bytes() == DATA
    assert len(shop.asked) == 1


@pytest.mark.parametrize("size", [100, len(DATA), len(DATA) + 5])
def test_a_part_of_something_else_is_thrown_away(shop: Shop, tmp_path: Path, size: int) -> None:
    shop.files["content.gz"] = DATA
    (tmp_path / "content.gz.part").write_bytes(b"x" * size)
    assert get(shop, tmp_path).read_bytes() == DATA


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [(bytes(len(DATA)), "wrong checksum"), (DATA + b"more", "longer than"), (DATA[:-1], "broke off after")],
)
def test_a_wrong_file_never_counts_and_the_next_mirror_is_asked(
    shop: Shop, tmp_path: Path, wrong: bytes, reason: str
) -> None:
    shop.files |= {"bad/content.gz": wrong, "good/content.gz": DATA}
    with pytest.raises(Unobtainable, match=reason):
        get(shop, tmp_path / "one", shop.address + "bad")
    assert not (tmp_path / "one/content.gz").exists()
    assert get(shop, tmp_path / "two", shop.address + "bad", shop.address + "good").read_bytes() == DATA


def test_an_absent_file_is_asked_for_once(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(Unobtainable, match="no such file"):
        get(shop, tmp_path)
    assert len(shop.asked) == 1


def test_a_host_that_refuses_is_said_to_be_out_of_reach(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    with pytest.raises(Unobtainable, match=r"no connection to 127\.0\.0\.1"):
        fetch(FILE, (address,), tmp_path / "data", 1.0)
    assert not (tmp_path / "data").exists()


def test_a_network_that_swallows_everything_costs_no_more_than_our_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()

    def swallow(*_: object, **__: object) -> None:
        done.wait(20)
        raise OSError("timed out")

    monkeypatch.setattr(download.socket, "create_connection", swallow)
    start = time.monotonic()
    with pytest.raises(Unobtainable, match=r"no connection to a\.example, b\.example"):
        fetch(FILE, ("http://a.example/", "http://b.example/"), tmp_path, 0.2)
    assert time.monotonic() - start < 2
    done.set()


def test_a_transfer_that_stalls_is_given_up(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_STALL", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(Unobtainable, match="timed out"):
            fetch(FILE, (address,), tmp_path, 1.0)


def test_a_folder_that_can_not_be_written_is_named(shop: Shop, tmp_path: Path) -> None:
    shop.files["content.gz"] = DATA
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(Unobtainable, match=f"can not write {tmp_path}/data/content.gz.part"):
        get(shop, tmp_path / "data")


def test_a_full_disk_is_said_to_be_full(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.files["content.gz"] = DATA
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    (tmp_path / "content.gz.part").symlink_to(full)
    with pytest.raises(Unobtainable, match="No space left"):
        get(shop, tmp_path)
    assert len(shop.asked) == 1


def test_a_proxy_is_asked_in_place_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.urllib.request, "getproxies", lambda: {"https": "http://gate.example:3128"})
    monkeypatch.setattr(download.urllib.request, "proxy_bypass", lambda host: host == "inside.example")
    assert download._endpoint("https://far.example/file") == ("gate.example", 3128)
    assert download._endpoint("https://inside.example/file") == ("inside.example", 443)
    assert download._endpoint("http://far.example/file") == ("far.example", 80)


def test_two_processes_that_want_one_file_share_one_download(shop: Shop, tmp_path: Path) -> None:
    shop.files["content.gz"] = DATA
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(get(shop, tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {path.read_bytes() for path in paths} == {DATA}
    assert len(paths) == 4
    assert len(shop.asked) == 1


def through(copies: Copies, shop: Shop, own: Path, **changes: object) -> Dataset:
    policy = DataPolicy(folders=(own,), own=own, mirror=shop.address, patience=2.0)
    return open_images(copies.images, replace(policy, **changes), 5000, "standard")  # type: ignore[arg-type]


def test_missing_images_are_fetched_into_our_folder_and_found_there_next_time(
    copies: Copies, shop: Shop, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shop.files = {path.name: path.read_bytes() for path in copies.raw.iterdir()}
    first = through(copies, shop, own)
    assert first.info.name == "mnist"
    assert sorted(path.name for path in (own / "MNIST/raw").iterdir()) == sorted(shop.files)
    asked = len(shop.asked)
    second = through(copies, shop, own)
    assert len(shop.asked) == asked == 4
    assert second.info == first.info
    assert (second.tensors().labels.numpy() == copies.labels).all()


def test_only_what_is_missing_is_fetched(copies: Copies, shop: Shop, tmp_path: Path) -> None:
    own, name = tmp_path / "own", "t10k-images-idx3-ubyte.gz"
    shop.files[name] = (copies.raw / name).read_bytes()
    (copies.raw / name).unlink()
    dataset = through(copies, shop, own, folders=(copies.folder,))
    assert dataset.info.name == "mnist"
    assert [path for path, _ in shop.asked] == [f"/{name}"]
    assert not (copies.raw / name).exists()


def test_where_the_download_fails_the_stand_in_says_so_and_the_real_mode_is_an_error(
    copies: Copies, shop: Shop, tmp_path: Path
) -> None:
    dataset = through(copies, shop, tmp_path / "own")
    assert dataset.info.name == "mnist-standin"
    assert dataset.notice is not None
    assert "download: " in dataset.notice
    assert "no such file" in dataset.notice
    with pytest.raises(UserError, match=r"download: .*no such file"):
        through(copies, shop, tmp_path / "own", mode="real")


def test_nothing_is_asked_of_the_network_where_downloads_are_off(copies: Copies, shop: Shop, tmp_path: Path) -> None:
    assert through(copies, shop, tmp_path / "own", download=False).info.standin
    assert through(copies, shop, tmp_path / "own", mode="standin").info.standin
    assert not shop.asked
    assert not (tmp_path / "own").exists()
