"""`bench choose` on the results of a small suite."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bench.store import SessionInfo, SpeedRecord, Store
from tests.cli.conftest import Bench, environment
from tests.cli.test_looking import LIGHT
from tests.store.build import CPU


def test_it_is_the_best_cell_by_validation_accuracy(results: Path, bench: Bench) -> None:
    with sqlite3.connect(results) as database:
        means = database.execute(
            "select method, level, avg(validation_accuracy), avg(test_accuracy) from results group by 1, 2"
        ).fetchall()
    (found,) = bench("choose", "tiny.yaml", "--json").json["problems"]
    chosen = found["chosen"]
    best = max(mean for _, _, mean, _ in means)
    assert chosen["validation"]["mean"] == pytest.approx(best)
    (test,) = [test for method, level, _, test in means if (method, level) == (chosen["method"], chosen["level"])]
    assert chosen["test"]["mean"] == pytest.approx(test)
    assert (found["candidates"], found["fitting"], found["limits"]) == (7, 7, [])
    with sqlite3.connect(results) as database:
        (row,) = database.execute("select method, level, seed from results where key = ?", [chosen["key"]]).fetchall()
    assert row == (chosen["method"], chosen["level"], chosen["seed"])
    assert chosen["run"] == chosen["key"][:8]


def test_limits_are_kept_and_have_their_price(results: Path, bench: Bench) -> None:
    limits = ("--max-bytes", "0.5k", "--max-macs", "100", "--max-parameters", "130", "--min-accuracy", "20%")
    answer = bench("choose", "tiny", *limits, "--json")
    (found,) = answer.json["problems"]
    assert answer.code == 0
    chosen = found["chosen"]
    assert chosen["bytes"] <= 500
    assert chosen["macs"] <= 100
    assert chosen["parameters"] <= 130
    assert [limit["of"] for limit in found["limits"]] == ["bytes", "macs", "parameters", "accuracy"]
    with sqlite3.connect(results) as database:
        over = database.execute(
            "select count(*) from (select method, level from results group by 1, 2 having max(macs_kept) > 100)"
        ).fetchone()[0]
    assert found["limits"][1]["excluded"] == over > 0
    printed = bench("choose", "tiny", *limits).out
    assert chosen["run"] in printed
    assert "--max-macs rules out" in printed
    assert "fits best" in printed


def test_where_nothing_fits_it_says_so_with_the_nearest(results: Path, bench: Bench) -> None:
    answer = bench("choose", "tiny", "--max-bytes", "10")
    assert answer.code == 1
    assert "at most 10 B: none of 7 cells fits" in answer.out
    assert "nearest" in answer.out
    assert "--max-bytes rules out 7 cells; without it" in answer.out


def test_time_needs_a_measurement(results: Path, bench: Bench) -> None:
    answer = bench("choose", "tiny.yaml", "--max-ms", "5")
    assert answer.code == 2
    assert answer.err == ("--max-ms: no speed of the suite tiny is measured yet; `bench speed tiny.yaml` does it\n")
    with sqlite3.connect(results) as database:
        keys = [key for (key,) in database.execute("select key from results where seed = 0 order by level, method")]
    with Store.open(results) as store:
        session = store.start_session(SessionInfo("bench speed tiny"))
        store.write_speeds(
            session,
            store.environment(CPU),
            [
                SpeedRecord(key, form, 1, 1, seconds, seconds, seconds, 1.0, 20, 100)
                for place, key in enumerate(keys)
                for form, seconds in (("dense", 4e-3), ("shrunk", 4e-3 - 5e-4 * place))
            ],  # type: ignore[arg-type]  # the forms are of the known ones
        )
    (found,) = bench("choose", "tiny", "--max-ms", "2.2", "--json").json["problems"]
    assert found["axis"] == "ms"
    assert found["fitting"] == 3
    assert found["chosen"]["timing"]["form"] == "shrunk"
    assert found["chosen"]["timing"]["milliseconds"] <= 2.2
    assert "times with batch 1" in bench("choose", "tiny", "--max-ms", "2.2").out
    assert "is measured with batch 8 yet" in bench("choose", "tiny", "--max-ms", "2.2", "--batch", "8").err


def test_it_fits_a_usual_terminal(results: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.cli.output.WIDE", 100)
    out = bench("choose", "tiny", "--max-bytes", "0.5k", "--min-accuracy", "0.2").out
    assert "validation %" in out
    assert "bitmask" in out or "gzip" in out


def test_it_does_not_load_torch(results: Path) -> None:
    command = [sys.executable, "-c", LIGHT, "choose", "tiny", "--max-bytes", "1M"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--max-bytes", "many"), "--max-bytes many: is no amount; write 300000, 300k or 1.5M"),
        (("--max-macs", "-3"), "--max-macs -3: is no amount"),
        (("--min-accuracy", "90"), "--min-accuracy 90: is no share of right answers; write 0.9 or 90%"),
        (("--max-ms", "0"), "--max-ms 0: is no time"),
        (("--only", "method=lotery"), "did you mean 'lottery'?"),
        (("--profile", "quick"), "no profile 'quick'"),
    ],
)
def test_mistakes_are_said_in_one_line(results: Path, bench: Bench, arguments: tuple[str, ...], said: str) -> None:
    answer = bench("choose", "tiny", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
