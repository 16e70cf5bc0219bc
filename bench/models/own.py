"""A user's own network: an ordinary module in a Python file that knows nothing of this project."""

from __future__ import annotations

import hashlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from bench.errors import UserError, nearest
from bench.models.base import multiply_adds, prunable_layers
from bench.models.checkpoints import check_fit, read_checkpoint
from bench.models.widths import scaled
from bench.registry import network

# What a class may call the arguments that it gets. All others need a default.
_MEANINGS: dict[str, Callable[[tuple[int, ...], int], Any]] = {
    **dict.fromkeys(("shape", "input_shape"), lambda shape, _: shape),
    **dict.fromkeys(("classes", "num_classes", "n_classes", "out_features"), lambda _, classes: classes),
    **dict.fromkeys(("in_channels", "input_channels"), lambda shape, _: shape[0]),
    **dict.fromkeys(("in_features", "input_features"), lambda shape, _: prod(shape)),
}


def settings(options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What identifies the network: what its files hold, wherever they lie."""
    weights = options.get("weights", "")
    return (
        ("name", options["name"]),
        ("source", hashlib.sha256(_source(options["path"])[1].encode()).hexdigest()),
        ("weights", _digest(weights) if weights else ""),
        *((("width", options["width"]),) if options.get("width", 1.0) != 1.0 else ()),
    )


def given_weights(options: Mapping[str, Any]) -> dict[str, Tensor] | None:
    """The initial values that stand in for drawn ones."""
    weights = options.get("weights", "")
    return read_checkpoint(weights) if weights else None


def called(options: Mapping[str, Any]) -> str:
    """The class itself is the name."""
    return str(options["name"])


@network("file", settings=settings, weights=given_weights, called=called)
def own_network(
    shape: tuple[int, ...], classes: int, path: str, name: str, weights: str = "", width: float = 1.0
) -> nn.Module:
    """A network of your own: the class or function `name` of a Python file.

    It gets those of its arguments that are called shape, classes, num_classes, in_channels or in_features; all others
    need a default. `weights` is a file of its state_dict, saved by PyTorch or as safetensors, from which every seed
    starts. The file has to hold all of the network, as its text is what identifies the runs. `width` makes it narrower,
    where it has an argument `width` of its own: that is given so many times its default.
    """
    file, source = _source(path)
    make = _named(path, name, _executed(path, file, source))
    arguments = _arguments(path, name, make, tuple(shape), classes)
    if width != 1.0:
        arguments["width"] = _width(path, name, make, weights, width)
    try:
        module = make(**arguments)
    except Exception as error:
        raise _mistake(path, file, error) from error
    if not isinstance(module, nn.Module):
        raise UserError(f"{path}: {name} gives {type(module).__name__}; it has to give an nn.Module")
    try:
        _check(f"{path}: {name}", module, tuple(shape), classes)
    except UserError:
        raise
    except Exception as error:
        size = "x".join(str(length) for length in shape)
        raise _mistake(path, file, error, f", given samples of {size}") from error
    if weights:
        check_fit(weights, read_checkpoint(weights), module.state_dict(), name)
    return module


def _source(path: str) -> tuple[Path, str]:
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise UserError(f"{path}: no such file; give the path of the Python file that holds the network")
    try:
        return file, file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: this is not a Python file; give the one that holds the network") from error


def _digest(path: str) -> str:
    file = Path(path).expanduser()
    if not file.is_file():
        raise UserError(f"{path}: no such file; give the path of weights saved with torch.save, or of safetensors")
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _executed(path: str, file: Path, source: str) -> ModuleType:
    """Just this text is run, never a compiled file that lies beside it."""
    module = ModuleType(f"network_of_{file.stem}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # where dataclasses look for the module of their class
    try:
        exec(compile(source, str(file), "exec", dont_inherit=True), module.__dict__)
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno}:{error.offset}: {error.msg}; mend the network's file") from error
    except (Exception, SystemExit) as error:
        raise _mistake(path, file, error) from error
    finally:
        del sys.modules[module.__name__]
    return module


def _mistake(path: str, file: Path, error: BaseException, when: str = "") -> UserError:
    """What went wrong in the user's file, and in which of its lines."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    place = f"{path}:{lines[-1]}" if lines else path
    first = str(error).strip().split("\n")[0]
    return UserError(f"{place}: {type(error).__name__}: {first}{when}; mend the network's file")


def _named(path: str, name: str, module: ModuleType) -> Callable[..., Any]:
    found = vars(module).get(name)
    if isinstance(found, nn.Module):
        raise UserError(f"{path}: {name} is a network that is made already; give the name of its class or a function")
    if callable(found):
        make: Callable[..., Any] = found
        return make
    classes = [
        one.__name__
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, nn.Module) and one.__module__ == module.__name__
    ]
    hint = nearest(name, classes) if classes else "it holds no nn.Module class"
    raise UserError(f"{path}: no class or function {name!r}; {hint}")


def _arguments(path: str, name: str, make: Callable[..., Any], shape: tuple[int, ...], classes: int) -> dict[str, Any]:
    arguments = {}
    for parameter in inspect.signature(make).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name in _MEANINGS and parameter.kind is not parameter.POSITIONAL_ONLY:
            arguments[parameter.name] = _MEANINGS[parameter.name](shape, classes)
        elif parameter.default is parameter.empty:
            known = ", ".join(_MEANINGS)
            raise UserError(
                f"{path}: {name} needs {parameter.name!r}; give it a default, as only these are known: {known}"
            )
    return arguments


def _width(path: str, name: str, make: Callable[..., Any], weights: str, share: float) -> float:
    """What the network's own argument `width` is to be, at a share of its default."""
    if weights:
        raise UserError(
            f"{path}: {name} starts from {weights}, which does not fit another width; leave out 'weights', or the "
            " methods that need a smaller network"
        )
    parameter = inspect.signature(make).parameters.get("width")
    whole = None if parameter is None else parameter.default
    if isinstance(whole, bool) or not isinstance(whole, int | float):
        raise UserError(
            f"{path}: {name} has no argument 'width' that is a number, so it cannot be narrowed; give it width=1.0, a "
            "factor of its layers' sizes, or leave out the methods that need a smaller network"
        )
    return scaled(whole, share) if isinstance(whole, int) else whole * share


def _check(what: str, module: nn.Module, shape: tuple[int, ...], classes: int) -> None:
    """Raise a UserError for a network that cannot be pruned or does not tell so many classes apart."""
    layers = prunable_layers(module)
    if not layers:
        raise UserError(f"{what} has no nn.Linear and no nn.Conv2d, so there is nothing to prune; build it from these")
    if len(list(module.named_parameters())) < len(list(module.named_parameters(remove_duplicate=False))):
        raise UserError(f"{what} has a weight that two layers share, which cannot be pruned in one; give each its own")
    training = module.training
    with torch.no_grad():
        outputs = module.eval()(torch.zeros(2, *shape, device=next(module.parameters()).device))
    module.train(training)
    if not isinstance(outputs, Tensor):
        raise UserError(f"{what} gives {type(outputs).__name__}; it has to give a tensor of (samples, {classes})")
    if tuple(outputs.shape) != (2, classes):
        raise UserError(
            f"{what} gives {tuple(outputs.shape)} for 2 samples and {classes} classes; it has to give (2, {classes})"
        )
    counts = multiply_adds(module, shape)
    unused = [layer.name for layer in layers if layer.name not in counts]
    if unused:
        raise UserError(
            f"{what} never calls its layer {unused[0]!r}; leave it out, and write attention with layers of its own"
        )
    if layers[-1].shape[0] != classes:
        raise UserError(
            f"{what} has {layers[-1].name!r} with {layers[-1].shape[0]} outputs for its last layer; define the output "
            f"layer with {classes} last"
        )
