"""`bench paper` on the results of a small suite: whole, true to the database, the same twice, and LaTeX takes it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import TINY, Bench, environment
from tests.cli.test_looking import LIGHT


@pytest.fixture
def paper(results: Path, folder: Path, bench: Bench) -> Path:
    answer = bench("paper", "tiny")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("paper/main.tex and ")
    return folder / "paper"


def test_all_that_the_main_file_takes_is_there(paper: Path) -> None:
    text = (paper / "main.tex").read_text(encoding="utf-8")
    inputs = re.findall(r"\\input\{(.*?)\}", text)
    figures = re.findall(r"\\includegraphics\[.*?\]\{(.*?)\}", text)
    assert {"statistics", "appendix"} < set(inputs)
    assert all((paper / f"{name}.tex").is_file() for name in inputs)
    assert len(figures) >= 2
    for figure in figures:
        assert figure.endswith("-page.pdf")
        assert (paper / figure).is_file()
        assert (paper / figure.replace("-page.pdf", "-column.pdf")).is_file()
    assert (paper / "suite.yaml").read_text(encoding="utf-8") == TINY
    assert r"\bibliography{references}" in text


def test_figures_have_their_width_and_their_fonts_in_them(paper: Path) -> None:
    for file in (paper / "figures").iterdir():
        content = file.read_bytes()
        (width,) = re.findall(rb"/MediaBox \[ 0 0 ([0-9.]+) ", content)
        assert float(width) == pytest.approx(72 * (3.6 if file.stem.endswith("column") else 7.2))
        fonts = re.findall(rb"/Type /FontDescriptor", content)
        assert fonts
        assert content.count(b"/FontFile2") == len(fonts)  # TrueType, whole outlines: Type 42
        assert b"/Type3" not in content


def test_tables_have_the_numbers_of_the_database(paper: Path, results: Path) -> None:
    text = (paper / "tables" / "penguins-penguin-net.tex").read_text(encoding="utf-8")
    with sqlite3.connect(results) as connection:
        means = connection.execute("select avg(test_loss) from results group by method, level").fetchall()
    assert len(means) == 7
    assert all(f"{mean:.3f}" in text for (mean,) in means)
    assert text.count(r"\toprule") == text.count(r"\bottomrule") >= 2


def test_the_appendix_has_all_that_it_takes_to_do_it_again(paper: Path, results: Path) -> None:
    text = (paper / "appendix.tex").read_text(encoding="utf-8").replace(r"\allowbreak{}", "")
    with sqlite3.connect(results) as connection:
        splits = {one for (one,) in connection.execute("select distinct split_hash from runs")}
        packages, commit = connection.execute("select packages, code_commit from session").fetchone()
        ((shared, alone),) = connection.execute("select sum(steps_shared), sum(steps_alone) from results").fetchall()
        (hashed,) = connection.execute("select hash from suite").fetchone()
        settings = [json.loads(one) for (one,) in connection.execute("select text from settings")]
    assert all(one["data"]["fingerprint"] in text for one in settings)
    assert len(splits) == 3
    assert all(one in text for one in splits)
    assert str(commit or "") in text
    assert hashed in text
    assert f"{alone:,} training steps alone and took {shared:,} together" in text
    assert re.search(r"torch & \d", text)
    assert packages
    for setting in ("training.optimiser.lr & 0.01", "training.batch & 50", "model.options.head & logits"):
        assert setting in text
    assert "None of 21 runs failed, diverged or collapsed." in text
    assert r"~\cite{frankle2019lottery}" in text
    assert "frankle2019lottery" in (paper / "references.bib").read_text(encoding="utf-8")


def test_what_failed_is_told(results: Path, folder: Path, bench: Bench) -> None:
    with sqlite3.connect(results) as connection:
        connection.execute(
            "update run set status = 'diverged', reason = 'loss was not finite at step_9', test_loss = null where key ="
            " (select key from results where method = 'lottery' and level = 2 and seed = 1)"
        )
    assert bench("paper", "tiny", "--json").code == 0
    text = (folder / "paper" / "appendix.tex").read_text(encoding="utf-8").replace(r"\allowbreak{}", "")
    assert r"diverged & loss was not finite at step\_9 & 80~\% & 1 & 1 \\" in text


def test_it_is_the_same_twice_and_against_another_method(paper: Path, bench: Bench) -> None:
    first = {file: file.read_bytes() for file in paper.rglob("*") if file.is_file()}
    assert bench("paper", "tiny").code == 0
    assert {file: file.read_bytes() for file in paper.rglob("*") if file.is_file()} == first
    assert bench("paper", "tiny", "--against", "lottery").code == 0
    assert "Differences are taken to lottery" in (paper / "statistics.tex").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tny",), "results.db: no suite 'tny' in it; did you mean 'tiny'?"),
        (("tiny", "--against", "lotery"), "against: no method 'lotery' in these results; did you mean 'lottery'?"),
        (("tiny", "--profile", "quick"), "results.db: no profile 'quick' in it; known are: full"),
        (("tiny", "--out", "tiny.yaml"), "tiny.yaml: is a file; choose a folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_a_line(results: Path, bench: Bench, arguments: tuple[str, ...], said: str) -> None:
    answer = bench("paper", *arguments)
    assert answer.code == 2
    assert answer.err.startswith(said)


def test_it_does_not_load_torch(results: Path) -> None:
    command = [sys.executable, "-c", LIGHT, "paper", "tiny"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.skipif(
    shutil.which("pdflatex") is None or shutil.which("bibtex") is None,
    reason="LaTeX is not installed here, so the paper was not compiled",
)
def test_latex_makes_a_document_of_it(paper: Path) -> None:
    tex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main"]
    for command in (tex, ["bibtex", "main"], tex, tex):
        done = subprocess.run(command, cwd=paper, capture_output=True, text=True, check=False, errors="replace")
        assert done.returncode == 0, done.stdout[-2000:]
    log = (paper / "main.log").read_text(encoding="utf-8", errors="replace")
    for fault in ("undefined", "Missing character", "multiply defined", "Overfull"):
        assert fault not in log, [line for line in log.splitlines() if fault in line]
    assert (paper / "main.pdf").read_bytes().startswith(b"%PDF")
    if shutil.which("pdffonts"):
        fonts = subprocess.run(["pdffonts", "main.pdf"], cwd=paper, capture_output=True, text=True, check=True).stdout
        assert "Type 3" not in fonts
        lines = fonts.splitlines()[2:]
        assert all(re.search(r" yes (yes|no) +(yes|no) +\d+ +\d+$", line) for line in lines)
