"""The table of all cells in a real browser: what is typed, ticked and clicked is what is shown and saved."""

import csv
import io
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from analysis import comparison, load, load_missing
from tests.analysis.conftest import Open, Written

pytestmark = pytest.mark.long


def column(page: Any, name: str) -> list[str]:
    """The texts of a column as they are shown."""
    heads = [text.strip("▲▼") for text in page.locator("#cells-head th").all_inner_texts()]
    texts: list[str] = page.evaluate(
        "at => [...document.querySelectorAll('#cells-body tr')].map(row => row.children[at].textContent)",
        heads.index(name),
    )
    return texts


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace("\N{MINUS SIGN}", "-").replace(",", "").strip("*% \xa0")) for text in texts if text]


def total(page: Any) -> int:
    found = re.match(r"([\d,]+)", page.locator("#row-count").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def test_it_has_every_cell_and_turns_pages(open_page: Open, written: Written) -> None:
    grids = comparison(load(written.database), missing=load_missing(written.database)).grids
    cells = sum(len(grid.cells) for grid in grids)
    page = open_page()
    assert total(page) == cells
    assert page.locator("#cells-body tr").count() == 50
    assert page.locator("#page-before").is_disabled()
    seen: set[str] = set()
    while True:
        ids = page.evaluate("[...document.querySelectorAll('#cells-body tr')].map(row => row.dataset.cell)")
        assert not seen & set(ids)
        seen |= set(ids)
        if page.locator("#page-after").is_disabled():
            break
        page.locator("#page-after").click()
    assert len(seen) == cells
    page.locator("#rows").select_option("25")
    assert page.locator("#cells-body tr").count() == 25
    assert "page 1 of" in page.locator("#page-place").inner_text()


def test_it_sorts_by_a_click_and_says_so(open_page: Open) -> None:
    page = open_page("#view&data=mnist")
    head = page.locator("#cells-head th", has=page.locator("[data-sort=mean]"))
    assert head.get_attribute("aria-sort") == "none"
    page.locator("[data-sort=mean]").click()
    assert head.get_attribute("aria-sort") == "descending"
    down = numbers(column(page, "mean"))
    assert down == sorted(down, reverse=True)
    assert len(set(down)) > 20
    page.locator("[data-sort=mean]").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = numbers(column(page, "mean"))
    assert up == sorted(up)
    assert page.evaluate("document.activeElement.dataset.sort") == "mean"
    # What has no value comes last, whichever way.
    for way in ("ascending", "none", "descending"):
        page.locator("#page-last").click()
        assert column(page, "mean")[-1] == "" or way == "none"
        page.locator("[data-sort=mean]").click()


def test_words_and_ticks_filter_it_and_the_count_is_said(open_page: Open, written: Written) -> None:
    page = open_page()
    page.locator("#q").fill("LOTTERY penguins")
    page.locator("#said", has_text="of").wait_for(state="attached")
    assert all("lottery" in text for text in column(page, "method"))
    assert "data set" not in page.locator("#cells-head").inner_text()  # it would say the same in every row
    with closing(sqlite3.connect(written.database)) as connection:
        (expected,) = connection.execute(
            "select count(distinct method || level) from results where data = 'penguins' and method like '%lottery%'"
        ).fetchone()
    assert total(page) == expected
    assert f"{expected} of" in page.locator("#said").text_content()
    page.locator("#no-filters").click()
    facet = page.locator(".facet", has=page.locator("summary", has_text="method"))
    facet.locator("summary").press("Enter")
    facet.locator("input[value='one-shot']").press("Space")
    facet.locator("input[value='dynamic']").press("Space")
    page.locator("#rows").select_option("250")
    assert set(column(page, "method")) == {"one-shot", "dynamic"}
    assert facet.locator(".chosen").inner_text() == "2 chosen"
    page.locator("#q").fill("no such words")
    page.locator("#no-rows").wait_for()
    assert total(page) == 0


def test_a_range_of_sparsity_holds_for_table_and_charts(open_page: Open) -> None:
    page = open_page("#view&data=mnist")
    page.locator("#from").fill("80")
    page.locator("#to").fill("96")
    shown = numbers(column(page, "sparsity"))
    assert shown
    assert all(80 <= sparsity <= 96 for sparsity in shown)
    labels = page.locator("#chart-value .point").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    found = [float(re.search(r" at ([\d.]+)", label)[1]) for label in labels if not label.startswith("none at")]
    assert found
    assert all(80 <= sparsity <= 96 for sparsity in found)


def test_incomplete_cells_are_grey_and_say_how_many_seeds(open_page: Open) -> None:
    page = open_page("#view&is=incomplete")
    assert total(page) > 0
    assert page.locator("#cells-body tr.incomplete").count() == page.locator("#cells-body tr").count()
    assert {text.split(" of ")[1] for text in column(page, "n")} <= {"8", "5"}
    assert "5 of 8" in column(page, "n")


def test_what_is_shown_is_saved_as_csv(open_page: Open, written: Written) -> None:
    page = open_page("#view&data=mnist&method=lottery&sort=-mean")
    with page.expect_download() as waiting:
        page.locator("#save").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
    assert len(rows) == total(page) == 10
    means = [float(row["mean"]) for row in rows]
    assert means == sorted(means, reverse=True)
    with closing(sqlite3.connect(written.database)) as connection:
        for row in rows:
            n, mean, steps = connection.execute(
                "select count(test_accuracy), avg(test_accuracy), avg(steps_alone) from results where data = 'mnist'"
                " and method = 'lottery' and level = :level and environment = :environment"
                " and status in ('done', 'collapsed')",
                {"level": int(row["level"]), "environment": row["environment"]},
            ).fetchone()
            assert (int(row["n"]), float(row["mean"])) == (n, pytest.approx(mean, abs=1e-12))
            assert float(row["steps_alone"]) == pytest.approx(steps)


def test_the_table_reads_as_the_static_one(open_page: Open) -> None:
    """Rounding included: the same cell never shows two numbers on one page."""
    page = open_page(
        "#view&rows=250&data=mnist&environment=cpu+AMD+EPYC+9V74%2C+torch+2.15%2C+float32%2C+deterministic"
    )
    mine = list(zip(column(page, "method"), column(page, "sparsity"), column(page, "mean"), strict=True))
    static = page.evaluate("""() => {
        const table = document.querySelector("section.part table");
        const heads = [...table.querySelectorAll("thead th")].slice(1).map(head => head.childNodes[0].textContent);
        const number = cell => cell.querySelector("strong")?.textContent ?? cell.firstChild?.nodeValue ?? "";
        return [...table.querySelectorAll("tbody tr")].flatMap(row => [...row.querySelectorAll("td")]
            .map((cell, at) => [row.querySelector("th").textContent, heads[at], number(cell)])
            .filter(([, , text]) => /^\\d/.test(text)));
    }""")
    assert {tuple(one) for one in static} == {one for one in mine if one[2]}
    assert len(static) > 30
