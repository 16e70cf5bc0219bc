"""The script of all checks: it runs every stage, tells the closing lines of the tests, fails when one of them does."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.setup.checkouts import ROOT, Checkout

CLOSING = "======= 12 passed in 3.40s ======="


@pytest.fixture
def machine(checkout: Checkout) -> Checkout:
    """A machine that has all programs; its make fails for the target that $FAIL names."""
    (checkout.folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", checkout.folder / ".ci/run")
    for name in ("postgres", "chromium", "uv"):
        checkout.program(f"programs/{name}", "exit 0")
    checkout.program("programs/apt-get", f'echo "$*" >>"{checkout.folder}/apt.log"')
    checkout.program(
        "programs/make",
        'echo "made $1"',
        'if [ "$1" = "${FAIL:-}" ]; then echo "======= 1 failed, 11 passed in 3.40s ======="; exit 2; fi',
        f'echo "{CLOSING}"',
    )
    return checkout


def check(machine: Checkout, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{machine.folder / 'programs'}{os.pathsep}{os.environ['PATH']}"
    return machine.call(".ci/run", **({"PATH": path, "CI": "true"} | variables))


def test_every_stage_runs_and_the_closing_lines_are_told(machine: Checkout) -> None:
    done = check(machine)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("made")] == ["made lint", "made test", "made test-long"]
    assert lines[-3:] == [f"test       {CLOSING}", f"test-long  {CLOSING}", "ci: everything passed"]


@pytest.mark.parametrize("stage", ["lint", "test", "test-long"])
def test_a_failure_is_told_after_all_stages_ran(machine: Checkout, stage: str) -> None:
    done = check(machine, FAIL=stage)
    assert done.returncode == 1
    assert "made test-long" in done.stdout
    assert done.stdout.splitlines()[-1] == f"ci: failed: {stage}"
    if stage != "lint":
        assert f"{stage:10} ======= 1 failed, 11 passed in 3.40s =======" in done.stdout


def test_nothing_is_installed_on_a_machine_that_has_all_or_is_someones_own(machine: Checkout) -> None:
    assert check(machine).returncode == 0
    assert check(machine, CI="").returncode == 0
    assert not (machine.folder / "apt.log").exists()
