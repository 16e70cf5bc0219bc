"""Fashion-MNIST, the pictures of clothes that Zalando published."""

from __future__ import annotations

from bench.data.base import Dataset
from bench.data.finding import Publication
from bench.data.images import ImageSet, Normalise, idx_files, open_images, open_standin
from bench.data.policy import DataPolicy
from bench.data.standins import FMNIST_STANDIN
from bench.registry import dataset

FMNIST = ImageSet(
    name="fmnist",
    title="Fashion-MNIST",
    publication=Publication(
        folder="FashionMNIST/raw",
        mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        files=idx_files(
            (
                "train-images-idx3",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            (
                "train-labels-idx1",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            (
                "t10k-images-idx3",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            (
                "t10k-labels-idx1",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ),
    ),
    mean=0.2860,
    std=0.3530,
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    standin=FMNIST_STANDIN,
)


@dataset(
    "fmnist",
    reference="Xiao, Rasul, Vollgraf: Fashion-MNIST, a novel image dataset for benchmarking (2017)",
    aliases=("fashion-mnist",),
    published=FMNIST,
    terms="Published under the MIT licence.",
)
def fmnist(policy: DataPolicy, validation: int = 5000, normalise: Normalise = "standard") -> Dataset:
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28x28, grey, ten classes.

    The test images are the published ones; `validation` many of the others are drawn by the seed.
    """
    return open_images(FMNIST, policy, validation, normalise)


@dataset("fmnist-standin")
def fmnist_standin(policy: DataPolicy, validation: int = 5000, normalise: Normalise = "standard") -> Dataset:
    """What takes the place of Fashion-MNIST where it can not be had: drawn outlines in two weaves."""
    return open_standin(FMNIST, validation, normalise)
