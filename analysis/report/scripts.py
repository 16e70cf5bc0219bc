"""Puts the page's scripts together: a page that is opened from disk cannot load modules, so they become one script.

Each file is an ordinary module. It becomes a function that gives what the file exports; what it imports comes from the
functions before it, so that names of two files never meet.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


def bundle(folder: Path, entry: str = "main") -> str:
    """The script that does what the entry module does."""
    order: list[str] = []
    _visit(folder, entry, order, ())
    return '"use strict";\n' + "\n".join(_wrapped(folder, name) for name in order) + "\n"


def _visit(folder: Path, name: str, order: list[str], above: tuple[str, ...]) -> None:
    """What a module imports comes before it."""
    if name in above:
        raise ValueError(f"{name}.js imports itself: {' -> '.join((*above, name))}")
    for _, imported in _IMPORT.findall(_text(folder, name)):
        _visit(folder, imported, order, (*above, name))
    if name not in order:
        order.append(name)


def _wrapped(folder: Path, name: str) -> str:
    text = _text(folder, name)
    exported = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub(r"const {\1} = $\2;\n", text))
    return f"const ${name} = (() => {{\n{body}return {{ {exported} }};\n}})();"


def _text(folder: Path, name: str) -> str:
    return (folder / f"{name}.js").read_text(encoding="utf-8")
