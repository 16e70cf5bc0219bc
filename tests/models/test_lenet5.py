"""LeNet-5 in Caffe's sizes."""

from __future__ import annotations

import re

import pytest

from bench.errors import UserError
from bench.models.base import build
from tests.models.counting import assert_counts_agree, assert_fits, others, planned, weights

MNIST = (1, 28, 28)


def test_the_sizes_are_those_of_the_pruning_literature() -> None:
    """430,500 weights, as in Han et al. (2015) and SNIP (2019)."""
    network = planned("lenet-5", MNIST, 10)
    assert weights(network) == {"conv1": 500, "conv2": 25_000, "fc1": 400_000, "output": 5_000}
    assert others(network) == 20 + 50 + 500 + 10
    assert_counts_agree(network, MNIST)


@pytest.mark.parametrize(("shape", "classes"), [(MNIST, 10), ((3, 32, 32), 100), ((1, 16, 16), 2), ((2, 17, 30), 3)])
def test_it_fits_other_images(shape: tuple[int, ...], classes: int) -> None:
    assert_fits("lenet-5", shape, classes)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((12,), "lenet-5: takes images, and a sample here is 12 numbers"),
        ((1, 15, 28), "lenet-5: takes images of at least 16x16, these are 15x28"),
    ],
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        build("lenet-5-caffe", shape, 10)
