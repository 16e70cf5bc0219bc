"""The references of what a suite uses: entries of the file that stands beside the components, as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.markup import tex
from analysis.wording import slug

FILE = Path(__file__).resolve().parents[2] / "bench" / "references.bib"
Component = tuple[str, str]  # kind and name: ("method", "lottery")
_ENTRY = re.compile(r"^@(\w+)\{([^,\s]+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A work."""

    kind: str
    key: str
    fields: tuple[tuple[str, str], ...]
    of: frozenset[Component]

    def text(self) -> str:
        """As BibTeX reads it."""
        return "\n".join([f"@{self.kind}{{{self.key},", *(f"  {n} = {{{v}}}," for n, v in self.fields), "}", ""])


def read_entries(file: Path = FILE) -> tuple[Entry, ...]:
    """All that the file has."""
    entries = []
    for kind, key, body in _ENTRY.findall(file.read_text(encoding="utf-8")):
        fields = dict(_FIELD.findall(body))
        named = (component.split(" ", 1) for component in fields.pop("of").split(", "))
        of = frozenset((what, name) for what, name in named)
        entries.append(Entry(kind, key, tuple(fields.items()), of))
    return tuple(entries)


@dataclass(frozen=True)
class Bibliography:
    """The entries that are cited, and which of them stand for a component."""

    entries: tuple[Entry, ...]

    def cite(self, component: Component) -> str:
        """`~\\cite{...}`; empty where nothing is known."""
        keys = [entry.key for entry in self.entries if component in entry.of]
        return f"~\\cite{{{','.join(keys)}}}" if keys else ""

    def text(self) -> str:
        """The file."""
        return "\n".join(entry.text() for entry in self.entries)


def bibliography(used: Iterable[Component], told: Mapping[str, str]) -> Bibliography:
    """The entries of these components, by key. `told` has what the methods of a user's own say of themselves."""
    wanted = frozenset(used)
    known = [entry for entry in read_entries() if entry.of & wanted]
    covered = frozenset().union(*(entry.of for entry in known))
    own = [
        Entry("misc", f"method-{slug(name)}", (("title", tex(told[name])),), frozenset({("method", name)}))
        for kind, name in sorted(wanted - covered)
        if kind == "method" and told.get(name)
    ]
    return Bibliography(tuple(sorted([*known, *own], key=lambda entry: entry.key)))
