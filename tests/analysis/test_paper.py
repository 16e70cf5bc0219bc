"""The pieces of a paper: references, statistics, tables that may be long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from statsmodels.stats.power import TTestPower

from analysis import comparison, load, load_missing
from analysis.detecting import sights
from analysis.markup import tex
from analysis.paper.facts import flat
from analysis.paper.latex import LINE, Group, table, words
from analysis.paper.references import bibliography, read_entries
from analysis.paper.statistics import paragraph
from bench.registry import registry
from tests.analysis.generate import Simulation, database

KINDS = ("method", "score", "dataset", "network", "initialisation")
WITHOUT_PAPER = {("initialisation", "torch")}  # its reference is a sentence


def test_every_component_that_names_its_origin_has_an_entry() -> None:
    there = {(kind, name) for kind in KINDS for name in registry(kind).names()}
    wanted = {(kind, name) for kind, name in there if registry(kind).get(name).reference} - WITHOUT_PAPER
    covered = frozenset().union(*(entry.of for entry in read_entries()))
    assert wanted - covered == set(), "add the work to bench/references.bib"
    assert covered - there == set(), "no such component; mend bench/references.bib"


def test_entries_are_whole() -> None:
    entries = read_entries()
    assert len({entry.key for entry in entries}) == len(entries) > 35
    for entry in entries:
        fields = dict(entry.fields)
        assert {"author", "title"} <= set(fields), entry.key
        assert "of" not in fields
        assert entry.text().count("{") == entry.text().count("}")
        if entry.kind in ("article", "inproceedings"):
            assert ("journal" in fields) == (entry.kind == "article"), entry.key
            assert re.fullmatch(r"\d{4}", fields["year"])


def test_only_what_is_used_is_cited_and_a_method_of_ones_own_too() -> None:
    used = [("method", "lottery"), ("method", "none"), ("dataset", "mnist"), ("method", "two-bites")]
    found = bibliography(used, {"two-bites": "Me & you, 2026", "lottery": "Frankle and Carbin, ICLR 2019"})
    assert [entry.key for entry in found.entries] == ["frankle2019lottery", "lecun1998mnist", "method-two-bites"]
    assert found.cite(("method", "lottery")) == r"~\cite{frankle2019lottery}"
    assert found.cite(("method", "none")) == ""
    assert r"title = {Me \& you, 2026}" in found.text()


def test_the_paragraph_says_what_the_tests_could_see(tmp_path: Path) -> None:
    path = database(tmp_path / "results.db", Simulation(methods=("none", "one-shot", "lottery"), targets=(0.5, 0.9)))
    (grid,) = comparison(load(path), missing=load_missing(path)).grids
    text = paragraph([grid])
    assert "Every method was trained with 5 seeds." in text
    assert "Holm's correction over the 4 tests" in text
    found = sorted(
        TTestPower().solve_power(nobs=5, alpha=0.05, power=0.8) * sight.sd * 100 for sight in sights(grid.cube)
    )
    middle = (found[1] + found[2]) / 2
    assert f"{middle:.2f} points in the median over cells (from {found[0]:.2f} to {found[-1]:.2f})" in text


@pytest.mark.parametrize(
    ("simulation", "says"),
    [
        (Simulation(seeds=[0]), "A single run has no interval, and nothing is tested."),
        (Simulation(data="penguins", test_count=33), "Where a test set has fewer than 1,000 samples"),
        (Simulation(seeds=(), planned=range(3)), "No run has given a result yet."),
    ],
    ids=["one seed", "a small test set", "nothing"],
)
def test_the_paragraph_says_what_holds(tmp_path: Path, simulation: Simulation, says: str) -> None:
    path = database(tmp_path / "results.db", simulation)
    assert says in paragraph(comparison(load(path), missing=load_missing(path)).grids)


def test_nested_settings_are_lines_and_nothing_is_left_out_but_nothing() -> None:
    settings = {"a": {"b": 0, "c": None, "d": {"e": False}}, "f": ["x", "y"], "g": [], "h": ""}
    assert flat(settings) == {"a.b": "0", "a.d.e": "False", "f": "x, y"}


def test_words_are_escaped_and_may_be_broken() -> None:
    assert words("50 % & more_of it") == r"50 \% \& more\_\allowbreak{}of it"
    assert words("training.optimiser.lr") == r"training.\allowbreak{}optimiser.\allowbreak{}lr"
    assert words("cd2f399825b00e9324554794956cc13d18a60ccf").count("allowbreak") == 1
    assert words("[+0.005, -1.25]") == "[+0.005, -1.25]"  # no number is taken apart


def test_options_and_foreign_letters_stay_what_they_are() -> None:
    assert tex("`bench power --against a`") == r"\`{}bench power -{}-against a\`{}"
    assert tex("a\N{EN DASH}b − \N{GREEK SMALL LETTER ALPHA}") == "a--b $-$ [U+03B1]"


def test_a_table_is_as_wide_as_it_has_to_be_and_no_wider_than_the_page() -> None:
    narrow = table(("what", "n"), [Group("both", (("a", "1"), ("b", "2")))], "Two & one", ("n",), frozenset({(1, 1)}))
    assert r"\begin{longtable}{@{}lr@{}}" in narrow
    assert r"\caption{Two \& one}" in narrow
    assert r"\multicolumn{2}{@{}l@{}}{\itshape both}" in narrow
    assert r"  b & \textbf{2} \\" in narrow
    rows = (("word " * 30, "123456", "x" * 45), ("short", "7", "y"))
    wide = table(("long", "n", "hash"), [Group("", rows)], "Three", ("n",))
    shares = [float(share) for share in re.findall(r"p\{([0-9.]+)\\linewidth\}", wide)]
    gaps = [float(gap) for gap in re.findall(r"hspace\{([0-9.]+)\\linewidth\}", wide)]
    assert (len(shares), len(gaps)) == (3, 2)
    assert sum(shares) + sum(gaps) <= 1.001
    assert wide.count("raggedleft") == 1
    assert shares[1] < shares[0]


def test_many_columns_stand_closer_before_they_are_squeezed() -> None:
    columns = [f"head-{letter}" for letter in "abcdefghijklm"]
    many = table(columns, [Group("", (("12345.6",) * 13,))], "Thirteen", columns)
    shares = [float(share) for share in re.findall(r"p\{([0-9.]+)\\linewidth\}", many)]
    gaps = [float(gap) for gap in re.findall(r"hspace\{([0-9.]+)\\linewidth\}", many)]
    assert sum(shares) + sum(gaps) <= 1.001
    assert all(share * LINE >= 5.5 for share in shares)  # digits are narrower than characters are on average
    assert 1.4 <= gaps[0] * LINE < 3


def test_the_paragraph_tells_where_intervals_are_of_the_bootstrap(tmp_path: Path) -> None:
    collapsed = {("one-shot", 1, seed): ("collapsed", "fc1 is empty") for seed in range(4)}
    some = Simulation(methods=("none", "one-shot"), targets=(0.9,), seeds=range(12), statuses=collapsed, test_count=33)
    text = paragraph(comparison(load(database(tmp_path / "r.db", some))).grids)
    assert "Where some networks of a cell collapsed the interval is the bias-corrected and accelerated" in text
    assert "Wilson" in text
    usual = Simulation(methods=("none", "one-shot"), targets=(0.9,), seeds=range(12))
    assert "collapsed" not in paragraph(comparison(load(database(tmp_path / "usual.db", usual))).grids)
