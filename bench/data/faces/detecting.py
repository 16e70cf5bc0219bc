"""Finding the faces in a photo with MTCNN (Zhang et al., 2016), whose weights come with facenet-pytorch.

That package is not looked after any more, so nothing else here knows of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bench.data.trees import Images

LONGEST = 1024  # pixels; photos are brought down to it, which keeps the time for large ones within bounds
LEAST = 20  # pixels; the smallest face that is looked for, and the smallest picture that MTCNN takes


@dataclass(frozen=True)
class Face:
    """A box around a face, in whole pixels of its photo, which it may exceed, and how sure the detector is of it."""

    left: int
    top: int
    right: int
    bottom: int
    confidence: float

    @property
    def side(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


Detector = Callable[[Images], tuple[Face, ...]]  # of the pixels (3, height, width) of a photo


def mtcnn(device: str = "cpu") -> Detector:
    """The detector, on a device."""
    import torch
    from facenet_pytorch import MTCNN

    network = MTCNN(keep_all=True, min_face_size=LEAST, device=torch.device(device))

    def detect(pixels: Images) -> tuple[Face, ...]:
        image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
        scale = max(1.0, max(image.size) / LONGEST)
        if scale > 1:
            size = (max(1, round(image.width / scale)), max(1, round(image.height / scale)))
            image = image.resize(size, Image.Resampling.BILINEAR)
        if min(image.size) < LEAST:
            return ()
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # more are no faster, and sums would depend on their number
        try:
            boxes, confidences = network.detect(image)
        finally:
            torch.set_num_threads(threads)
        if boxes is None:
            return ()
        found = (
            Face(left, top, right, bottom, round(float(confidence), 4))
            for box, confidence in zip(boxes, confidences, strict=True)
            for left, top, right, bottom in [[round(float(edge) * scale) for edge in box]]
        )
        return tuple(face for face in found if face.right > face.left and face.bottom > face.top)

    return detect
