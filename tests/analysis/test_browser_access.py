"""The page by the rules of the axe engine: nothing serious or critical, in every state that a reader sees."""

from pathlib import Path
from typing import Any

import pytest

from tests.analysis.conftest import Open

pytestmark = pytest.mark.long


def offences(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.base")
    page.evaluate(Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8"))
    answer = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(answer["passes"]) > 15  # it has looked
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in answer["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_keeps_a_reader_out(open_page: Open, width: int, scheme: str) -> None:
    assert offences(open_page(width=width, color_scheme=scheme)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_when_everything_is_open(open_page: Open, scheme: str) -> None:
    page = open_page("#view&q=lottery&hide=dynamic&is=incomplete", color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert offences(page) == []
    page.locator("#cells-body button").first.click(force=True)
    page.locator("#cell").wait_for()
    assert offences(page) == []
