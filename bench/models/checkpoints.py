"""Weights that a user brings in a file of PyTorch or of safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.errors import UserError

# What training scripts put around the weights, and before the names of the tensors.
_WRAPPERS = ("state_dict", "model", "model_state_dict", "net")
_PREFIXES = ("module.", "_orig_mod.")


def read_checkpoint(path: str) -> dict[str, Tensor]:
    """The tensors of a file by name, on the CPU and in single precision. Nothing in the file is executed."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise UserError(f"{path}: no such file; give the path of weights saved with torch.save, or of safetensors")
    content = _safetensors(path, file) if file.suffix == ".safetensors" else _pickled(path, file)
    while isinstance(content, Mapping) and (wrapped := [key for key in _WRAPPERS if _is_mapping(content.get(key))]):
        content = content[wrapped[0]]
    if not isinstance(content, Mapping) or not content:
        raise UserError(f"{path}: holds no weights by name; save network.state_dict() with torch.save")
    others = [name for name, tensor in content.items() if not isinstance(tensor, Tensor)]
    if others:
        raise UserError(f"{path}: {others[0]!r} is no tensor; save network.state_dict() with torch.save")
    tensors = {str(name): tensor.detach() for name, tensor in content.items()}
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}


def check_fit(path: str, found: Mapping[str, Tensor], needed: Mapping[str, Tensor], network: str) -> None:
    """Raise a UserError where the tensors of a file are not just those of the network."""
    faults = []
    missing = [name for name in needed if name not in found]
    if missing:
        faults.append(f"{_first(missing)} missing")
    extra = [name for name in found if name not in needed]
    if extra:
        faults.append(f"{_first(extra)} unknown to it")
    for name, tensor in needed.items():
        if name in found and found[name].shape != tensor.shape:
            faults.append(f"{name} has shape {tuple(found[name].shape)} and not {tuple(tensor.shape)}")
            break
    if faults:
        raise UserError(f"{path}: does not fit {network}: {'; '.join(faults)}; give weights saved from this network")


def _first(names: list[str]) -> str:
    few = ", ".join(names[:3])
    if len(names) > 3:
        return f"{few} and {len(names) - 3} more are"
    return f"{few} {'is' if len(names) == 1 else 'are'}"


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _safetensors(path: str, file: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except SafetensorError as error:
        raise UserError(f"{path}: is no safetensors file ({error}); save it again") from error


def _pickled(path: str, file: Path) -> Any:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch has many ways to say that it cannot read a file
        raise UserError(
            f"{path}: is no file of PyTorch, or holds more than weights, which could run anything when loaded; save "
            "network.state_dict() with torch.save"
        ) from error
