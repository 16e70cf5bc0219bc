"""The page in a real browser: quiet, alone with itself, readable on a desk and on a phone, in light and dark."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis import write_report
from tests.analysis.generate import GPU, LADDER, Simulation, database

pytestmark = pytest.mark.long
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    endings = {("lottery", 3, 1): ("failed", "out of memory"), ("one-shot", 5, 2): ("collapsed", "fc1 is empty")}
    path = database(
        folder / "results.db",
        Simulation(targets=LADDER, statuses=endings, planned=range(8)),
        Simulation(targets=LADDER, environment=GPU, origin="reference"),
        Simulation(data="penguins", metric="test_loss", test_count=33, dense=0.97, noise=0.02),
        Simulation(data="mnist-standin", standin=True, profile="quick", seeds=[0]),
    )
    return write_report(path, folder / "report")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_opens_from_disk_quietly_and_fits(browser: Any, page_file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = page.locator("figure svg:visible")
    assert shown.count() == page.locator("figure").count() > 4
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll("figure svg text")]
            .filter(text => text.getBoundingClientRect().height)
            .map(text => [parseFloat(getComputedStyle(text).fontSize), text.getScreenCTM()])
                .map(([size, m]) => size * Math.hypot(m.a, m.b)))"""
    )
    assert smallest >= 9.5
    ink, paper = page.evaluate("(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))")
    assert ink != paper
    assert (paper == "rgb(21, 23, 27)") == (scheme == "dark")
    page.close()


def test_no_label_of_a_figure_lies_on_another(browser: Any, page_file: Path) -> None:
    for width in (1440, 390):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(page_file.as_uri())
        overlapping = page.evaluate(OVERLAPPING)
        assert overlapping == []
        page.close()


def test_it_works_by_keyboard_and_copies_its_sql(browser: Any, page_file: Path) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the results"
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    button = page.locator("details[open] button").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#said", has_text="Copied.").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("details[open] pre").first.inner_text()
    regions = page.locator(".scroll")
    assert all(regions.nth(at).get_attribute("tabindex") == "0" for at in range(regions.count()))
    context.close()


def test_without_scripts_all_is_there(browser: Any, page_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("figure svg:visible").count() > 4
    assert page.locator("button:visible").count() == 0
    context.close()


def test_it_prints(browser: Any, page_file: Path) -> None:
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.emulate_media(media="print")
    assert page.locator("nav:visible").count() == 0
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
