"""The device that a run computes on, and the switches that make its numbers repeatable."""

from __future__ import annotations

import platform
from pathlib import Path

import torch

from bench.errors import UserError


def choose(name: str) -> str:
    """The device of a name; `auto` takes the fastest one there is."""
    available = _available()
    if name == "auto":
        return next(kind for kind in ("cuda", "mps", "cpu") if available[kind])
    kind = name.split(":")[0]
    if kind not in available:
        raise UserError(f"device {name!r}: unknown; choose auto, cpu, cuda, cuda:1 or mps")
    if not available[kind]:
        raise UserError(f"device {name!r}: not to be had on this machine; choose --device cpu")
    if kind == "cuda" and ":" in name:
        number = name.split(":")[1]
        if not number.isdigit() or int(number) >= torch.cuda.device_count():
            raise UserError(f"device {name!r}: this machine has {torch.cuda.device_count()} of them, counted from 0")
    return name


def is_available(kind: str) -> bool:
    """Whether this machine has a device of the kind cpu, cuda or mps."""
    return _available().get(kind, False)


def _available() -> dict[str, bool]:
    return {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}


def prepare(name: str) -> torch.device:
    """Set this process up for repeatable numbers on a device."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # absent from the stubs
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    return torch.device(name)


def sum_type(device: torch.device) -> torch.dtype:
    """In which precision sums over many samples are kept: double, but Apple's GPUs have none."""
    return torch.float32 if device.type == "mps" else torch.float64


def model_name(device: str) -> str:
    """What the device calls itself."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    if device.startswith("mps"):
        return platform.processor() or "Apple GPU"
    return processor_name()


def processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
