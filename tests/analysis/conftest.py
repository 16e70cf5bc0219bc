"""What tests share: a database of real runs, and a report in a real browser, made once and quiet in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analysis import write_report
from analysis.figures import Material
from tests.analysis.generate import GPU, LADDER, Simulation, database
from tests.analysis.real import real_database

ENDINGS = {
    ("lottery", 3, 1): ("failed", "out of memory"),
    ("one-shot", 5, 2): ("collapsed", "fc1 is empty"),
    **{("random one-shot", 5, seed): ("diverged", "loss was not finite") for seed in range(5)},
}
TARGETS = LADDER[2::4]


@dataclass(frozen=True)
class Written:
    """A report and the database that it is of."""

    database: Path
    page: Path


Open = Callable[..., Any]


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that real runs have filled; it is read alone."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("real")
        patch.chdir(folder)
        return real_database(folder)


@pytest.fixture(scope="session")
def material(real: Path) -> Material:
    """What figures of it are drawn of."""
    return Material.of_database(real)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("page")
    path = database(
        folder / "results.db",
        Simulation(targets=TARGETS, statuses=ENDINGS, planned=range(8)),
        Simulation(targets=TARGETS, environment=GPU, origin="reference"),
        Simulation(data="penguins", metric="test_loss", test_count=33, dense=0.97, noise=0.02),
        Simulation(data='o\'clock "standin", <b>', standin=True, profile="quick", seeds=[0]),
    )
    return Written(path, write_report(path, folder / "report")[0])


@pytest.fixture
def open_page(browser: Any, written: Written) -> Iterator[Open]:
    """Opens the page at a fragment of its address; whatever it says on the console or asks of others fails the test."""
    contexts: list[Any] = []
    said: list[str] = []
    asked: list[str] = []

    def opened(fragment: str = "", *, width: int = 1440, **options: Any) -> Any:
        given = {"permissions": ["clipboard-read", "clipboard-write"], "viewport": {"width": width, "height": 900}}
        context = browser.new_context(**given | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(written.page.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    own = ("data:", "blob:", written.page.as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith(own)] == []
