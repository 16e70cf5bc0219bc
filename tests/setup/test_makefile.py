"""The Makefile calls the right command with the right arguments, and sets up only when it must."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.setup.checkouts import ROOT, Checkout

TARGETS = (
    *("bench", "plan", "tune", "show", "report", "findings", "speed", "choose", "export", "sql", "browse"),
    *("status", "data"),
    *("test", "test-long", "lint", "clean", "help"),
)
STAMPS = (".light", ".installed", ".dev")


@pytest.fixture
def installed(checkout: Checkout) -> Checkout:
    """A checkout that is set up: its `bench` prints each argument on a line, its set-up tells that it was called."""
    checkout.program(
        "tools/setup.sh",
        'echo "SET-UP $1 python=${PYTHON:-}"',
        f'for s in {" ".join(STAMPS)}; do touch ".venv/$s"; done',
    )
    checkout.program(".venv/bin/bench", 'for argument in "$@"; do printf "%s\\n" "$argument"; done')
    checkout.program(".venv/bin/python", 'echo "PYTHON $*"', 'echo "threads ${OMP_NUM_THREADS:-}"')
    (checkout.folder / ".venv/.folder").write_text(f"{checkout.folder.resolve()}\n", encoding="utf-8")
    (checkout.folder / ".venv/.python").write_text("\n", encoding="utf-8")
    an_hour_ago = time.time() - 3600
    for name in ("pyproject.toml", "constraints.txt", "tools/setup.sh", "tools/requirements.py"):
        os.utime(checkout.folder / name, (an_hour_ago, an_hour_ago))
    for age, stamp in zip((30, 20, 10), STAMPS, strict=True):
        file = checkout.folder / ".venv" / stamp
        file.touch()
        os.utime(file, (an_hour_ago + 60 - age, an_hour_ago + 60 - age))
    return checkout


def arguments(checkout: Checkout, *words: str, **variables: str) -> list[str]:
    done = checkout.make(*words, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_help_lists_every_target_with_its_comment(checkout: Checkout) -> None:
    lines = arguments(checkout, "help")
    for target in TARGETS:
        assert any(re.match(rf"  {target} +\S.+", line) for line in lines), target
    assert arguments(checkout) == lines, "make alone is the help"


@pytest.mark.parametrize(
    "variable", ["SUITE", "DB", "DEVICE", "SEEDS", "PROFILE", "ONLY", "PLUGIN", "DATA", "RUN", "LIMITS", "TRIALS"]
)
def test_help_names_every_variable(checkout: Checkout, variable: str) -> None:
    assert any(line.strip().startswith(f"{variable}=") for line in arguments(checkout, "help"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("bench", "run starter --db results.db"),
        ("bench SUITE=mnist PROFILE=quick", "run mnist --db results.db --profile quick"),
        ("bench SEEDS=3 DEVICE=cuda:1", "run starter --db results.db --device cuda:1 --seeds 3"),
        ("plan DATA=real PLUGIN=mine.py", "plan starter --db results.db --plugin mine.py --data real"),
        ("tune SUITE=mnist", "tune mnist --confirm --db results.db"),
        ("tune TRIALS=50 PROFILE=quick", "tune starter --confirm --db results.db --profile quick --trials 50"),
        ("show SEEDS=3 ONLY=sparsity=0.9", "show starter --db results.db --only sparsity=0.9"),
        ("report DB=other.db", "report --db other.db"),
        ("findings", "findings --db results.db"),
        ("data DATA=standin", "data --data standin"),
        ("speed SUITE=mnist ONLY=level=2", "speed mnist --db results.db --only level=2"),
        ("export RUN=3f2a9c1b", "export 3f2a9c1b --db results.db"),
        ("sql SQL=VALUES(1)", "sql VALUES(1) --db results.db"),
    ],
)
def test_variables_become_options_only_where_they_are_set(installed: Checkout, words: str, expected: str) -> None:
    assert arguments(installed, *words.split()) == expected.split()


def test_names_and_queries_may_have_spaces(installed: Checkout) -> None:
    assert arguments(installed, "show", "SUITE=my suite.yaml")[:2] == ["show", "my suite.yaml"]
    assert (
        arguments(installed, "sql", "SQL=SELECT count(*), 'a' FROM results")[1] == "SELECT count(*), 'a' FROM results"
    )


def test_a_variable_may_come_from_the_environment(installed: Checkout) -> None:
    assert arguments(installed, "bench", SUITE="mnist")[:2] == ["run", "mnist"]


@pytest.mark.parametrize(
    "only", ["method=one-shot (fine-tune 1 epoch),sparsity=0.9", "method=it's", "a;b", 'a "b" c', "a*"]
)
def test_a_filter_arrives_as_one_argument(installed: Checkout, only: str) -> None:
    assert arguments(installed, "bench", f"ONLY={only}")[-2:] == ["--only", only]


def test_limits_are_options_of_their_own(installed: Checkout) -> None:
    called = arguments(installed, "choose", "SUITE=mnist", "LIMITS=--max-bytes 300k --min-accuracy 0.9")
    assert called == ["choose", "mnist", "--db", "results.db", "--max-bytes", "300k", "--min-accuracy", "0.9"]


def test_a_run_is_asked_for(installed: Checkout) -> None:
    done = installed.make("export")
    assert done.returncode != 0
    assert "make export RUN=" in done.stderr
    assert done.stdout == ""


def test_without_a_query_there_is_a_shell(installed: Checkout) -> None:
    assert arguments(installed, "sql") == ["sql", "--db", "results.db"]


def test_a_second_call_installs_nothing_and_starts_no_python(installed: Checkout) -> None:
    for target in ("bench", "plan", "tune", "show", "report", "data"):
        output = arguments(installed, target)
        assert not [line for line in output if line.startswith(("SET-UP", "PYTHON"))]


@pytest.mark.parametrize("target", ["show", "report", "choose", "status", "sql"])
def test_reading_needs_the_light_installation_only(installed: Checkout, target: str) -> None:
    for stamp in STAMPS[1:]:
        (installed.folder / ".venv" / stamp).unlink()
    assert "SET-UP" not in "".join(arguments(installed, target, "SQL=SELECT 1"))
    (installed.folder / ".venv/.light").unlink()
    assert arguments(installed, target, "SQL=SELECT 1")[0].startswith("SET-UP light")


@pytest.mark.parametrize("target", ["bench", "plan", "data"])
def test_training_completes_a_light_installation(installed: Checkout, target: str) -> None:
    (installed.folder / ".venv/.installed").unlink()
    assert arguments(installed, target)[0].startswith("SET-UP full")


def test_the_tests_install_their_tools_after_the_rest(installed: Checkout) -> None:
    for stamp in STAMPS:
        (installed.folder / ".venv" / stamp).unlink()
    lines = arguments(installed, "test")
    assert [line.split()[1] for line in lines if line.startswith("SET-UP")] == ["full", "dev"]
    assert "PYTHON -m pytest -n 2" in lines
    assert "threads 1" in lines


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt", "tools/setup.sh", "tools/requirements.py"])
def test_another_list_of_packages_is_installed(installed: Checkout, file: str) -> None:
    (installed.folder / file).touch()
    assert arguments(installed, "bench")[0].startswith("SET-UP full")


def test_a_moved_checkout_is_set_up_again(installed: Checkout) -> None:
    moved = Checkout(installed.folder.with_name("elsewhere"))
    installed.folder.rename(moved.folder)
    assert arguments(moved, "show")[0].startswith("SET-UP light")


def test_another_python_is_a_new_installation(installed: Checkout) -> None:
    assert arguments(installed, "show", "PYTHON=python3.12")[0] == "SET-UP light python=python3.12"
    (installed.folder / ".venv/.python").write_text("python3.12\n", encoding="utf-8")
    assert arguments(installed, "show", "PYTHON=python3.12")[0] == "show"
    assert arguments(installed, "show")[0] == "show", "without PYTHON, what is there is good enough"


def test_clean_keeps_results_data_and_states(installed: Checkout) -> None:
    kept = ["results.db", "data/MNIST/raw/x.gz", ".bench/states/a.safetensors", ".venv/.installed", "bench/a.py"]
    gone = ["report/index.html", ".pytest_cache/x", "build/x", "dist/x.whl", "bench/__pycache__/a.pyc"]
    for name in kept + gone:
        file = installed.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for folder in ("analysis", "suites", "tests"):
        (installed.folder / folder).mkdir()
    arguments(installed, "clean")
    assert all((installed.folder / name).exists() for name in kept)
    assert not any((installed.folder / name).exists() for name in gone)


def test_the_makefile_of_macos_is_enough() -> None:
    """GNU make 3.81 knows none of these."""
    text = Path(ROOT / "Makefile").read_text(encoding="utf-8")
    assert not re.search(r"\.ONESHELL|\$\(file |!=|&:|\$\(let |\.SHELLFLAGS|::=", text)
