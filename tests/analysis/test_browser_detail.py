"""From a number to how it was made: the runs, the SQL and the commands that a cell shows are right."""

import shlex
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from bench.only import parse
from tests.analysis.conftest import Open, Written
from tests.analysis.generate import CPU

pytestmark = pytest.mark.long


def opened(page: Any, method: str, level: int) -> None:
    page.evaluate(
        "end => [...document.querySelectorAll('#chart-value .point')].find(one => one.dataset.cell.endsWith(end))"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true}))",
        f"~{level}~{method}",
    )
    page.locator("#cell").wait_for()


def test_it_shows_every_run_with_its_end(open_page: Open, written: Written) -> None:
    page = open_page()
    opened(page, "lottery", 3)
    rows = [row.split("\t") for row in page.locator("#cell tbody tr").all_inner_texts()]
    with closing(sqlite3.connect(written.database)) as connection:
        expected = connection.execute(
            "select substr(key, 1, 8), seed, test_accuracy, status, reason, origin from results"
            " where method = 'lottery' and level = 3 and data = 'mnist' and environment = ? order by seed",
            (CPU,),
        ).fetchall()
    assert len(rows) == len(expected) == 5
    for row, (key, seed, accuracy, status, reason, origin) in zip(rows, expected, strict=True):
        assert row[:2] == [key, str(seed)]
        assert row[2] == ("" if accuracy is None else f"{100 * accuracy:.2f}")
        assert row[3] == (f"{status}: {reason}" if reason else status)
        assert row[4] == origin
    assert "1 failed" in page.locator("#cell dl").inner_text()


@pytest.mark.parametrize("data", ["mnist", 'o\'clock "standin", <b>'])
def test_its_sql_gives_its_numbers(open_page: Open, written: Written, data: str) -> None:
    page = open_page()
    page.locator("#chart-data").select_option(data)
    opened(page, "one-shot (fine-tune 1 epoch)", 2)
    blocks = page.locator("#cell .code")
    for at in range(3):
        blocks.nth(at).locator("button").click()
        blocks.nth(at).get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == blocks.nth(at).locator("pre").inner_text()
    runs, mean, difference = (blocks.nth(at).locator("pre").inner_text() for at in range(3))
    shown = dict(
        zip(page.locator("#cell dt").all_inner_texts(), page.locator("#cell dd").all_inner_texts(), strict=True)
    )
    with closing(sqlite3.connect(written.database)) as connection:
        found = connection.execute(runs).fetchall()
        ((n, average),) = connection.execute(mean).fetchall()
        pairs = connection.execute(difference).fetchall()
    assert [row[0][:8] for row in found] == page.locator("#cell tbody code").all_inner_texts()
    assert len(found) == n == len(pairs) == (5 if data == "mnist" else 1)
    assert shown["mean test accuracy"].startswith(f"{100 * average:.2f} %")
    apart = 100 * sum(pair[1] for pair in pairs) / len(pairs)
    assert shown["against the dense network"].startswith(f"{apart:+.2f}".replace("-", "\N{MINUS SIGN}"))


def test_its_commands_choose_its_cell(open_page: Open) -> None:
    page = open_page()
    page.locator("#chart-data").select_option('o\'clock "standin", <b>')
    opened(page, "lottery (rewind 100 steps)", 2)
    run, explain, runs, export = (shlex.split(text) for text in page.locator("#cell .code pre").all_inner_texts()[3:])
    assert run[:5] == ["bench", "run", "mnist", "--profile", "quick"]
    assert parse(run[run.index("--only") + 1]) == {
        "data": ['o\'clock "standin", <b>'],
        "model": ["lenet-300-100"],
        "method": ["lottery (rewind 100 steps)"],
        "level": ["2"],
    }
    assert "--db" not in run  # it is results.db
    assert explain[:3] == ["bench", "explain", "mnist/lottery (rewind 100 steps)/2"]
    assert runs[:2] == ["bench", "runs"]
    assert export == ["bench", "export", page.locator("#cell tbody code").first.inner_text()]


def test_a_row_leads_to_it_and_it_leads_to_the_charts(open_page: Open) -> None:
    page = open_page("#view&q=penguins+lottery-kept&hide=lottery-kept")
    page.locator("#cells-body button").first.click()
    assert page.locator("#cell-title").inner_text().startswith("lottery-kept at 50")
    assert "cell=" in page.evaluate("location.hash")
    page.locator("#cell-chart").click()
    assert not page.locator("#cell").is_visible()
    assert page.locator("#chart-data").input_value() == "penguins"
    assert page.locator("#legend [data-method='lottery-kept']").get_attribute("aria-pressed") == "true"
    again = open_page(page.evaluate("location.hash") + "&cell=" + "nothing")
    assert not again.locator("#cell").is_visible()


def test_a_link_to_a_cell_opens_it(open_page: Open) -> None:
    page = open_page()
    opened(page, "dynamic", 1)
    other = open_page(page.evaluate("location.hash"))
    assert other.locator("#cell-title").inner_text() == page.locator("#cell-title").inner_text()
    other.locator("#cell-close").click()
    assert "cell=" not in other.evaluate("location.hash")
