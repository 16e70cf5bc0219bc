"""Where a pack runs."""
