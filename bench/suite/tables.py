"""Checking a table of the file against its schema, with a line for every mistake."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from bench.suite.aliases import hint
from bench.suite.marks import Node, Report
from bench.suite.schema import Table, keys

Checked = TypeVar("Checked", bound=Table)

_WANTED = {
    "dict_type": "a mapping (key: value) belongs here",
    "list_type": "a list belongs here, such as [a, b]",
    "model_type": "a mapping (key: value) belongs here",
}


def check(table: type[Checked], node: Node, name: str, report: Report) -> Checked | None:
    """The table that the node holds; None where it has a mistake, which the report then says."""
    try:
        return table.model_validate(node.plain)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            _say(table, node, name, one, report)  # type: ignore[arg-type]  # a TypedDict is a dict
    return None


def _say(table: type[Table], node: Node, name: str, error: dict[str, Any], report: Report) -> None:
    way = [step for step in error["loc"] if step != "[key]"]
    found = node.at(way)
    kind = error["type"]
    key = next((str(step) for step in reversed(way) if isinstance(step, str)), name)
    if kind == "extra_forbidden":
        inner = node.at(way[:-1])
        known = keys(_table_at(table, way[:-1]))
        entry = inner.entries.get(str(way[-1]))
        report.mistake(entry.key if entry else inner.place, f"unknown key {way[-1]!r}; {hint(str(way[-1]), known)}")
    elif kind == "missing":
        field = next(one for one in _table_at(table, way[:-1]).model_fields.values() if one.alias == way[-1])
        report.mistake(node.at(way[:-1]).place, f"{way[-1]!r} is missing; {field.description}")
    elif kind in _WANTED:
        report.mistake(found.place, f"{key}: {found.kind} stands here; {_WANTED[kind]}")
    elif kind in ("too_short", "too_long"):
        context = error["ctx"]
        least, most = context.get("min_length", 0), context.get("max_length", "more")
        wanted = f"at least {least}" if kind == "too_short" else f"{most} at most"
        report.mistake(found.place, f"{key}: {context['actual_length']} values stand here; give {wanted}")
    else:
        reason = error.get("ctx", {}).get("error", error["msg"])
        report.mistake(found.place, f"{key}: {reason}")


def _table_at(table: type[Table], way: list[Any]) -> type[Table]:
    """The table that keys lead to."""
    for step in way:
        for one in table.model_fields.values():
            inner = [part for part in (one.annotation, *getattr(one.annotation, "__args__", ())) if _is_table(part)]
            if one.alias == step and inner:
                table = inner[0]
    return table


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Table)
