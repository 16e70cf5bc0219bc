"""The package: what is in it, and that it works where it is installed, away from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.setup.checkouts import ROOT

pytestmark = pytest.mark.long


def run(*command: str, folder: Path) -> str:
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=folder, env=outside, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), folder=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel, which finds everything else in the environment of the tests."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"), folder=folder)
    python = folder / "venv/bin/python"
    if shutil.which("uv"):
        run("uv", "pip", "install", "--python", str(python), "--no-deps", str(wheel), folder=folder)
    else:
        run(sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", str(wheel), folder=folder)
    (packages,) = (folder / "venv/lib").glob("python*/site-packages")
    (packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "venv/bin"


def test_all_code_suites_and_templates_are_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, pattern, inside in [
        ("suites", "**/*", "bench/_suites"),
        ("bench", "**/*.py", "bench"),
        ("bench/store/migrations", "**/*", "bench/store/migrations"),
        ("analysis", "**/*.py", "analysis"),
        ("analysis/templates", "**/*", "analysis/templates"),
    ]:
        files = [file for file in (ROOT / folder).glob(pattern) if file.is_file() and file.suffix != ".pyc"]
        assert files, folder
        assert {f"{inside}/{file.relative_to(ROOT / folder).as_posix()}" for file in files} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_nothing_of_the_checkout_is_in_it(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bench", "analysis"}


def test_the_command_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = run(str(installed / "python"), "-c", "import bench; print(bench.__file__)", folder=tmp_path)
    assert str(installed.parent) in where
    for command in ([str(installed / "bench")], [str(installed / "python"), "-m", "bench"]):
        said = run(*command, "--help", folder=tmp_path)
        assert "run" in said
        assert "show" in said


def test_built_in_suites_come_along(installed: Path, tmp_path: Path) -> None:
    said = run(str(installed / "bench"), "list", folder=tmp_path)
    assert "starter" in said
