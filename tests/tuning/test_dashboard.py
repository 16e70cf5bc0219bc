"""The copy of studies in Optuna's own storage, and Optuna's dashboard over it in a real browser."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.tuning.mirror import Mirror, mirror_file
from bench.tuning.sampling import quietly
from tests.run.crews import Listener
from tests.tuning.suites import written
from tests.tuning.work import trials, tune

TUNE = """\
  sparsities: [0.9]
  seeds: [1000, 1001]
  budget: {trials: 8}
  batch: 4
  studies: [{one-shot: {rates: each}}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shown")
    tune(made, written(made, TUNE), shown=Mirror(str(made / "results.db"), Listener()).show)
    return made


def loaded(folder: Path) -> Any:
    import optuna

    with quietly():
        return optuna.load_study(study_name=None, storage=f"sqlite:///{folder / 'results.tuning.db'}")


def test_the_copy_has_every_trial_as_it_is(folder: Path) -> None:
    study = loaded(folder)
    assert study.study_name.startswith("tuned: one-shot at 90 % on digits with mlp [")
    states = {"done": "COMPLETE", "stopped": "PRUNED", "failed": "FAIL"}
    ours = {number: (states[state], value) for number, state, value in trials(folder, "number, state, value")}
    theirs = {}
    for trial in study.get_trials():
        value = trial.value if trial.state.name == "COMPLETE" else next(iter(trial.intermediate_values.values()), None)
        theirs[trial.user_attrs["trial"]] = (trial.state.name, value)
    assert theirs == ours
    assert (
        study.best_trial.user_attrs["trial"]
        == max((value, -number) for number, state, value in trials(folder, "number, state, value") if state == "done")[
            1
        ]
        * -1
    )
    assert study.metric_names == ["validation accuracy"]


def test_it_is_brought_up_to_date_and_made_anew(folder: Path) -> None:
    before = [trial.number for trial in loaded(folder).get_trials()]
    (folder / "results.tuning.db").unlink()
    more = written(folder, TUNE.replace("trials: 8", "trials: 12"))
    tune(folder, more, shown=Mirror(str(folder / "results.db"), Listener()).show)
    assert len(before) == 8
    assert sorted(trial.user_attrs["trial"] for trial in loaded(folder).get_trials()) == list(range(1, 13))
    tune(folder, more, shown=Mirror(str(folder / "results.db"), Listener()).show)
    assert len(loaded(folder).get_trials()) == 12


def test_a_damaged_copy_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "results.tuning.db").write_bytes(b"no database at all" * 100)
    listener = Listener()
    tune(tmp_path, written(tmp_path, TUNE), shown=Mirror(str(tmp_path / "results.db"), listener).show)
    (line,) = listener.lines
    assert "the copy for optuna-dashboard could not be written" in line
    assert "remove the file" in line
    assert len(trials(tmp_path)) == 8


def test_a_server_has_no_copy() -> None:
    assert mirror_file("postgresql://somebody@somewhere/results") is None
    assert mirror_file("some/results.db") == Path("some/results.tuning.db")
    assert mirror_file("sqlite:///some/results.db") == Path("some/results.tuning.db")


@pytest.fixture
def dashboard(folder: Path) -> Iterator[str]:
    """The address of Optuna's dashboard over the copy."""
    pytest.importorskip("optuna_dashboard")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    program = "from optuna_dashboard._cli import main; main()"
    storage = f"sqlite:///{folder / 'results.tuning.db'}"
    process = subprocess.Popen(
        [sys.executable, "-c", program, storage, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/dashboard/", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < end, "the dashboard did not start"
                time.sleep(0.2)
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_dashboard_opens_the_study(browser: Any, folder: Path, dashboard: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{dashboard}/dashboard/")
    link = page.get_by_text("tuned: one-shot at 90 % on digits with mlp")
    link.first.wait_for(timeout=60_000)
    link.first.click()
    page.get_by_role("heading", name="Best Trial").or_(page.get_by_text("Best Trial")).first.wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    page.screenshot(path=tmp_path / "study.png")
    assert (tmp_path / "study.png").stat().st_size > 20_000
    page.close()
    assert failed == []
