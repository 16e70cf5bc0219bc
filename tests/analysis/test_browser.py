"""The page in a real browser: quiet, alone with itself, readable on a desk and on a phone, in light and dark."""

from typing import Any

import pytest

from tests.analysis.conftest import Open, Written

pytestmark = pytest.mark.long

# Pairs of labels in one figure whose boxes share more than a pixel across and more than their line spacing up.
OVERLAPPING = """() => {
    const pairs = [];
    for (const svg of document.querySelectorAll("figure svg")) {
        const texts = [...svg.querySelectorAll("text")].filter(text => text.getBoundingClientRect().height);
        const boxes = texts.map(text => text.getBoundingClientRect());
        for (let i = 0; i < texts.length; i++) for (let j = 0; j < i; j++) {
            const [a, b] = [boxes[i], boxes[j]];
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const up = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 1 && up > 3) pairs.push([texts[i].textContent, texts[j].textContent]);
        }
    }
    return pairs;
}"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll("figure svg text")]
    .filter(text => text.getBoundingClientRect().height)
    .map(text => [parseFloat(getComputedStyle(text).fontSize), text.getScreenCTM()])
    .map(([size, m]) => size * Math.hypot(m.a, m.b)))"""
COLOURS = "(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))"
PAPER = 718  # CSS pixels across A4 within the margins of a browser
DARK = "rgb(21, 23, 27)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_opens_from_disk_and_fits(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(width=width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = page.locator("main > section.part figure svg:visible")
    assert shown.count() == page.locator("section.part figure").count() > 4
    assert page.locator("#charts svg .point").count() > 40
    assert page.evaluate(SMALLEST) >= 9.5
    ink, paper = page.evaluate(COLOURS)
    assert ink != paper
    assert (paper == DARK) == (scheme == "dark")


@pytest.mark.parametrize("width", [1440, 390])
def test_no_label_of_a_figure_lies_on_another(open_page: Open, width: int) -> None:
    assert open_page(width=width).evaluate(OVERLAPPING) == []


def test_colours_are_chosen_by_the_reader_and_remembered(open_page: Open) -> None:
    page = open_page(color_scheme="light")
    page.locator("#theme").select_option("dark")
    assert page.evaluate(COLOURS)[1] == DARK
    page.reload()
    assert page.evaluate(COLOURS)[1] == DARK
    page.locator("#theme").select_option("auto")
    assert page.evaluate(COLOURS)[1] != DARK


def test_it_works_by_keyboard_and_copies_its_sql(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the results"
    summary = page.locator("section.part summary").first
    summary.focus()
    page.keyboard.press("Enter")
    button = page.locator("details[open] button").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#said", has_text="Copied.").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("details[open] pre").first.inner_text()
    regions = page.locator(".scroll")
    assert all(regions.nth(at).get_attribute("tabindex") == "0" for at in range(regions.count()))


def test_without_scripts_tables_and_figures_are_there(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator("figure svg:visible").count() > 4
    assert page.locator("table:visible").count() > 4
    for hidden in ("button", "select", "#explore", "nav .scripted"):
        assert page.locator(f"{hidden}:visible").count() == 0, hidden
    assert page.locator("noscript").is_visible()


def test_it_prints(open_page: Open) -> None:
    page = open_page("#view&cell=x", color_scheme="dark")
    page.emulate_media(media="print")
    for hidden in ("nav", "#explore", "button", "select"):
        assert page.locator(f"{hidden}:visible").count() == 0, hidden
    assert page.evaluate(COLOURS) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_on_paper_nothing_is_cut_off_and_the_figures_stand_in_for_the_charts(open_page: Open) -> None:
    page = open_page(width=PAPER)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details.folded[open] table:visible").count() > 2
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    for part in page.locator("section.part").all():
        assert part.locator("figure svg:visible").count() == part.locator("figure").count() > 0


def test_the_page_alone_is_enough(browser: Any, written: Written, tmp_path: Any) -> None:
    """Sent by mail, without the files beside it."""
    alone = tmp_path / "alone.html"
    alone.write_bytes(written.page.read_bytes())
    page = browser.new_page()
    page.goto(alone.as_uri())
    assert page.locator("#cells-body tr").count() == 50
    assert page.locator("#charts svg .point").count() > 40
    page.close()
