"""Everything that can stand in a suite by name: data sets, networks, scores, methods, initialisations.

A component registers itself with a decorator, in our packages and in a user's own file alike:

    from bench import score

    @score("my-score")
    def my_score(net):
        return {name: weight.abs() for name, weight in net.weights.items()}
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import UserError, nearest

Function = TypeVar("Function", bound=Callable[..., Any])

# Where the built-in components of a kind live. They are imported the first time that the kind is asked for.
_ROOMS = {
    "method": "bench.methods",
    "score": "bench.pruning.scores",
    "dataset": "bench.data.sets",
    "network": "bench.models",
    "initialisation": "bench.models",
}


@dataclass(frozen=True)
class Component:
    """A named function with what the key, the list and the documentation need to know of it."""

    kind: str
    name: str
    make: Callable[..., Any]
    version: int = 1  # raised when a change alters its numbers; part of every key that uses it
    reference: str = ""
    aliases: tuple[str, ...] = ()
    source: str | None = None  # the text of a plugin's file; None for our own components
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.make) or "").split("\n\n")[0].replace("\n", " ")

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The options a suite may give: every parameter after the first one."""
        parameters = list(inspect.signature(self.make).parameters.values())
        return {p.name.replace("_", "-"): p for p in parameters[1:]}

    @property
    def identity(self) -> tuple[Any, ...]:
        """What a key hashes of this component; version 1 of our own is its name alone."""
        parts: list[Any] = [self.name]
        if self.version != 1:
            parts.append(f"version {self.version}")
        if self.source is not None:
            parts.append("source " + hashlib.sha256(self.source.encode()).hexdigest())
        return tuple(parts)


@dataclass(frozen=True)
class Choice:
    """A registered component and those of its options that are not at their default, in the order of their names."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()


class Registry:
    """All components of one kind, by name and alias."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._components: dict[str, Component] = {}
        self._aliases: dict[str, str] = {}
        self._discovered = False

    def add(self, component: Component) -> None:
        known = self._components.get(component.name)
        if known is not None and known.make.__code__.co_filename != component.make.__code__.co_filename:
            raise UserError(
                f"{component.make.__code__.co_filename}: the {self.kind} {component.name!r} is already defined in "
                f"{known.make.__code__.co_filename}; give yours another name"
            )
        self._components[component.name] = component
        self._aliases.update(dict.fromkeys(component.aliases, component.name))

    def _discover(self) -> None:
        if self._discovered:
            return
        package = importlib.import_module(_ROOMS[self.kind])
        for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
            importlib.import_module(f"{package.__name__}.{module.name}")
        self._discovered = True

    def get(self, name: str) -> Component:
        self._discover()
        component = self._components.get(self._aliases.get(name, name))
        if component is None:
            raise UserError(f"unknown {self.kind} {name!r}; {nearest(name, self._components)}")
        return component

    def alias_of(self, name: str) -> str | None:
        """Our name for what the user called by a usual name, or None when it is our name already."""
        self._discover()
        return self._aliases.get(name)

    def names(self) -> list[str]:
        self._discover()
        return sorted(self._components)


_REGISTRIES = {kind: Registry(kind) for kind in _ROOMS}


def registry(kind: str) -> Registry:
    return _REGISTRIES[kind]


def _decorator(kind: str) -> Callable[..., Callable[[Function], Function]]:
    def register(
        name: str, *, version: int = 1, reference: str = "", aliases: tuple[str, ...] = (), **extra: Any
    ) -> Callable[[Function], Function]:
        def add(function: Function) -> Function:
            source = _PLUGIN_SOURCES.get(function.__code__.co_filename)
            registry(kind).add(Component(kind, name, function, version, reference, aliases, source, extra))
            return function

        return add

    return register


_PLUGIN_SOURCES: dict[str, str] = {}

method = _decorator("method")
score = _decorator("score")
dataset = _decorator("dataset")
network = _decorator("network")
initialisation = _decorator("initialisation")


def loaded_sources() -> dict[str, str]:
    """The texts of the users' files that were loaded so far, and the paths that they came from."""
    return {source: path for path, source in _PLUGIN_SOURCES.items()}


def load_plugin(path: str | Path) -> list[Component]:
    """Import a user's file and return what it registered. Its text becomes part of the keys that use it."""
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise UserError(f"{path}: no such plugin file; give the path of a Python file")
    for kind in _REGISTRIES.values():
        kind._discover()  # so that a name that is ours already is found to be taken by us, not by the user
    source = file.read_text(encoding="utf-8")
    _PLUGIN_SOURCES[str(file)] = source
    spec = importlib.util.spec_from_file_location(f"bench_plugin_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: this is not a Python file; a plugin's name ends in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError:
        raise
    except SyntaxError as error:
        raise UserError(f"{file}:{error.lineno}:{error.offset}: {error.msg}; mend the plugin file") from error
    except Exception as error:
        line = _line_in(file, error)
        raise UserError(f"{file}:{line}: {type(error).__name__}: {error}; mend the plugin file") from error
    components = [
        component
        for kind in _REGISTRIES.values()
        for component in kind._components.values()
        if component.make.__code__.co_filename == str(file)
    ]
    if not components:
        raise UserError(f"{path}: registers nothing; decorate a function with @score, @method, @dataset or @network")
    return components


def _line_in(file: Path, error: BaseException) -> int:
    """The line of the user's file in which the error arose."""
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
