"""What breaks on the way: states that go, memory that runs out, tasks that cannot be done."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from bench.errors import UserError
from bench.executors.messages import Failed, Measure, Order
from bench.plan import Plan
from bench.registry import Choice, registry
from bench.registry import score as register
from bench.states import StateMissing, States
from bench.suite.values import PruneSpec
from bench.training.state import State, to_bytes
from tests.plan.grids import method, plan, runs_of
from tests.run.crews import Desk, Listener, results, rows, run
from tests.run.test_results import without_curves

Question = Order | Measure


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan()


@pytest.fixture(scope="module")
def expected(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    folder = tmp_path_factory.mktemp("expected")
    torch.set_num_threads(1)
    run(made, folder)
    return without_curves(results(folder))


def files(folder: Path) -> list[Path]:
    return sorted((folder / "states").glob("*/*.state"))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def scribble(file: Path) -> None:
    file.write_bytes(bytes(200))


@pytest.mark.parametrize("damage", [truncate, empty, scribble, Path.unlink])
def test_a_damaged_state_is_made_again(
    damage: Callable[[Path], None], made: Plan, tmp_path: Path, expected: object
) -> None:
    dense = runs_of(made, "none")[0].key
    run(made, tmp_path, asked={dense})
    for file in files(tmp_path):
        damage(file)
    listener = Listener()
    run(made, tmp_path, listener=listener)
    assert without_curves(results(tmp_path)) == expected
    assert bool(listener.lines) == (damage is not Path.unlink)  # found out only when it is read
    assert all("it is made again" in line for line in listener.lines)


def test_a_state_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)  # the last moment before it is there
    with pytest.raises(KeyboardInterrupt):
        States(tmp_path).put("a" * 40, State(torch.zeros(16), torch.ones(16, dtype=torch.bool), torch.zeros(0)))
    assert not States(tmp_path).keys()
    with pytest.raises(StateMissing):
        States(tmp_path).get("a" * 40)


def test_a_state_with_one_wrong_bit_is_made_again(tmp_path: Path) -> None:
    states = States(tmp_path)
    state = State(torch.randn(64), torch.ones(64, dtype=torch.bool), torch.zeros(0))
    states.put("a" * 40, state)
    (file,) = tmp_path.glob("*/*.state")
    content = bytearray(to_bytes(state))
    content[-9] ^= 0x40
    file.write_bytes(bytes(content))
    with pytest.raises(StateMissing):
        States(tmp_path).get("a" * 40)


@pytest.mark.parametrize(("number", "size"), [(0, 1), (1, 1), (2, 1), (1, 2), (2, 3)])
def test_states_that_go_at_any_moment(
    number: int,
    size: int,
    made: Plan,
    tmp_path: Path,
    expected: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is lost while packs are under way, in the end every row is there and right, and made once."""
    monkeypatch.setattr("bench.states.MEMORY", 0)  # what is lost on disk is lost
    choice = random.Random(f"{number} {size}")
    left = 6

    def lose(question: Question) -> None:
        nonlocal left
        stored = files(tmp_path)
        if left and stored and choice.random() < 0.5:
            left -= 1
            for file in choice.sample(stored, min(len(stored), choice.randint(1, 8))):
                file.unlink()

    receipt = run(made, tmp_path, Desk(States(tmp_path / "states"), 4, size, lose))
    assert without_curves(results(tmp_path)) == expected
    assert receipt.made == {"done": len(made.runs)}


def test_when_memory_runs_out_packs_become_narrower(made: Plan, tmp_path: Path, expected: object) -> None:
    widths = []

    def tight(question: Question) -> Failed | None:
        if isinstance(question, Order):
            widths.append(len(question.tasks))
            if len(question.tasks) > 2:
                return Failed("out of memory", "memory")
        return None

    listener = Listener()
    run(made, tmp_path, Desk(States(tmp_path / "states"), 16, 1, tight), listener=listener)
    assert without_curves(results(tmp_path)) == expected
    assert max(widths) > 2
    too_wide = [place for place, width in enumerate(widths) if width > 2]
    assert len(too_wide) <= 12, "it should learn what fits"
    assert any("trying it in halves" in line for line in listener.lines)


def test_when_the_width_cannot_be_measured_it_goes_on(made: Plan, tmp_path: Path, expected: object) -> None:
    def no_measure(question: Question) -> Failed | None:
        return Failed("the worker process died (signal 9)", "memory") if isinstance(question, Measure) else None

    run(made, tmp_path, Desk(States(tmp_path / "states"), 16, 1, no_measure))
    assert without_curves(results(tmp_path)) == expected


def test_a_worker_that_dies_once_costs_nothing(made: Plan, tmp_path: Path, expected: object) -> None:
    """As when a user or the memory killer ends the process in which one training goes on."""
    died = False

    def die(question: Question) -> Failed | None:
        nonlocal died
        now = isinstance(question, Order) and not died
        died = died or now
        return Failed("the worker process died (signal 9)", "died") if now else None

    assert run(made, tmp_path, Desk(States(tmp_path / "states"), 1, 1, die)).made == {"done": len(made.runs)}
    assert without_curves(results(tmp_path)) == expected


def test_one_bad_task_takes_no_other_down(tmp_path: Path) -> None:
    made = plan((method("none"), method("one-shot"), method("lottery")), seeds=range(4))
    bad = runs_of(made, "lottery", 2)[0].key
    hanging = {one.key for one in runs_of(made, "lottery", 2)}

    def break_down(question: Question) -> Failed | None:
        broken = isinstance(question, Order) and any(task.key == bad for task in question.tasks)
        return Failed("RuntimeError: a bad day", "error") if broken else None

    for attempt in (1, 2, 3):
        receipt = run(made, tmp_path, Desk(States(tmp_path / "states"), 8, 1, break_down))
        assert receipt.made["failed"] == len(hanging)
        assert len(rows(tmp_path, "SELECT * FROM run WHERE status = 'failed'")) == 3 * attempt
    found = {row["key"]: row for row in results(tmp_path)}
    assert {key for key, row in found.items() if row["status"] == "failed"} == hanging
    assert found[bad]["reason"] == "RuntimeError: a bad day"
    assert all("a state that it starts from failed" in found[key]["reason"] for key in hanging - {bad})
    listener = Listener()
    assert run(made, tmp_path, listener=listener).made == {}
    assert listener.lines == ["3 runs failed 3 times and are not tried again"]


def test_what_failed_once_is_tried_again_by_the_next_command(made: Plan, tmp_path: Path, expected: object) -> None:
    bad = runs_of(made, "dynamic", 1)[1].key

    def break_down(question: Question) -> Failed | None:
        broken = isinstance(question, Order) and any(task.key == bad for task in question.tasks)
        return Failed("RuntimeError: a bad day", "error") if broken else None

    assert run(made, tmp_path, Desk(States(tmp_path / "states"), 8, 1, break_down)).failed == 1
    assert run(made, tmp_path).made == {"done": 1}
    assert without_curves(results(tmp_path)) == expected


@pytest.fixture
def bad_score() -> Iterator[None]:
    """A score that is no number for one seed."""

    def score(net):  # type: ignore[no-untyped-def]  # written as a user would
        return {name: weight * (float("nan") if net.seed == 1 else 1) for name, weight in net.weights.items()}

    registry("score").names()
    register("bad-for-a-seed")(score)
    yield
    del registry("score")._components["bad-for-a-seed"]


def test_a_score_that_is_no_number_says_so_in_one_line(tmp_path: Path, bad_score: None) -> None:
    made = plan((method("none"), method("one-shot", prune=PruneSpec(score=Choice("bad-for-a-seed")))), seeds=(0, 1))

    with pytest.raises(UserError) as caught:
        run(made, tmp_path)
    assert "bad-for-a-seed" in str(caught.value)
    statuses = {(row["method"], row["seed"]): row["status"] for row in results(tmp_path)}
    assert statuses["none", 0] == statuses["none", 1] == "done"


def test_ctrl_c_keeps_what_is_finished(made: Plan, tmp_path: Path, expected: object) -> None:
    orders = 0

    def stop(question: Question) -> None:
        nonlocal orders
        orders += isinstance(question, Order)
        if orders == 5:
            raise KeyboardInterrupt

    first = run(made, tmp_path, Desk(States(tmp_path / "states"), 4, 1, stop))
    assert first.ending == "interrupted"
    assert 0 < sum(first.made.values()) < len(made.runs)
    second = run(made, tmp_path)
    assert second.before == sum(first.made.values())
    assert second.ending == "done"
    assert without_curves(results(tmp_path)) == expected


def test_states_of_other_environments_are_not_used(made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """States never cross: what one device has made is no start for a run of another."""
    from bench.benchmark import Benchmark, Request

    monkeypatch.chdir(tmp_path)
    folders = set()
    for model in ("one processor", "another processor"):
        monkeypatch.setattr("bench.benchmark.model_name", lambda device, model=model: model)
        request = Request("penguins", database=str(tmp_path / "results.db"), device="cpu")
        with Benchmark(request) as benchmark:
            folders.add(benchmark.states.folder)
    assert len(folders) == 2
