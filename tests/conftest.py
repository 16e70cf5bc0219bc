"""For all tests: what `import bench` sets has to be set before anything imports torch."""

import bench  # noqa: F401
