"""Bytes of pruned networks, against arrays and files that really hold them."""

from __future__ import annotations

import gzip
import io
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from bench.measures.size import size_of
from bench.measures.storage import MOST_COMPRESSED, plain_bytes, storage_of
from bench.models.base import multiply_adds
from bench.models.layout import Layout, Place, parameter_layout

MODULE = nn.Sequential(
    OrderedDict(
        conv=nn.Conv2d(2, 5, 3, bias=False),
        norm=nn.BatchNorm2d(5),
        relu=nn.ReLU(),
        flat=nn.Flatten(),
        hidden=nn.Linear(5 * 4 * 4, 7),
        tanh=nn.Tanh(),
        output=nn.Linear(7, 3),
    )
)
LAYOUT = parameter_layout(MODULE)
SHAPE = (2, 6, 6)
MACS = multiply_adds(MODULE, SHAPE)


def drawn(seed: int, shares: list[float]) -> Tensor:
    """Weights of the network with a share of each layer gone; nothing else is zero."""
    generator = torch.Generator().manual_seed(seed)
    flat = LAYOUT.flatten({place.name: torch.rand(place.shape, generator=generator) + 0.1 for place in LAYOUT.places})
    for (_, weight), share in zip(LAYOUT.weights(flat).items(), shares, strict=True):
        weight *= torch.rand(weight.shape, generator=generator) >= share
    return flat


SHARES = st.lists(st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=3, max_size=3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), SHARES)
def test_the_bytes_are_those_of_arrays_that_hold_the_network(seed: int, shares: list[float]) -> None:
    flat = drawn(seed, shares)
    views = {name: view.numpy() for name, view in LAYOUT.views(flat).items()}
    prunable = {f"{layer.name}.weight" for layer in LAYOUT.layers}
    dense = bits = rows = 0
    for name, array in views.items():
        dense += array.nbytes
        if name not in prunable:
            bits += array.nbytes
            rows += array.nbytes
            continue
        bits += np.packbits(array != 0).nbytes + array[array != 0].nbytes
        matrix = scipy.sparse.csr_array(array.reshape(len(array), -1))
        assert matrix.indices.dtype == matrix.indptr.dtype == np.int32
        rows += matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    found = storage_of(LAYOUT, flat)
    assert (found.dense, found.bitmask, found.csr) == (dense, bits, rows)


def test_gzip_is_what_a_file_of_the_parameters_takes(tmp_path: Path) -> None:
    flat = drawn(1, [0.5, 0.9, 0.3])
    file = tmp_path / "parameters.gz"
    with file.open("wb") as opened, gzip.GzipFile("", "wb", 6, opened, mtime=0) as stream:
        for view in LAYOUT.views(flat).values():
            stream.write(view.contiguous().numpy().tobytes())
    assert storage_of(LAYOUT, flat).gzipped == file.stat().st_size
    assert gzip.decompress(file.read_bytes()) == plain_bytes(LAYOUT, flat)
    assert len(plain_bytes(LAYOUT, flat)) == storage_of(LAYOUT, flat).dense


def test_a_sparser_network_is_smaller_in_every_form_but_the_dense_one() -> None:
    sizes = [storage_of(LAYOUT, drawn(2, [share] * 3)) for share in (0.0, 0.5, 0.8, 0.95, 1.0)]
    for form in ("bitmask", "csr", "gzipped"):
        values = [getattr(size, form) for size in sizes]
        assert values == sorted(set(values), reverse=True), form
    assert len({size.dense for size in sizes}) == 1
    assert sizes[0].csr > sizes[0].dense  # which a matrix that is not sparse is not made for
    assert sizes[0].bitmask > sizes[0].dense


def test_numbers_of_a_large_network_are_counted_and_not_compressed() -> None:
    """Without memory for it: the buffer is one number, seen everywhere."""
    length = MOST_COMPRESSED + 1
    layout = Layout((Place("scale", 0, (length,)),), length, ())
    found = storage_of(layout, torch.zeros(1).expand(length))
    assert (found.dense, found.gzipped) == (4 * length, None)


def test_lenet_300_100_by_hand() -> None:
    """266,200 weights and 410 biases; at 95 % 13,310 are left, and a bit says for each weight whether it is."""
    module = nn.Sequential(
        OrderedDict(
            fc1=nn.Linear(784, 300), r1=nn.ReLU(), fc2=nn.Linear(300, 100), r2=nn.ReLU(), fc3=nn.Linear(100, 10)
        )
    )
    layout = parameter_layout(module)
    flat = layout.flatten({name: tensor.detach() for name, tensor in module.named_parameters()})
    for weight in layout.weights(flat).values():
        weight.view(-1)[weight.numel() // 20 :] = 0
    found = storage_of(layout, flat)
    assert found.dense == 4 * 266_610
    assert found.bitmask == 266_200 // 8 + 4 * (13_310 + 410)
    assert found.csr == 8 * 13_310 + 4 * (301 + 101 + 11) + 4 * 410
    buffer = io.BytesIO()
    np.save(buffer, layout.views(flat)["fc1.weight"].numpy())
    assert found.gzipped is not None
    assert found.gzipped < found.csr < len(buffer.getvalue())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), SHARES)
def test_multiply_adds_are_counted_weight_by_weight(seed: int, shares: list[float]) -> None:
    """A weight of the convolution is used at 16 places, one of a linear layer once; what has no path does nothing."""
    flat = drawn(seed, shares)
    size = size_of(MODULE, SHAPE, LAYOUT, flat, MACS)
    places = {"conv": 16, "hidden": 1, "output": 1}
    kept = {name: int((weight != 0).sum()) for name, weight in LAYOUT.weights(flat).items()}
    assert size.multiply_adds == 16 * 90 + 80 * 7 + 21
    assert size.multiply_adds_kept == sum(places[name] * count for name, count in kept.items())
    assert size.multiply_adds_effective == sum(places[layer.name] * layer.effective for layer in size.layers)
    assert size.multiply_adds_effective <= size.multiply_adds_kept <= size.multiply_adds
    assert size.parameters_effective == size.parameters_kept - sum(
        layer.kept - layer.effective for layer in size.layers
    )


def test_a_layer_that_is_used_twice_counts_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shared = nn.Linear(4, 4)

        def forward(self, inputs: Tensor) -> Tensor:
            outputs: Tensor = self.shared(self.shared(inputs))
            return outputs

    module = Twice()
    layout = parameter_layout(module)
    flat = layout.flatten({"shared.weight": torch.eye(4), "shared.bias": torch.ones(4)})
    size = size_of(module, (4,), layout, flat, multiply_adds(module, (4,)))
    assert (size.multiply_adds, size.multiply_adds_kept) == (32, 8)


@pytest.mark.parametrize("share", [0.0, 0.7])
def test_a_stored_network_comes_back_from_its_bytes(share: float) -> None:
    flat = drawn(3, [share] * 3)
    values = torch.from_numpy(np.frombuffer(plain_bytes(LAYOUT, flat), np.float32).copy())
    parts = values.split([place.size for place in LAYOUT.places])
    again = LAYOUT.flatten(
        {place.name: part.view(place.shape) for place, part in zip(LAYOUT.places, parts, strict=True)}
    )
    assert torch.equal(again, flat)
