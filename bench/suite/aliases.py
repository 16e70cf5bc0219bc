"""Usual names for the keys of a suite: they are no keys of ours, but the mistake is answered with the right one."""

from __future__ import annotations

from collections.abc import Iterable

from bench.errors import nearest

_USUAL = {
    "architecture": "model",
    "augment": "augmentation",
    "batch-size": "batch",
    "beta1": "betas",
    "beta2": "betas",
    "dataset": "data",
    "datasets": "data",
    "density": "sparsities",
    "early-stopping": "select",
    "epoch": "epochs",
    "init": "initialisation",
    "initialization": "initialisation",
    "initializer": "initialisation",
    "iterations": "steps",
    "learning-rate": "lr",
    "level": "sparsities",
    "levels": "sparsities",
    "lr-schedule": "schedule",
    "milestones": "at",
    "models": "model",
    "name": "title",
    "network": "model",
    "networks": "model",
    "optim": "optimiser",
    "pruning": "prune",
    "recipe": "training",
    "scheduler": "schedule",
    "seed": "seeds",
    "sparsity": "sparsities",
    "train": "training",
    "warm-up": "warmup",
    "wd": "weight-decay",
}


def hint(key: str, known: Iterable[str]) -> str:
    """The key that was probably meant, else all that are known."""
    names = list(known)
    plain = key.lower().replace("_", "-").replace(" ", "-")
    usual = plain if plain in names else _USUAL.get(plain)
    if usual in names:
        return f"did you mean {usual!r}?"
    return nearest(key, names)
