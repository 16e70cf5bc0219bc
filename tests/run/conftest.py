"""One thread, so that tests side by side do not wait for each other."""

from __future__ import annotations

import bench  # noqa: F401  # isort: skip  # sets what has to stand before torch loads

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
