"""What the documentation shows works: queries, suite files, plugins, commands and links."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bench.cli.app import app
from bench.store import Store
from tests.setup.checkouts import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
COMPONENT = re.compile(r"^@(score|method|network|dataset|initialisation)\(", re.MULTILINE)

# In a process of its own, since what a plugin registers stays registered.
READ_ALL = """
import json, sys
from pathlib import Path
from bench.errors import UserError
from bench.registry import load_plugin
from bench.suite import read_suite

said = {}
for file in sorted(Path(sys.argv[1]).iterdir(), key=lambda file: (file.suffix != ".py", file.name)):
    try:
        if file.suffix == ".py":
            said[file.name] = "" if all(one.summary for one in load_plugin(file)) else "no docstring"
        else:
            said[file.name] = "" if read_suite(str(file)).problems else "no problem"
    except UserError as error:
        said[file.name] = str(error)
print(json.dumps(said))
"""


def blocks(language: str) -> dict[str, str]:
    """The code blocks of a language by page and line."""
    found = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            found[f"{page.stem}-{text.count(chr(10), 0, match.start()) + 1}"] = match.group(1)
    return found


QUERIES = blocks("sql")
PYTHON = blocks("python")
PLUGINS = {place: content for place, content in PYTHON.items() if COMPONENT.search(content)}
SUITES = blocks("yaml")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("documentation") / "results.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is wrong with each plugin and suite of the pages, by the name of its file; '' where nothing is."""
    folder = tmp_path_factory.mktemp("shown")
    for ending, contents in (("py", PLUGINS), ("yaml", SUITES)):
        for place, content in contents.items():
            (folder / f"{place}.{ending}").write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("place", QUERIES)
def test_every_query_runs(store: Store, place: str) -> None:
    assert store.query(QUERIES[place]).columns


@pytest.mark.parametrize("place", PYTHON)
def test_all_python_is_python(place: str) -> None:
    assert ast.parse(PYTHON[place]).body


@pytest.mark.parametrize("place", PLUGINS)
def test_every_component_can_be_loaded(mistakes: dict[str, str], place: str) -> None:
    assert mistakes[f"{place}.py"] == ""


@pytest.mark.parametrize("place", SUITES)
def test_every_suite_is_right(mistakes: dict[str, str], place: str) -> None:
    assert mistakes[f"{place}.yaml"] == ""


def test_the_first_page_keeps_its_word_on_size() -> None:
    """A score in under 10 lines, a method in under 30."""
    for place, content in PLUGINS.items():
        if place.startswith("README"):
            assert len(content.splitlines()) < (10 if "@score" in content else 30)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_every_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        shown = re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(shown) <= targets, page


def commands() -> set[str]:
    """Every command line that the pages show, without what a reader puts in."""
    lines = [line for content in blocks("sh").values() for line in content.splitlines()]
    for page in PAGES:
        lines += re.findall(r"`(bench [^`<]+)`", page.read_text(encoding="utf-8"))
    return {line.split("#")[0].strip() for line in lines if line.startswith("bench ")}


@pytest.mark.parametrize("line", sorted(commands()))
def test_every_command_that_is_shown_exists(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    assert words[0] in command.commands
    while words and words[0] in getattr(command, "commands", ()):
        command, words = command.commands[words[0]], words[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= known
