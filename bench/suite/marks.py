"""A YAML text as values that know their place, so that every mistake can say where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

Scalar = str | int | float | bool | None

_MOST_VALUES = 20_000  # more than any grid that a person writes; references to references grow without end
_TAG = "tag:yaml.org,2002:"
_DEEP = 50


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands; line 0 is a place outside of any file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass
class Report:
    """The mistakes and notes that have come up so far; said twice is said once."""

    count: int = 0  # of mistakes that were found, those included that had been said before
    mistakes: dict[tuple[Place, str], None] = field(default_factory=dict)
    notes: dict[tuple[Place, str], None] = field(default_factory=dict)

    def mistake(self, place: Place, what: str) -> None:
        self.count += 1
        self.mistakes[place, what] = None

    def note(self, place: Place, what: str) -> None:
        self.notes[place, what] = None

    def lines(self) -> tuple[str, ...]:
        return _lines(self.mistakes)

    def note_lines(self) -> tuple[str, ...]:
        return _lines(self.notes)


def _lines(said: Iterable[tuple[Place, str]]) -> tuple[str, ...]:
    return tuple(f"{place}: {what}" for place, what in sorted(said))


@dataclass(frozen=True)
class Node:
    """A value and its place: a scalar, a list of nodes, or entries by key."""

    place: Place
    value: Scalar | tuple[Node, ...] | Mapping[str, Entry]

    @property
    def entries(self) -> Mapping[str, Entry]:
        """What stands in a mapping; nothing, where this is none."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> tuple[Node, ...] | None:
        return self.value if isinstance(self.value, tuple) else None

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry.node if entry else None

    @property
    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.value, Mapping):
            return {key: entry.node.plain for key, entry in self.value.items()}
        if isinstance(self.value, tuple):
            return [item.plain for item in self.value]
        return self.value

    @property
    def kind(self) -> str:
        """For people."""
        if isinstance(self.value, Mapping):
            return "a mapping (key: value)"
        if isinstance(self.value, tuple):
            return "a list"
        return "nothing" if self.value is None else repr(self.value)

    def at(self, way: Iterable[str | int]) -> Node:
        """The node that keys and indices lead to, or the last one on the way that is there."""
        node = self
        for step in way:
            if isinstance(step, int) and node.items is not None and step < len(node.items):
                node = node.items[step]
            elif isinstance(step, str) and step in node.entries:
                node = node.entries[step].node
        return node


@dataclass(frozen=True)
class Entry:
    """A value in a mapping, and where its key stands."""

    key: Place
    node: Node


def from_python(value: Any, file: str) -> Node:
    """A value that comes from outside of the file, as a node whose place is `file` and the keys that lead to it."""
    place = Place(file)
    if isinstance(value, Mapping):
        return Node(
            place,
            {str(key): Entry(Place(f"{file} {key}"), from_python(one, f"{file} {key}")) for key, one in value.items()},
        )
    if isinstance(value, list | tuple):
        return Node(place, tuple(from_python(one, file) for one in value))
    if value is None or isinstance(value, str | int | float | bool):
        return Node(place, value)
    return Node(place, str(value))


def parse(text: str, file: str, report: Report) -> Node | None:
    """The file's content; None where it is no YAML or empty, which the report then says."""
    start = Place(file, 1, 1)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except ReaderError as error:
        before = text[: text.index(chr(error.character))] if isinstance(error.character, int) else ""
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        report.mistake(place, f"the character {error.character:#04x} can not stand in YAML; delete it")
        return None
    except MarkedYAMLError as error:
        report.mistake(*_broken(error, text, file))
        return None
    except RecursionError:
        report.mistake(start, f"lists and mappings lie in each other too deeply; {_DEEP} levels are the most")
        return None
    if root is None:
        report.mistake(start, "the file is empty; give it a title, data, model, training, sparsities and methods")
        return None
    return _Reader(file, report).node(root, ())


def _broken(error: MarkedYAMLError, text: str, file: str) -> tuple[Place, str]:
    """The place and the mend of what the YAML reader stumbled over."""
    problem = str(error.problem or error.context or "it can not be read")
    mark, context = error.problem_mark or error.context_mark, error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    beginning = lines[line][: column + 1] if line < len(lines) else ""
    if "\t" in beginning and not beginning.strip():
        mend = "a tab; indent with spaces"
    elif "mapping values are not allowed" in problem:
        mend = "a ':' that can not stand here; indent this line as the one above, or put text with ': ' into quotes"
    elif "quoted scalar" in str(error.context) and context:
        line, column = context.line, context.column
        mend = "a quote is opened here and never closed; close it"
    elif "flow" in str(error.context) and context:
        opened = f"{context.line + 1}:{context.column + 1}"
        mend = f"the bracket that is opened at {opened} is not closed before this, or a comma is missing"
    elif "undefined alias" in problem:
        mend = "a word that begins with '*' refers to an '&' of the same name; there is none, so put it into quotes"
    elif "cannot start any token" in problem:
        mend = f"no word can begin with {beginning[-1:]!r}; put it into quotes"
    elif "another document" in problem:
        mend = "'---' begins a second document; a suite is a single one"
    elif "expected <block end>" in problem:
        mend = "the indentation fits nothing above; indent what belongs together alike"
    elif "could not find expected ':'" in problem:
        mend = "a key without a ':' stands before this; write 'key: value'"
    else:
        mend = f"{problem}; mend the YAML"
    return Place(file, line + 1, column + 1), f"broken YAML: {mend}"


class _Reader:
    """Turns the nodes of the YAML library into ours and reports what a suite can not hold."""

    def __init__(self, file: str, report: Report) -> None:
        self._file = file
        self._report = report
        self._count = 0

    def node(self, raw: Any, above: tuple[Any, ...]) -> Node:
        place = Place(self._file, raw.start_mark.line + 1, raw.start_mark.column + 1)
        self._count += 1
        if any(raw is one for one in above):
            self._report.mistake(place, "this contains itself by a '*' reference; write it out")
        elif len(above) > _DEEP:
            self._report.mistake(place, f"this lies too deeply in lists and mappings; {_DEEP} levels are the most")
        elif self._count > _MOST_VALUES:
            if self._count == _MOST_VALUES + 1:
                what = f"the file stands for more than {_MOST_VALUES:,} values; split the suite"
                self._report.mistake(Place(self._file, 1, 1), what)
        elif isinstance(raw, MappingNode):
            return Node(place, self._entries(raw, (*above, raw)))
        elif isinstance(raw, SequenceNode):
            return Node(place, tuple(self.node(item, (*above, raw)) for item in raw.value))
        elif isinstance(raw, ScalarNode):
            return Node(place, self._scalar(raw, place))
        return Node(place, None)

    def _entries(self, raw: Any, above: tuple[Any, ...]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for raw_key, raw_value in raw.value:
            place = Place(self._file, raw_key.start_mark.line + 1, raw_key.start_mark.column + 1)
            node = self.node(raw_value, above)
            if node.value is None and not raw_value.value:  # nothing has no place of its own
                node = Node(place, None)
            if not isinstance(raw_key, ScalarNode):
                self._report.mistake(place, "a key is a single word; write 'key: value'")
            elif raw_key.value in entries:
                first = entries[raw_key.value].key.line
                self._report.mistake(
                    place, f"the key {raw_key.value!r} is there twice, first in line {first}; keep one"
                )
            else:
                entries[raw_key.value] = Entry(place, node)
        return entries

    def _scalar(self, raw: Any, place: Place) -> Scalar:
        kind, text = str(raw.tag).removeprefix(_TAG), str(raw.value)
        try:
            if kind == "int":
                return _integer(text)
            if kind == "float":
                return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
        if kind == "bool":
            return text.lower() == "true"
        if kind == "null":
            return None
        if kind not in ("str", "timestamp", "merge", "value"):
            self._report.mistake(place, f"the tag {raw.tag} means nothing in a suite; leave it out")
        return text


def _integer(text: str) -> int:
    digits = text.replace("_", "").lower()
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits.lstrip("+-")[:2], 10)
    return int(digits, base)
