"""What a score asks for besides the present weights: it says so where it is registered.

A score that passes on the numbers of another registers `numbers_of`, a function of its options that gives the other
component; what that one asks for counts then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from bench.durations import Duration
from bench.errors import UserError
from bench.registry import Component

if TYPE_CHECKING:
    from torch import nn

Options = Mapping[str, Any]  # by the names that Python has for them
Layers = Sequence[str]  # names
Network = Callable[[], "nn.Module"]  # so that it is built for those alone that look at it


def moments(component: Component, options: Options) -> tuple[Duration, ...]:
    """The times of the dense training whose weights it looks at."""
    found: tuple[Duration, ...] = _asked("moments", component, options, ())
    return found


def rounds(component: Component, options: Options) -> int:
    """In how many rounds it wants its work done."""
    return max(1, int(_asked("rounds", component, options, 1)))


def wants_network(component: Component, options: Options) -> bool:
    """Whether it computes with the network."""
    return bool(_asked("network", component, options, False)) or wants_batches(component, options)


def wants_batches(component: Component, options: Options) -> bool:
    """Whether it computes with the network and with training data, whose batches are as large as in training."""
    return bool(_asked("data", component, options, False))


def statistics(component: Component, options: Options) -> str:
    """What batch norm goes by while it computes: `batch` or `running`; nothing where it leaves no choice."""
    found, own = _source(component, options)
    option = found.options.get("statistics")
    if option is None or option.default not in ("batch", "running"):
        return ""
    return str(own.get("statistics", option.default))


def identity(component: Component, options: Options) -> tuple[Any, ...]:
    """What a key hashes of the score besides its name: versions and sources of all that its numbers come from."""
    source, _ = _source(component, options)
    return component.identity[1:] if source is component else (*component.identity[1:], *source.identity)


def granularities(component: Component, options: Options) -> tuple[str, ...]:
    """For what goes at once its numbers mean something; empty: for all."""
    found: tuple[str, ...] = _asked("granularities", component, options, ())
    return found


def scopes(component: Component, options: Options) -> tuple[str, ...]:
    """In which scopes its numbers mean something; empty: in all."""
    found: tuple[str, ...] = _asked("scopes", component, options, ())
    return found


def home_scope(component: Component, options: Options) -> str:
    """The scope that it was made for, where it is of use in others too."""
    return str(_asked("home_scope", component, options, ""))


def source(component: Component, options: Options) -> Component:
    """The score that the numbers come from."""
    return _source(component, options)[0]


def misfit(component: Component, options: Options, network: Network, shape: tuple[int, ...], layers: Layers) -> str:
    """Why it has no numbers for these layers of a network; nothing where it has."""
    find: Callable[..., str] | None = source(component, options).extra.get("misfit")
    return find(network(), shape, layers) if find else ""


def _asked(what: str, component: Component, options: Options, otherwise: Any) -> Any:
    source, own = _source(component, options)
    asked: Any = source.extra.get(what, otherwise)
    return asked(**own) if callable(asked) else asked


def _source(component: Component, options: Options) -> tuple[Component, Options]:
    """The score that the numbers come from, with its options."""
    find: Callable[..., Component] | None = component.extra.get("numbers_of")
    if find is None:
        return component, options
    source = find(**options)
    for name, option in source.options.items():
        if option.default is Parameter.empty:
            raise UserError(
                f"score {component.name}: {source.name!r} needs the option {name!r}, which cannot be given here; "
                "name a score that needs none"
            )
    return source, {}
