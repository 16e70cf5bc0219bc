"""Small published sets of our own, and a server on this machine that hands them out, well or badly."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.images import ImageSet
from bench.data.sets.mnist import MNIST


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


@dataclass(frozen=True)
class Copies:
    """An image set whose files we made, in the form and size of MNIST; `folder` is to be named in a policy."""

    images: ImageSet
    folder: Path
    labels: np.ndarray

    @property
    def raw(self) -> Path:
        return self.folder / self.images.publication.folder


@pytest.fixture(scope="session")
def _made() -> tuple[ImageSet, dict[str, bytes], np.ndarray]:
    labels = (np.arange(70_000) * 7 // 3 % 10).astype(np.uint8)
    pixels = np.zeros((70_000, 28, 28), np.uint8)
    pixels[:, 3, 5] = labels
    contents = {
        "train-images-idx3-ubyte.gz": idx(pixels[:60_000]),
        "train-labels-idx1-ubyte.gz": idx(labels[:60_000]),
        "t10k-images-idx3-ubyte.gz": idx(pixels[60_000:]),
        "t10k-labels-idx1-ubyte.gz": idx(labels[60_000:]),
    }
    packed = {name: gzip.compress(content, compresslevel=1, mtime=0) for name, content in contents.items()}
    files = tuple(
        PublishedFile(name, len(data), hashlib.sha256(data).hexdigest(), hashlib.sha256(contents[name]).hexdigest())
        for name, data in packed.items()
    )
    return replace(MNIST, publication=Publication("MNIST/raw", (), files)), packed, labels


@pytest.fixture
def copies(_made: tuple[ImageSet, dict[str, bytes], np.ndarray], tmp_path: Path) -> Copies:
    images, packed, labels = _made
    made = Copies(images, tmp_path / "copies", labels)
    made.raw.mkdir(parents=True)
    for name, data in packed.items():
        (made.raw / name).write_bytes(data)
    return made


@dataclass
class Shop:
    """What the server has, how it behaves, and what it was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True  # whether it can begin in the middle
    break_after: list[int] = field(default_factory=list)  # bytes after which it hangs up, a number an answer
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range
    address: str = ""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    state = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append((self.path, wanted))
            data = state.files.get(self.path.lstrip("/"))
            if data is None:
                self.send_error(404, "no such file")
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            end = start + state.break_after.pop(0) if state.break_after else len(data)
            self.wfile.write(data[start:end])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}/"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
