"""The report of every kind of database: whole, true, self-contained, and the same twice."""

import csv
import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analysis import comparison, load, load_missing, queries, write_report
from bench.errors import UserError
from tests.analysis.generate import GPU, LADDER, Simulation, database

ENDINGS = {
    ("one-shot", 2, 1): ("collapsed", "layer fc1 is empty"),
    ("dynamic", 2, 2): ("diverged", "loss was not finite at step 812"),
    ("lottery", 1, 3): ("failed", "out of memory: <device 0> & more\nTraceback follows"),
}
FEW = ("none", "one-shot", "lottery")
ONE = ("accuracy-versus-sparsity",)  # figure, where they do not matter: drawing is most of the work
SMALL = Simulation(methods=FEW, targets=(0.5, 0.9))
FAILED = {("none", 0, 0): ("failed", "x"), ("lottery", 1, 0): ("failed", "x")}
CASES: dict[str, tuple[tuple[Simulation, ...], str]] = {
    "no run": ((), "This database holds no run yet"),
    "not begun": ((Simulation(seeds=(), planned=range(3)),), "No run has ended yet"),
    "one dense run": ((Simulation(methods=("none",), seeds=[0]),), "only the dense network has results yet"),
    "one pruned run": (
        (Simulation(methods=("lottery",), seeds=[0], targets=(0.9,)),),
        "The dense network has no result here yet",
    ),
    "one seed": ((Simulation(seeds=[0]),), "With a single seed nothing can be said about differences"),
    "one method": ((Simulation(methods=("lottery",)),), "what to compare with has no result here yet"),
    "all failed": (
        (Simulation(methods=("none", "lottery"), targets=(0.9,), seeds=[0], statuses=FAILED),),
        "No run has given a test accuracy yet",
    ),
    "some failed": ((Simulation(targets=(0.5, 0.9), statuses=ENDINGS),), "out of memory: &lt;device 0&gt; &amp; more"),
    "incomplete": ((Simulation(targets=(0.5,), seeds=range(3), planned=range(10)),), "3 of 10 seeds have run"),
    "stand-in": ((Simulation(data="mnist-standin", standin=True, targets=(0.9,)),), "stand-in data</span>"),
    "reference": ((Simulation(origin="reference", targets=(0.9,)),), "none was made here yet"),
    "two environments": (
        (SMALL, Simulation(methods=FEW, targets=(0.5, 0.9), environment=GPU, origin="reference")),
        "results of more than one environment",
    ),
    "two problems": (
        (SMALL, Simulation(methods=FEW, data="penguins", metric="test_loss", test_count=33)),
        "Test loss (nats)",
    ),
}


class Page(HTMLParser):
    """Checks that tags nest, and keeps what the tests ask for."""

    EMPTY = ("meta", "link", "br", "img", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.links += [str(found[name]) for name in ("href", "src", "xlink:href") if name in found]
        self.ids += [str(found["id"])] if "id" in found else []
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


@pytest.mark.parametrize("case", CASES)
def test_every_database_has_a_sensible_report(tmp_path: Path, case: str) -> None:
    simulations, says = CASES[case]
    written = write_report(database(tmp_path / "results.db", *simulations), tmp_path / "report")
    assert written[0] == tmp_path / "report" / "index.html"
    assert all(path.is_file() and path.stat().st_size for path in written)
    text = written[0].read_text()
    assert says in re.sub(r"\s+", " ", text)
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith(("#", "data:,")) or (tmp_path / "report" / link).is_file(), link
        if link.startswith("#"):
            assert link[1:] in page.ids
    for word in ("nan", "None", "inf", "undefined"):
        assert not re.search(rf">[^<]*\b{word}\b", text.split("<script")[0]), word


def test_it_is_the_same_twice_and_takes_old_files_away(tmp_path: Path) -> None:
    path, folder = database(tmp_path / "results.db", SMALL), tmp_path / "report"
    first = {file: file.read_bytes() for file in write_report(path, folder)}
    (folder / "mine.txt").write_text("not of the report")
    assert {file: file.read_bytes() for file in write_report(path, folder)} == first
    later = write_report(database(tmp_path / "other.db"), folder)
    assert later == [folder / "index.html", folder / "index.json"]
    assert sorted(file.name for file in folder.rglob("*") if file.is_file()) == [
        *(".written.json", "index.html", "index.json", "mine.txt"),
    ]


def test_a_manifest_cannot_reach_out_of_the_folder(tmp_path: Path) -> None:
    path, folder = database(tmp_path / "results.db"), tmp_path / "report"
    folder.mkdir()
    (tmp_path / "precious.txt").write_text("keep")
    (folder / ".written.json").write_text('["../precious.txt", "/etc/hostname", "."]')
    write_report(path, folder, figures=ONE)
    assert (tmp_path / "precious.txt").read_text() == "keep"
    (folder / ".written.json").write_text("{broken")
    write_report(path, folder, figures=ONE)


def test_a_suite_and_a_choice_of_cells(tmp_path: Path) -> None:
    path = database(tmp_path / "results.db", SMALL, Simulation(suite="starter", data="digits", methods=FEW))
    text = write_report(path, tmp_path / "a", suite="starter", figures=ONE)[0].read_text()
    assert "digits, lenet-300-100" in text
    assert "mnist, lenet-300-100" not in text
    chosen = {"data": ["mnist"], "method": ["lottery"]}
    text = write_report(path, tmp_path / "b", only=chosen, figures=ONE)[0].read_text()
    assert "Shown: data mnist; method lottery." in text
    assert "one-shot" not in text
    with pytest.raises(UserError, match="no suite 'start'"):
        write_report(path, tmp_path / "c", suite="start")
    assert not (tmp_path / "c").exists()


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    path = database(tmp_path / "results.db", SMALL)
    with pytest.raises(UserError, match="is a file; choose a folder"):
        write_report(path, path)


def test_words_from_the_database_are_only_words(tmp_path: Path) -> None:
    path = database(tmp_path / "results.db", Simulation(suite="<script>alert(1)</script>", methods=FEW, targets=(0.9,)))
    text = write_report(path, tmp_path / "report")[0].read_text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_sql_beside_a_table_gives_its_numbers(tmp_path: Path) -> None:
    odd = Simulation(targets=(0.5, 0.9), statuses=ENDINGS, data="o'clock")
    path = database(tmp_path / "results.db", odd)
    for against in ("none", "one-shot"):
        (grid,) = comparison(load(path), against=against, missing=load_missing(path)).grids
        with closing(sqlite3.connect(path)) as connection:
            means = {(m, level): (n, mean) for m, level, _, n, mean in connection.execute(queries.means(grid))}
            differences = {(m, level): row for m, level, *row in connection.execute(queries.differences(grid))}
        for cell in grid.measured:
            assert cell.summary is not None
            assert means[cell.method, cell.level] == (cell.n, pytest.approx(cell.summary.mean))
        assert set(differences) == {(cell.method, cell.level) for cell in grid.cells if cell.difference}
        for cell in grid.cells:
            if cell.difference:
                expected = [cell.difference.n, pytest.approx(cell.difference.mean)]
                assert differences[cell.method, cell.level] == expected


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def test_tables_are_files_too(tmp_path: Path) -> None:
    path = database(tmp_path / "results.db", Simulation(targets=LADDER, statuses=ENDINGS))
    files = write_report(path, tmp_path / "report", figures=ONE)
    written = {file.relative_to(tmp_path / "report").as_posix(): file for file in files}
    (name,) = {Path(file).stem for file in written if file.endswith(".tex") and "mnist" in file}
    markdown, latex = written[f"tables/{name}.md"].read_text(), written[f"tables/{name}.tex"].read_text()
    assert max(line.count(" | ") for line in markdown.splitlines()) == 7
    assert latex.count(r"\begin{table}") == latex.count(r"\end{table}") == 2
    assert latex.count("{") == latex.count("}")
    assert len(rows_of(written[f"tables/{name}.csv"])) == 1 + 8 * len(LADDER)
    reasons = {row["reason"] for row in rows_of(written["tables/failures.csv"])}
    assert reasons == {"layer fc1 is empty", "loss was not finite at step 812", "out of memory: <device 0> & more"}
    forms = {Path(file).suffix for file in written if file.startswith("figures/")}
    assert forms == {".svg", ".png", ".pdf"}


def test_a_losing_streak_is_told_by_range(tmp_path: Path) -> None:
    path = database(tmp_path / "results.db", Simulation(targets=LADDER, seeds=range(10), noise=0.0003))
    text = write_report(path, tmp_path / "report", figures=ONE)[0].read_text()
    assert re.search(r"Better than the dense network by the test: [^<]* to \d\d\.\d\s%", text)
    assert re.search(r"Less than 1 point below the dense network, the whole 95 % interval taken: [^<]*random", text)
