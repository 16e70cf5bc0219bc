"""Small suites with a key `tune`."""

from __future__ import annotations

from pathlib import Path

SUITE = """\
title: Tuned digits
data: DATA
model: {mlp: {sizes: [24, 12]}}
training: {optimiser: adam, lr: 3e-3, batch: 50, steps: 60}
seeds: SEEDS
sparsities: [0.5, 0.9]
methods: METHODS
tune:
"""


def written(
    folder: Path,
    tune: str,
    methods: str = "[none, one-shot]",
    seeds: str = "2",
    data: str = "digits",
    name: str = "tuned.yaml",
) -> str:
    """The path of a suite whose key `tune` holds this, two spaces deep."""
    text = SUITE.replace("METHODS", methods).replace("SEEDS", seeds).replace("DATA", data)
    (folder / name).write_text(text + tune, encoding="utf-8")
    return str(folder / name)
