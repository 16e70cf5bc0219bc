"""Names for tables and figures: short where that tells things apart, with the options that differ where it does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from bench.registry import Choice, registry
from bench.suite.values import Protocol


def in_words(name: str, value: Any) -> str:
    """An option and its value."""
    if isinstance(value, bool):
        return name if value else f"no {name}"
    if name == "exclude":
        return f"without {_shown(value)}" if value else "nothing excluded"
    if name == "floor" and value < 1:
        return f"floor {100 * value:.6g} %" if value else "no floor"
    return f"{name} {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, Choice):
        options = ", ".join(f"{name} {_shown(one)}" for name, one in value.options)
        return f"{value.name} ({options})" if options else value.name
    if isinstance(value, tuple):
        pairs = all(isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) for one in value)
        parts = [f"{one[0]} {_shown(one[1])}" if pairs else _shown(one) for one in value]
        return ", ".join(parts) if parts else "none"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "none" if value is None else str(value)


def marked(name: str, protocol: Protocol | None) -> str:
    """The name of what keeps to a protocol, which tells it from what keeps to another one."""
    return f"{name} ({protocol})" if protocol else name


def told_apart(kind: str, names: Mapping[Choice, str]) -> dict[Choice, str]:
    """The names of some choices; those that would be called the same get the options in which they differ."""
    alike: dict[str, list[Choice]] = defaultdict(list)
    for choice, name in names.items():
        alike[name].append(choice)
    return {
        choice: f"{name} ({', '.join(_differences(kind, choice, alike[name]))})" if len(alike[name]) > 1 else name
        for choice, name in names.items()
    }


def _differences(kind: str, choice: Choice, others: list[Choice]) -> list[str]:
    """What tells a choice from others, defaults said too."""
    known = {name: one.default for name, one in registry(kind).get(choice.name).options.items()}
    given = [dict(other.options) for other in others]
    words = [choice.name] if len({other.name for other in others}) > 1 else []
    for name, default in known.items():
        if len({options.get(name, default) for options in given}) > 1:
            words.append(in_words(name, dict(choice.options).get(name, default)))
    return words
