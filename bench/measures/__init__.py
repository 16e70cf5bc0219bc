"""What is measured of a network: quality, size, cost."""
