"""Networks of the same layers and fewer units: `width`, and the search for the width of a wanted size."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.models.base import build, prunable_layers
from bench.models.narrowing import TooNarrow, narrowed, of_size
from bench.registry import Choice, network, registry

OURS = [name for name in registry("network").names() if registry("network").get(name).extra.get("home")]


def weights(choice: Choice, shape: tuple[int, ...], classes: int) -> int:
    with torch.device("meta"):
        return sum(layer.weights for layer in prunable_layers(build(choice, shape, classes)))


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    inputs=st.integers(1, 20),
    classes=st.integers(1, 6),
    share=st.floats(0, 1.2),
)
def test_it_is_never_larger_and_none_of_the_family_is_closer(
    sizes: list[int], inputs: int, classes: int, share: float
) -> None:
    choice = Choice("mlp", (("sizes", tuple(sizes)),))

    def counted(hidden: tuple[int, ...]) -> int:
        ends = [inputs, *hidden, classes]
        return sum(one * other for one, other in pairwise(ends))

    wanted = int(share * counted(tuple(sizes)))
    # Sizes change where a layer's passes the middle between two numbers: between those moments lies every network.
    moments = {Fraction(2 * unit + 1, 2 * size) for size in sizes for unit in range(size)} | {Fraction(1)}
    family = {tuple(max(1, floor(size * moment + Fraction(1, 2))) for size in sizes) for moment in moments}
    family.add(tuple(1 for _ in sizes))
    fitting = [hidden for hidden in family if counted(hidden) <= wanted]
    if not fitting:
        with pytest.raises(TooNarrow, match="the narrowest mlp has"):
            of_size(choice, (inputs,), classes, wanted)
        return
    found = of_size(choice, (inputs,), classes, wanted)
    hidden = dict(found.options).get("sizes", (64,))
    assert counted(hidden) == max(counted(other) for other in fitting)
    assert counted(hidden) == weights(found, (inputs,), classes)


@pytest.mark.parametrize("name", OURS)
def test_every_network_of_ours_can_be_narrowed(name: str) -> None:
    choice, shape = Choice(name), tuple(registry("network").get(name).extra["home"])
    whole = weights(choice, shape, 10)
    for share in (0.5, 0.1):
        found = of_size(choice, shape, 10, int(whole * share))
        assert 0.8 * share * whole < weights(found, shape, 10) <= share * whole
    names = [layer.name for layer in prunable_layers(build(found, shape, 10))]
    with torch.device("meta"):
        assert names == [layer.name for layer in prunable_layers(build(choice, shape, 10))]
    assert build(found, shape, 10).eval()(torch.zeros(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize("name", OURS)
def test_at_its_whole_width_it_is_itself(name: str) -> None:
    assert narrowed(Choice(name), 1.0) == Choice(name)
    shape = tuple(registry("network").get(name).extra["home"])
    assert of_size(Choice(name), shape, 10, 10**9) == Choice(name)


def test_published_counts_at_other_widths() -> None:
    """VGG-16 with a quarter of the channels, and LeNet-300-100 at a third, by hand."""
    assert weights(Choice("lenet-300-100", (("width", 1 / 3),)), (1, 28, 28), 10) == 784 * 100 + 100 * 33 + 33 * 10
    # 3x3 windows, 3-16-16-32-32-64-64-64-128-128-128-128-128-128 channels, then 128-10
    channels = (3, 16, 16, 32, 32, 64, 64, 64, 128, 128, 128, 128, 128, 128)
    convs = sum(9 * one * other for one, other in pairwise(channels))
    assert weights(Choice("vgg-16-bn", (("width", 0.25),)), (3, 32, 32), 10) == convs + 1280


def test_the_heads_of_a_transformer_get_equal_parts() -> None:
    found = of_size(Choice("vit-tiny"), (3, 32, 32), 10, 500_000)
    assert dict(found.options)["width"] % 3 == 0


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="width: 0 is no share"):
        build(Choice("conv-2", (("width", 0.0),)), (3, 32, 32), 10)


def test_a_network_that_cannot_be_narrowed_says_what_it_needs() -> None:
    @network("stiff")
    def stiff(shape: tuple[int, ...], classes: int) -> torch.nn.Module:
        return torch.nn.Linear(shape[0], classes)

    try:
        with pytest.raises(UserError, match="network stiff: nothing tells how to narrow it; give its function"):
            of_size(Choice("stiff"), (4,), 3, 5)
    finally:
        registry("network")._components.pop("stiff")


NET = """
from torch import nn

def stiff(in_features, classes):
    return nn.Linear(in_features, classes)

def units(in_features, classes, width=8):
    return nn.Sequential(nn.Linear(in_features, width), nn.ReLU(), nn.Linear(width, classes))

def factor(in_features, classes, width=1.0):
    return nn.Sequential(nn.Linear(in_features, int(10 * width)), nn.ReLU(), nn.Linear(int(10 * width), classes))
"""


def test_a_users_own_network_is_narrowed_by_its_argument(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET)

    def own(name: str, **more: str) -> Choice:
        return Choice("file", tuple(sorted({"name": name, "path": str(file), **more}.items())))

    assert weights(of_size(own("units"), (4,), 3, 30), (4,), 3) == 28  # 4 units of 4 + 3 weights
    assert weights(of_size(own("factor"), (4,), 3, 40), (4,), 3) == 35  # 5 of 10 units
    with pytest.raises(UserError, match="stiff has no argument 'width' that is a number, so it cannot be narrowed"):
        of_size(own("stiff"), (4,), 3, 5)
    with pytest.raises(UserError, match="starts from .*best.pt, which does not fit another width"):
        of_size(own("units", weights=str(_saved(tmp_path))), (4,), 3, 30)


def _saved(folder: Path) -> Path:
    file = folder / "best.pt"
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    torch.save(module.state_dict(), file)
    return file
