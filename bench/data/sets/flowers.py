"""The five-class flower photos of TensorFlow's tutorials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench import random
from bench.data.archives import problem
from bench.data.base import Dataset, cut
from bench.data.download import PublishedFile
from bench.data.finding import Publication
from bench.data.listing import Listing, list_tree
from bench.data.photos import Pixels, check_size, normalised, numbered, open_photos
from bench.data.policy import DataPolicy
from bench.data.published import Published, open_published
from bench.data.trees import read_tree
from bench.data.twins import keep_together, stratified_apart
from bench.errors import UserError
from bench.registry import dataset

Split = Literal["honest", "published"]
Integers = npt.NDArray[np.int64]

_PHOTOS = {"daisy": 633, "dandelion": 898, "roses": 641, "sunflowers": 699, "tulips": 799}
_COUNTS: Mapping[Split, Mapping[str, int]] = {
    "honest": {"train": 2569, "validation": 367, "test": 734},
    "published": {"train": 3540, "validation": 80, "test": 50},
}
# Of all pixels at 180x180, on the scale 0 to 1.
_MEAN = (0.4666, 0.4253, 0.3054)
_STD = (0.2927, 0.2645, 0.2866)
_FOLDERS = ("flowers", "flower_photos")
_SHRUNK = "flower_photos_180.tar"
_ARCHIVES = (_SHRUNK, "flower_photos.tgz", "flower_photos.tar.gz", "flower_photos.tar", "flower_photos.zip")

# Found by comparing all photos with each other and looking at the closest: one shot each, published twice, retouched or
# cropped. Identical files are found by their checksums.
_SAME_SHOT = (
    ("daisy/10466290366_cc72e33532.jpg", "daisy/10994032453_ac7f8d9e2e.jpg"),
    ("daisy/10993710036_2033222c91.jpg", "daisy/10993818044_4c19b86c82.jpg"),
    ("dandelion/17482158576_86c5ebc2f8.jpg", "dandelion/23192507093_2e6ec77bef_n.jpg"),
    ("dandelion/4278757393_bca8415ed4_n.jpg", "dandelion/4654848357_9549351e0b_n.jpg"),
    ("roses/1775233884_12ff5a124f.jpg", "roses/2093263381_afd51358a3.jpg"),
    ("sunflowers/17433282043_441b0a07f4_n.jpg", "sunflowers/22429946721_e17a12cb39_n.jpg"),
    ("sunflowers/2588234269_c4bfd0d8b9_n.jpg", "sunflowers/2588453601_66f2a03cca_n.jpg"),
    ("sunflowers/2823659190_afdabee45c.jpg", "sunflowers/2979133707_84aab35b5d.jpg"),
    ("tulips/12916135413_dafcf3089e_n.jpg", "tulips/12916441224_2ed63596f8_n.jpg"),
    ("tulips/2333321040_3960b9d67e_n.jpg", "tulips/2344751399_71620039f2_n.jpg"),
)


@dataclass(frozen=True)
class FlowerPhotos:
    """Class folders or an archive of them, found by name; the archive can be fetched: a Source."""

    archive: Publication

    def find(self, policy: DataPolicy) -> tuple[Path, ...] | None:
        for folder in policy.folders:
            itself = [folder] if folder.name in _FOLDERS else []
            for place in [*(folder / name for name in _FOLDERS), *itself]:
                tree = _tree_in(place)
                if tree is not None:
                    return (tree,)
        return None

    def obtain(self, policy: DataPolicy) -> tuple[Path, ...]:
        return self.find(policy) or self.archive.obtain(policy)

    def where(self, policy: DataPolicy) -> str:
        return self.archive.where(policy)

    def offer(self, policy: DataPolicy) -> str:
        return self.archive.offer(policy)

    def mend(self, policy: DataPolicy) -> str:
        kinds = f"{_SHRUNK}, flower_photos.tgz or the class folders {', '.join(_PHOTOS)}"
        return f"put {kinds} into {policy.own / _FOLDERS[0]} or name its parent folder in $BENCH_DATA"


FLOWERS = Published(
    name="flowers",
    title="the TensorFlow flower photos",
    source=FlowerPhotos(
        Publication(
            folder="flowers",
            mirrors=(
                "https://storage.googleapis.com/download.tensorflow.org/example_images/",
                "http://download.tensorflow.org/example_images/",
            ),
            # Size and checksum are those that TensorFlow Datasets holds it against.
            files=(
                PublishedFile(
                    "flower_photos.tgz",
                    228_813_984,
                    "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
                ),
            ),
        )
    ),
    standin="flowers-standin",
    standin_title="drawn flowers of five kinds",
)


@dataset(
    "flowers",
    reference="The TensorFlow Team: Flowers (2019)",
    aliases=("tf-flowers",),
    published=FLOWERS,
    terms="Each photo is its author's, under a Creative Commons licence with attribution; the archive names them.",
)
def flowers(policy: DataPolicy, size: int = 180, split: Split = "honest") -> Dataset:
    """3,670 photos of daisies, dandelions, roses, sunflowers and tulips, brought to 180x180 without keeping the aspect.

    Of each class 10 % are for validation and 20 % for testing; with the published split, 16 and 10 photos of each. Both
    are drawn by the seed. Copies of one photo never lie in two parts.
    """
    check_size("flowers", size)
    if split not in _COUNTS:
        raise UserError(f"flowers: split is {split!r}; give 'honest' or 'published'")
    return open_published(FLOWERS, policy, lambda paths: _real(policy, paths[0], size, split), size=size, split=split)


def _real(policy: DataPolicy, path: Path, size: int, split: Split) -> Dataset:
    listing = list_tree(policy, path)
    _check(path, listing)
    labels, twins = numbered(listing.labels), _twins(listing)

    def parts(seed: int) -> Mapping[str, Integers]:
        if split == "honest":
            return stratified_apart(labels, twins, _COUNTS[split], seed)
        return keep_together(_sixteen_and_ten(labels, seed), labels, twins)

    shrunk = ", shrunk and encoded anew" if path.name == _SHRUNK else ""
    return open_photos(
        "flowers",
        policy,
        listing,
        lambda: read_tree(path),
        Pixels(size, "RGB", *normalised(_MEAN, _STD)),
        counts=_COUNTS[split],
        parts=parts,
        source=f"{FLOWERS.title}{shrunk}, from {path}",
    )


def _tree_in(folder: Path) -> Path | None:
    for name in _ARCHIVES:
        if (folder / name).is_file():
            return folder / name
    try:
        if folder.is_dir() and any(one.is_dir() and not one.name.startswith(".") for one in folder.iterdir()):
            return folder
    except OSError as error:
        raise UserError(f"{folder}: can not be read ({problem(error)}); mend its permissions") from error
    return None


def _check(path: Path, listing: Listing) -> None:
    found = Counter(listing.labels)
    mend = f"for photos of your own write data: {{folder: {path}}}"
    if set(found) != set(_PHOTOS):
        raise UserError(f"{path}: its classes are {_some(found)}, those of flowers {_some(_PHOTOS)}; {mend}")
    for name, published in _PHOTOS.items():
        if found[name] != published:
            raise UserError(f"{path}: holds {found[name]} photos in {name}, published are {published}; {mend}")


def _some(names: Mapping[str, int]) -> str:
    shown = sorted(names)[:6]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def _twins(listing: Listing) -> Integers:
    """The same number for copies of one photo."""
    content = dict(zip(listing.names, listing.checksums, strict=True))
    for first, second in _SAME_SHOT:
        if first in content and second in content:
            content[second] = content[first]
    return numbered(content[name] for name in listing.names)


def _sixteen_and_ten(labels: Integers, seed: int) -> dict[str, Integers]:
    """The published sizes; which photos they held was never said."""
    classes = []
    for label in range(len(_PHOTOS)):
        (members,) = np.nonzero(labels == label)
        order = members[random.permutation(seed, "split", label, n=len(members))]
        classes.append(cut(order, {"validation": 16, "test": 10, "train": len(order) - 26}))
    return {name: np.concatenate([drawn[name] for drawn in classes]) for name in ("train", "validation", "test")}
