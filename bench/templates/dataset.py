"""A data set of my own.

    bench check FILE                      # does it keep what every data set promises?
    bench run my-suite.yaml --plugin FILE

In the suite:  data: my-dataset   or   data: {my-dataset: {noise: 1.0}}
"""

import numpy as np

from bench import dataset, random
from bench.data.base import Dataset, from_arrays
from bench.data.policy import DataPolicy


# Whatever stands in this file is part of what identifies its runs: after an edit they are made anew, the old ones stay.
@dataset("my-dataset")
def my_dataset(policy: DataPolicy, noise: float = 0.5) -> Dataset:
    """Four clouds of points around the corners of a square."""
    # Here the samples are made up; your own come from a file, such as np.load("measurements.npz"). Take all chance from
    # bench.random, by a seed: numpy's global generator would give another data set each time.
    #
    # inputs: float32 or uint8, a row a sample, of any shape; labels: whole numbers from 0 on.
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    labels = np.arange(800) % 4
    inputs = corners[labels] + noise * random.normal(0, "my-dataset", shape=(800, 2))
    return from_arrays(
        "my-dataset",
        inputs.astype(np.float32),
        labels,
        # The sizes of the parts; who goes where is drawn by the seed of a run, each class in its share.
        {"train": 500, "validation": 150, "test": 150},
        source="made by a formula",
        class_names=("south-west", "north-west", "south-east", "north-east"),
    )
