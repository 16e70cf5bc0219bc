"""What a command's exit code means."""

from __future__ import annotations

DONE = 0
FAILED = 1  # some runs failed, or a promise of a component is broken
BAD_INPUT = 2
INTERRUPTED = 130
