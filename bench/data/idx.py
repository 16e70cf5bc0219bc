"""The idx format of MNIST: a magic number, the sizes of the dimensions, the bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.data.finding import content
from bench.errors import UserError

_BYTES = 0x08  # the only type of number that these files hold


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """The array that an idx file holds, packed or not."""
    data = content(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _BYTES:
        raise UserError(f"{path}: this is no idx file of bytes; delete it and get it again")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise UserError(f"{path}: the file ends in its header; delete it and get it again")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    size = int(np.prod(shape, dtype=np.int64))
    if len(data) - start != size:
        raise UserError(
            f"{path}: its header promises {size:,} bytes of content, it has {len(data) - start:,}; "
            "delete it and get it again"
        )
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)
