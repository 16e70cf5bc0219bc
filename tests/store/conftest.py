import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.store import Store

Opener = Callable[[], Store]


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without a run: copying it is quicker than making one for every test."""
    file = tmp_path_factory.mktemp("blank") / "results.db"
    Store.open(file).close()
    return file


@pytest.fixture
def store(blank: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(blank, tmp_path / "results.db")
    with Store.open(tmp_path / "results.db") as opened:
        yield opened


@pytest.fixture
def fresh(blank: Path, tmp_path: Path) -> Opener:
    """Opens a new database at every call, for tests that try many examples."""

    def open_fresh() -> Store:
        shutil.copy(blank, tmp_path / "fresh.db")
        return Store.open(tmp_path / "fresh.db")

    return open_fresh
