"""The set-up script: which Python it takes, what it installs, and what it says when it cannot."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.setup.checkouts import Checkout

TOOLS = ("awk", "cat", "df", "dirname", "ls", "sh", "touch", "uname")


@pytest.fixture
def with_uv(checkout: Checkout) -> Checkout:
    """A checkout on a machine whose uv only writes down what it is asked for."""
    checkout.program(
        "programs/uv",
        'echo "$*" >>uv.log',
        'echo "COMPILE=${UV_COMPILE_BYTECODE:-} DOWNLOADS=${UV_PYTHON_DOWNLOADS:-}" >>uv.environment',
    )
    return checkout


def path_with(checkout: Checkout) -> str:
    return f"{checkout.folder / 'programs'}{os.pathsep}{os.environ['PATH']}"


def set_up(checkout: Checkout, stage: str, **variables: str) -> tuple[int, str]:
    """The exit status, and what is said. Nothing may go to standard output, which belongs to the command after it."""
    settings = {"PYTHON": sys.executable, "PATH": path_with(checkout)} | variables
    done = checkout.call("sh", "tools/setup.sh", stage, **settings)
    assert done.stdout == ""
    return done.returncode, done.stderr


def installations(checkout: Checkout) -> list[str]:
    log = (checkout.folder / "uv.log").read_text(encoding="utf-8").splitlines()
    return [line for line in log if line.startswith("pip install")]


def stamps(checkout: Checkout) -> set[str]:
    return {file.name for file in (checkout.folder / ".venv").glob(".[lid]*")}


def old_python(checkout: Checkout, name: str) -> Path:
    return checkout.program(f"programs/{name}", 'case "$2" in *print*) echo "Python 3.9.2" ;; *) exit 1 ;; esac')


def test_light_installs_no_torch(with_uv: Checkout) -> None:
    status, said = set_up(with_uv, "light")
    assert status == 0, said
    listed, itself = installations(with_uv)
    assert listed.endswith("--constraint constraints.txt --requirement .venv/light.txt")
    assert itself.endswith("--constraint constraints.txt --no-deps --editable .")
    light = (with_uv.folder / ".venv/light.txt").read_text(encoding="utf-8")
    assert "sqlalchemy" in light
    assert "torch" not in light
    assert stamps(with_uv) == {".light"}


def test_full_implies_light(with_uv: Checkout) -> None:
    status, said = set_up(with_uv, "full")
    assert status == 0, said
    assert [line.split("constraints.txt ")[1] for line in installations(with_uv)] == ["--editable ."]
    assert stamps(with_uv) == {".light", ".installed"}


def test_tools_of_the_tests_have_a_stamp_of_their_own(with_uv: Checkout) -> None:
    assert set_up(with_uv, "dev")[0] == 0
    assert stamps(with_uv) == {".dev"}
    listed = (with_uv.folder / ".venv/dev.txt").read_text(encoding="utf-8")
    assert all(name in listed for name in ("pytest", "mypy", "ruff", "psycopg"))


def test_uv_compiles_bytecode_and_fetches_no_python(with_uv: Checkout) -> None:
    set_up(with_uv, "light")
    last = (with_uv.folder / "uv.environment").read_text(encoding="utf-8").splitlines()[-1]
    assert last == "COMPILE=1 DOWNLOADS=never"


@pytest.mark.parametrize("stage", ["light", "full", "dev"])
def test_the_size_is_said_before_anything_is_installed(with_uv: Checkout, stage: str) -> None:
    with_uv.program("programs/uv", 'case "$1" in pip) echo "INSTALLING" >&2 ;; esac')
    said = set_up(with_uv, stage)[1]
    announced = said[: said.index("INSTALLING")]
    assert "GB to download" in announced.replace("about ", "")
    assert "GB on disk" in announced


def test_a_failed_installation_leaves_no_stamp(with_uv: Checkout) -> None:
    with_uv.program("programs/uv", 'case "$1" in pip) echo "no route to host" >&2; exit 2 ;; esac')
    status, said = set_up(with_uv, "full")
    assert status == 1
    assert said.splitlines()[-1].startswith("set-up: the installation did not finish")
    assert stamps(with_uv) == set()


def test_what_is_installed_stays(with_uv: Checkout) -> None:
    """A changed list of packages is installed into the .venv that is there, not into a new one."""
    assert set_up(with_uv, "light")[0] == 0
    mine = with_uv.folder / ".venv/mine"
    mine.touch()
    assert set_up(with_uv, "full")[0] == 0
    assert mine.exists()


def test_an_environment_whose_python_is_gone_is_made_again(with_uv: Checkout) -> None:
    assert set_up(with_uv, "light")[0] == 0
    for name in ("python", "python3"):
        (with_uv.folder / ".venv/bin" / name).unlink()
    assert set_up(with_uv, "light")[0] == 0
    assert (with_uv.folder / ".venv/bin/python").exists()


def test_a_folder_of_someone_else_is_left_alone(with_uv: Checkout) -> None:
    theirs = with_uv.folder / ".venv/notes.txt"
    theirs.parent.mkdir()
    theirs.touch()
    status, said = set_up(with_uv, "light")
    assert status == 1
    assert ".venv is there and is no virtual environment" in said
    assert theirs.exists()


def test_without_uv_pip_is_used(checkout: Checkout) -> None:
    """A real virtual environment gets a real pip; the packages are out of its reach here, and it says so."""
    checkout.program("programs/uv", 'echo "uv was called" >&2')
    status, said = set_up(checkout, "light", NO_UV="1", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert status == 1
    assert "with pip" in said
    assert "uv was called" not in said
    assert "ERROR: " in said
    assert said.splitlines()[-1].startswith("set-up: the installation did not finish")


def test_an_old_python_is_refused_in_one_line(checkout: Checkout) -> None:
    status, said = set_up(checkout, "full", PYTHON=str(old_python(checkout, "python3.9")))
    assert status == 1
    assert said.count("\n") == 1
    assert "is Python 3.9.2; Python 3.11 or newer is needed" in said
    assert not (checkout.folder / ".venv").exists()


def test_a_python_that_is_not_there_is_named(checkout: Checkout) -> None:
    status, said = set_up(checkout, "full", PYTHON="/no/such/python")
    assert status == 1
    assert said == "set-up: PYTHON=/no/such/python: there is no such program; give the path of a Python 3.11 or newer\n"


def only_tools(checkout: Checkout) -> str:
    """A path on which there is no Python but what the test puts there."""
    folder = checkout.folder / "programs"
    folder.mkdir(exist_ok=True)
    for name in TOOLS:
        found = next(Path(one) / name for one in ("/usr/bin", "/bin") if (Path(one) / name).exists())
        (folder / name).symlink_to(found)
    return str(folder)


def test_a_machine_with_an_old_python_only(checkout: Checkout) -> None:
    old_python(checkout, "python3")
    status, said = set_up(checkout, "full", PYTHON="", PATH=only_tools(checkout))
    assert status == 1
    assert said.count("\n") == 1
    assert "none was found (python3 is Python 3.9.2)" in said


def test_a_newer_python_beside_an_old_one_is_found(with_uv: Checkout) -> None:
    """Also where a version manager's shim of another version, which only complains, comes first."""
    path = only_tools(with_uv)
    old_python(with_uv, "python3")
    with_uv.program("programs/python3.12", "echo 'python3.12: command not found' >&2", "exit 127")
    with_uv.program("programs/python3.11", f'exec "{sys.executable}" "$@"')
    status, said = set_up(with_uv, "light", PYTHON="", PATH=path)
    assert status == 0, said


def test_an_unknown_stage_is_refused(checkout: Checkout) -> None:
    assert set_up(checkout, "everything") == (1, "set-up: usage: sh tools/setup.sh light|full|dev\n")
