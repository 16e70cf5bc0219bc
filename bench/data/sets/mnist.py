"""MNIST, the handwritten digits of LeCun, Cortes and Burges."""

from __future__ import annotations

from bench.data.base import Dataset
from bench.data.finding import Publication
from bench.data.images import ImageSet, Normalise, idx_files, open_images, open_standin
from bench.data.policy import DataPolicy
from bench.data.standins import MNIST_STANDIN
from bench.registry import dataset

MNIST = ImageSet(
    name="mnist",
    title="MNIST",
    publication=Publication(
        folder="MNIST/raw",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=idx_files(
            (
                "train-images-idx3",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            (
                "train-labels-idx1",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            (
                "t10k-images-idx3",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            (
                "t10k-labels-idx1",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    ),
    mean=0.1307,
    std=0.3081,
    class_names=tuple(str(digit) for digit in range(10)),
    standin=MNIST_STANDIN,
)


@dataset(
    "mnist",
    reference="LeCun, Cortes, Burges: The MNIST database of handwritten digits (1998)",
    published=MNIST.published,
)
def mnist(policy: DataPolicy, validation: int = 5000, normalise: Normalise = "standard") -> Dataset:
    """MNIST: 60,000 training and 10,000 test images of handwritten digits, 28x28, grey, ten classes.

    The test images are the published ones; `validation` many of the others are drawn by the seed.
    """
    return open_images(MNIST, policy, validation, normalise)


@dataset("mnist-standin")
def mnist_standin(policy: DataPolicy, validation: int = 5000, normalise: Normalise = "standard") -> Dataset:
    """What takes the place of MNIST where it can not be had: scikit-learn's digits, enlarged."""
    return open_standin(MNIST, validation, normalise)
