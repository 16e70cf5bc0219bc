"""The page itself, from its template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from analysis import celltext, export, wording
from analysis.figures import style
from analysis.report.scripts import bundle
from analysis.stats import SMALL_TEST_SET

TEMPLATES = Path(__file__).parent.parent / "templates"


def page(**about: Any) -> str:
    """The text of the page; a name that the template wants and does not get is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    words = {"celltext": celltext, "export": export, "wording": wording}
    return environment.get_template("page.html").render(
        **about,
        **words,
        colours=style.COLOURS,
        small_test_set=SMALL_TEST_SET,
        script=bundle(TEMPLATES / "scripts"),
    )
