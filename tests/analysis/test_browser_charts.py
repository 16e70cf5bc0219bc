"""The charts in a real browser: drawn where SQL says, reached by pointer and by key, kept in the address."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analysis import comparison, load, load_missing, write_report
from tests.analysis.conftest import Open, Written
from tests.analysis.generate import CPU, Simulation, database

pytestmark = pytest.mark.long
# Where the marks of a chart are, and the values that stand at its lines across.
DRAWN = """host => {
    const svg = document.querySelector(`#${host} svg`);
    const value = text => parseFloat(text.replace("\\u2212", "-").replace(",", ""));
    const lines = [...svg.querySelectorAll("line.rule")].map(line => [parseFloat(line.getAttribute("y1")),
        value(line.nextSibling.textContent)]);
    const marks = Object.fromEntries([...svg.querySelectorAll(".point")].map(point => [point.dataset.cell,
        parseFloat(point.getAttribute("transform").split(" ")[1])]));
    return {lines, marks};
}"""


def answers(database: Path, sql: str, **words: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql, words).fetchall()


def labels(page: Any, chart: str) -> list[str]:
    found: list[str] = page.locator(f"#{chart} .point").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )
    return found


def test_marks_stand_where_sql_says(open_page: Open, written: Written) -> None:
    page = open_page("#view&scale=linear")
    drawn = page.evaluate(DRAWN, "chart-value")
    (y_low, low), *_, (y_high, high) = sorted(drawn["lines"], key=lambda line: line[1])
    assert high > low
    means = answers(
        written.database,
        "select method, level, 100 * avg(test_accuracy) from results where data = 'mnist' and environment = :cpu"
        " and status in ('done', 'collapsed') group by method, level",
        cpu=CPU,
    )
    for method, level, mean in means:
        (place,) = [y for name, y in drawn["marks"].items() if name.endswith(f"~{level}~{method}")]
        expected = y_low + (mean - low) / (high - low) * (y_high - y_low)
        assert place == pytest.approx(expected, abs=0.2), (method, level)
    assert len(means) == len(drawn["marks"]) - 1  # a cross for the cell whose runs all diverged


def test_differences_stand_where_sql_says(open_page: Open, written: Written) -> None:
    page = open_page("#view&scale=linear&metric=validation_loss")
    drawn = page.evaluate(DRAWN, "chart-difference")
    (y_low, low), *_, (y_high, high) = sorted(drawn["lines"], key=lambda line: line[1])
    differences = answers(
        written.database,
        """
        select mine.method, mine.level, avg(mine.validation_loss - other.validation_loss)
        from results mine
        join results other on other.data = mine.data and other.environment = mine.environment
          and other.seed = mine.seed and other.method = 'none'
        where mine.data = 'mnist' and mine.environment = :cpu and mine.method <> 'none'
          and mine.status in ('done', 'collapsed')
        group by mine.method, mine.level
        """,
        cpu=CPU,
    )
    assert len(drawn["marks"]) == len(differences) > 30
    for method, level, mean in differences:
        (place,) = [y for name, y in drawn["marks"].items() if name.endswith(f"~{level}~{method}")]
        assert place == pytest.approx(y_low + (mean - low) / (high - low) * (y_high - y_low), abs=0.2)


def test_a_point_says_mean_interval_and_n(open_page: Open, written: Written) -> None:
    page = open_page()
    (grid, *_) = comparison(load(written.database), missing=load_missing(written.database)).grids
    cell = next(cell for cell in grid.cells if (cell.method, cell.level) == ("lottery", 2))
    assert cell.summary is not None
    assert cell.difference is not None
    (told,) = [label for label in labels(page, "chart-value") if label.startswith("lottery at 79")]
    found = [float(text.replace("\N{MINUS SIGN}", "-")) for text in re.findall(r"[-+\N{MINUS SIGN}]?\d+\.\d+", told)]
    assert f"n = {cell.n}" in told
    for value in (cell.summary.mean, cell.summary.low, cell.summary.high, cell.difference.mean, cell.difference.low):
        assert min(abs(100 * (value or 0) - one) for one in found) <= 0.0051, (value, told)
    point = page.locator("#chart-value .point[aria-label^='lottery at 79']")
    page.locator("#chart-value").scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hint = page.locator("#chart-value .hint")
    hint.wait_for()
    assert hint.inner_text().replace("\n", "; ") in labels(page, "chart-value")


def test_points_are_reached_by_arrows_and_opened_by_enter(open_page: Open) -> None:
    page = open_page("#view&hide=one-shot&hide=one-shot+(fine-tune+1+epoch)&hide=random+one-shot")
    chart = page.locator("#chart-difference")
    assert chart.locator(".point[tabindex='0']").count() == 1
    chart.locator(".point[tabindex='0']").focus()
    where = "document.activeElement.dataset.cell"
    first = page.evaluate(where)
    assert first.endswith("~lottery")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(where).split("~")[1] == "3"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(where).split("~")[1:] == ["3", "lottery (rewind 100 steps)"]
    page.keyboard.press("End")
    assert page.evaluate(where).split("~")[1] == "5"
    assert chart.locator(".hint").is_visible()
    page.keyboard.press("Escape")
    assert not chart.locator(".hint").is_visible()
    page.keyboard.press("Enter")
    assert page.locator("#cell").is_visible()
    assert page.locator("#cell-title").inner_text().startswith("lottery (rewind 100 steps) at 98.6")
    page.keyboard.press("Escape")
    assert not page.locator("#cell").is_visible()
    assert page.evaluate(where).split("~")[1:] == ["5", "lottery (rewind 100 steps)"]


def test_the_legend_takes_methods_away(open_page: Open) -> None:
    page = open_page()
    button = page.locator("#legend button[data-method='one-shot']")
    assert button.get_attribute("aria-pressed") == "true"
    before = page.locator("#chart-value .point").count()
    button.press("Enter")
    assert page.locator("#chart-value .point").count() == before - 5
    assert page.locator("#legend button[data-method='one-shot']").get_attribute("aria-pressed") == "false"
    assert page.evaluate("document.activeElement.dataset.method") == "one-shot"
    page.locator("#legend-none").click()
    assert "all methods are switched off" in page.locator("#chart-value").inner_text()
    page.locator("#legend-all").click()
    assert page.locator("#chart-value .point").count() == before


def test_a_copied_link_shows_the_same_view(open_page: Open) -> None:
    page = open_page()
    page.locator("#chart-data").select_option("penguins")
    page.locator("#metric").select_option("test_accuracy")
    page.locator("#chart-across").select_option("parameters")
    page.locator("#legend button[data-method='dynamic']").click()
    page.locator("#from").fill("60")
    page.locator("#q").fill("lottery")
    page.locator("#row-count", has_text="of").wait_for()
    page.locator("[data-sort=n]").click()
    page.get_by_role("button", name="Copy a link to this view").click()
    page.get_by_role("button", name="Copied").wait_for()
    address = page.evaluate("navigator.clipboard.readText()")
    shown = "[...document.querySelectorAll('#charts, #legend, #cells, #row-count')].map(one => one.innerHTML)"
    expected = page.evaluate(shown)
    other = open_page("#" + address.split("#")[1])
    assert other.evaluate(shown) == expected
    assert other.locator("#chart-data").input_value() == "penguins"
    assert other.locator("#from").input_value() == "60"
    other.get_by_role("button", name="Reset").click()
    assert other.evaluate("location.hash") == "#explore"


def test_an_address_from_elsewhere_does_no_harm(open_page: Open) -> None:
    page = open_page(
        "#view&chart=nothing&metric=none&sort=-what&page=99&rows=x&cell=gone&hide=a&hide=b&from=z&scale=log"
    )
    assert page.locator("#cells-body tr").count() > 0 or page.locator("#no-rows").is_visible()
    assert not page.locator("#cell").is_visible()


@pytest.mark.parametrize("across", ["parameters", "macs", "steps"])
def test_costs_lie_across_too(open_page: Open, written: Written, across: str) -> None:
    page = open_page(f"#view&across={across}")
    assert page.locator("#chart-value .point").count() > 30
    ticks = page.locator("#chart-value g[aria-hidden] text").all_text_contents()
    assert any(text.endswith(("k", "M")) for text in ticks)


def test_it_opens_with_a_problem_that_has_results(browser: Any, tmp_path: Path) -> None:
    path = database(
        tmp_path / "r.db",
        Simulation(data="a", suite="a", methods=("none",), targets=(0.5,), seeds=[0]),
        Simulation(data="b", suite="b", targets=(0.5, 0.9)),
    )
    page = browser.new_page()
    page.goto(write_report(path, tmp_path / "report", figures=["ranks"])[0].as_uri())
    assert page.locator("#chart-data").input_value() == "b"
    assert page.locator("#charts svg .point").count() > 8
    page.close()


def test_every_problem_and_metric_draws_or_says_why(open_page: Open) -> None:
    page = open_page()
    for data in page.locator("#chart-data option").all_inner_texts():
        page.locator("#chart-data").select_option(data)
        for metric in page.locator("#metric option").evaluate_all("all => all.map(one => one.value)"):
            page.locator("#metric").select_option(metric)
            for chart in ("chart-value", "chart-difference"):
                host = page.locator(f"#{chart}")
                assert host.locator(".point").count() or host.inner_text().startswith("No chart: "), (data, metric)
