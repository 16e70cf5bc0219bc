"""A driver as a program of its own, for tests that kill it: python -m tests.run.driver FOLDER WORKERS."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.plan.grids import ADAM, EVERY_METHOD, LADDER, plan
from tests.run.crews import real_crew, run

LENGTH = 300


def planned():  # type: ignore[no-untyped-def]  # a plan
    return plan(EVERY_METHOD, LADDER, seeds=(0, 1), length=LENGTH, optimiser=ADAM)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run(planned(), folder, real_crew(folder, int(sys.argv[2])))
