"""Makes drawings small enough to put many of them into one page, without a visible difference.

What matplotlib writes names every group and repeats its style at every mark: ids that nothing refers to go, the others
become short; numbers keep two decimals, a hundredth of a point; equal styles of all drawings become one class of the
page.
"""

from __future__ import annotations

import hashlib
import re
from html import unescape
from xml.etree import ElementTree

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?|-?\d+(?:\.\d+)?e-\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_FONT = re.compile(r"font-family: [^;]*;?")  # the page's own
_NUMERIC = ("d", "points", "transform", "x", "y", "width", "height", "x1", "x2", "y1", "y2", "cx", "cy", "r")
_IDLE = ("rotate(-0 ", "rotate(0 ")
_STYLED = re.compile(r'(<[^<>]*?) style="([^"]*)"')
ElementTree.register_namespace("", _SVG)


class Styles:
    """Takes in one drawing after the other; the page needs the `css` that they have in common."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}

    @property
    def css(self) -> str:
        """The styles of all drawings so far."""
        return "\n".join(f".{name}{{{unescape(style)}}}" for style, name in self._classes.items())

    def shared(self, drawing: str) -> str:
        """The same drawing with a class in place of each style."""
        return _STYLED.sub(self._classed, drawing)

    def _classed(self, found: re.Match[str]) -> str:
        return f'{found[1]} class="{self._classes.setdefault(found[2], f"k{len(self._classes)}")}"'


def slim(drawing: str, name: str) -> str:
    """The same drawing in fewer words; `name` tells it from all others of its page."""
    root = ElementTree.fromstring(drawing)
    own = hashlib.sha256(name.encode()).hexdigest()[:8]
    names = {old: f"f{own}-{place}" for place, old in enumerate(_referred(root))}
    for element in root.iter():
        _slim_attributes(element, names)
    _drop_groups(root)
    return ElementTree.tostring(root, encoding="unicode").replace(' xmlns:xlink="' + _XLINK + '"', "")


def _slim_attributes(element: ElementTree.Element, names: dict[str, str]) -> None:
    own = element.attrib
    linked = own.pop(f"{{{_XLINK}}}href", None)
    if linked is not None:
        own["href"] = linked
    if "id" in own:
        identifier = own.pop("id")
        if identifier in names:
            own["id"] = names[identifier]
    if own.get("href", "").startswith("#"):
        own["href"] = f"#{names[own['href'][1:]]}"
    if "aria-labelledby" in own:
        own["aria-labelledby"] = " ".join(names[word] for word in own["aria-labelledby"].split())
    for name in _NUMERIC:
        if name in own:
            own[name] = re.sub(r"\s+", " ", _NUMBER.sub(_two_decimals, own[name])).strip()
    if own.get("transform", "").startswith(_IDLE):
        del own["transform"]
    for name, value in own.items():
        own[name] = _REFERENCE.sub(lambda found: f"url(#{names[found[1]]})", value)
    style = _FONT.sub("", own.pop("style", "")).strip()
    if style:
        own["style"] = style
    for text in ("text", "tail"):
        if not (getattr(element, text) or "").strip():
            setattr(element, text, None)


def _referred(root: ElementTree.Element) -> dict[str, None]:
    """The ids that something in the drawing refers to, in order."""
    wanted: dict[str, None] = {}
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.endswith("href") and value.startswith("#"):
                wanted[value[1:]] = None
            elif name == "aria-labelledby":
                wanted |= dict.fromkeys(value.split())
            wanted |= dict.fromkeys(_REFERENCE.findall(value))
    return wanted


def _drop_groups(element: ElementTree.Element) -> None:
    """Groups that say nothing about what is in them, and style sheets."""
    children: list[ElementTree.Element] = []
    for child in element:
        if child.tag == f"{{{_SVG}}}style":
            continue  # it would hold for the whole page
        _drop_groups(child)
        if child.tag == f"{{{_SVG}}}g" and not child.attrib:
            children += list(child)
        else:
            children.append(child)
    element[:] = children


def _two_decimals(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
