"""A correct suite file, to change and to make mistakes in."""

from __future__ import annotations

from collections.abc import Callable

from bench.suite import Suite

CORRECT = """\
title: A correct suite
metric: test_accuracy
data: digits
model: {mlp: {sizes: [16]}}
training:
  optimiser: adam
  lr: 1e-3
  schedule: linear
  batch: 50
  epochs: 4
# What is compared:
seeds: 3
sparsities: [0.5, 0.9]
prune: {score: magnitude}
methods:
  - none
  - one-shot: {fine-tune: 1 epoch}
  - lottery
profiles:
  quick: {seeds: 1}
"""

Read = Callable[..., Suite]


def changed(old: str, new: str, text: str = CORRECT) -> str:
    """The correct file with one piece replaced, which must be there once."""
    assert text.count(old) == 1, old
    return text.replace(old, new)
