"""For all tests: what `import bench` sets has to be set before anything imports torch."""

import os

# Small networks gain nothing from a second thread, and lose a lot by it where the machine has other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import bench  # noqa: F401
