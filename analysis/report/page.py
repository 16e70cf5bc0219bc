"""The page itself, from its template."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from analysis import celltext, export, wording
from analysis.figures import style
from analysis.report.scripts import bundle
from analysis.stats import SMALL_TEST_SET
from analysis.stats.bootstrap import LEAST

MOST_FINDINGS = 4  # about one problem at the top of the page; its section has all
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
    environment.filters["code"] = _code
    words = {"celltext": celltext, "export": export, "wording": wording}
    return environment.get_template("page.html").render(
        **about,
        **words,
        colours=style.COLOURS,
        most_findings=MOST_FINDINGS,
        small_test_set=SMALL_TEST_SET,
        bootstrap_from=LEAST,
        script=bundle(TEMPLATES / "scripts"),
    )


def _code(sentence: str) -> Markup:
    """What stands between backticks as code; everything else as plain text."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(sentence))))
