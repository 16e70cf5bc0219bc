"""How many bytes the parameters of a pruned network take, in the forms in which such networks are kept.

Values are 4 bytes wide everywhere. What cannot be pruned, biases and the factors of norms, is written out in every
form, and the statistics of batch norm, which are no parameters, are in none.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.models.layout import Layout

VALUE = 4  # bytes of a float32
INDEX = 4  # bytes of an int32, as SciPy takes for the columns and rows of a matrix of this size
LEVEL = 6  # of gzip
# Compressing takes about 0.1 s a million parameters, so up to here no longer than evaluating such a network does.
MOST_COMPRESSED = 20_000_000


@dataclass(frozen=True)
class Storage:
    """Bytes of all parameters of a network, whichever way they are written down."""

    dense: int  # every parameter
    bitmask: int  # of each prunable layer a bit a weight, and the values that are not zero
    csr: int  # each prunable layer as a sparse matrix of its outputs and all their inputs: values, columns, rows
    gzipped: int | None  # the dense form, compressed; None where that would take too long


def storage_of(layout: Layout, weights: Tensor) -> Storage:
    """Count, and for gzip compress, what a flat buffer holds."""
    parameters = sum(place.size for place in layout.places)
    matrices = layout.weights(weights)
    kept = {name: int(torch.count_nonzero(matrix)) for name, matrix in matrices.items()}
    whole = VALUE * (parameters - sum(matrix.numel() for matrix in matrices.values()))
    return Storage(
        dense=VALUE * parameters,
        bitmask=whole + sum((matrix.numel() + 7) // 8 + VALUE * kept[name] for name, matrix in matrices.items()),
        csr=whole + sum((VALUE + INDEX) * kept[name] + INDEX * (len(matrix) + 1) for name, matrix in matrices.items()),
        gzipped=len(gzip.compress(plain_bytes(layout, weights), LEVEL, mtime=0))
        if parameters <= MOST_COMPRESSED
        else None,
    )


def plain_bytes(layout: Layout, weights: Tensor) -> bytes:
    """The parameters one after the other, without what lies between them in the buffer."""
    views = [view.reshape(-1) for view in layout.views(weights).values()]
    return torch.cat(views).numpy().astype("<f4", copy=False).tobytes() if views else b""
