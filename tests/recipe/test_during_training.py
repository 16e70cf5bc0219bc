"""Methods that prune in the course of one training: when, and how much by then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.durations import Duration
from bench.errors import UserError
from bench.methods.dynamic import drawn, dynamic, gradual, rounds
from bench.methods.lottery import lottery
from bench.methods.task import Task
from bench.recipe import Level, Optimiser, Prune, Reset, Schedule, Score, Step, Train, Training, merged

LADDER = tuple(Level(index, (("fc1", 1 - 0.8**index), ("output", 1 - 0.9**index))) for index in range(1, 7))


def task(total: int, levels: int = 6) -> Task:
    training = Training(Optimiser("adam", 1e-3), Schedule("linear", total), 60)
    return Task(training, 100.0, LADDER[:levels], Score("magnitude"), "weight", "layer")


def prunings(steps: list[Step]) -> list[tuple[int, dict[str, float]]]:
    """When each pruning comes, and what it brings each layer to; the training goes through without a gap."""
    found, reached = [], 0
    for step in merged(tuple(steps)):
        if isinstance(step, Train):
            assert step.start == reached
            reached = step.stop
        elif isinstance(step, Prune):
            found.append((reached, dict(step.level.layers)))
    assert reached == steps[-1].stop if isinstance(steps[-1], Train) else True
    return found


def test_dynamic_prunes_the_same_share_of_what_is_left_at_each_of_its_moments() -> None:
    at = (Duration(100, "steps"), Duration(2, "epochs"), Duration(1 / 2, "share"), Duration(1, "share"))
    found = prunings(list(dynamic(task(1000), at)))
    assert [moment for moment, _ in found] == [100, 200, 500, 1000]
    for number, (_, reached) in enumerate(found, start=1):
        for name, share in LADDER[-1].layers:
            assert 1 - reached[name] == pytest.approx((1 - share) ** (number / 4), abs=1e-9)


@pytest.mark.parametrize(
    "at",
    [(), (Duration(0.5, "share"), Duration(499, "steps")), (Duration(1001, "steps"),)],
    ids=["none", "back", "late"],
)
def test_dynamic_refuses_moments_that_do_not_come_one_after_the_other(at: tuple[Duration, ...]) -> None:
    with pytest.raises(
        UserError, match=r"dynamic: at is \[.*\], in a training of 1000 steps; give at least one moment"
    ):
        list(dynamic(task(1000), at))


def test_gradual_follows_the_cubic_curve_of_zhu_and_gupta() -> None:
    found = prunings(list(gradual(task(1000), Duration(200, "steps"), Duration(0.8, "share"), 13)))
    final = dict(LADDER[-1].layers)
    assert [moment for moment, _ in found] == [200 + 50 * number for number in range(1, 13)]
    for moment, reached in found:
        for name, share in reached.items():
            # their formula, with an initial sparsity of 0
            assert share == pytest.approx(final[name] - final[name] * (1 - (moment - 200) / 600) ** 3, abs=1e-9)
    assert found[-1][1] == pytest.approx(final)


@given(st.integers(1, 400), st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_gradual_only_ever_takes_more_and_ends_at_the_level(total: int, count: int, one: float, other: float) -> None:
    begin, end = sorted((one, other))
    found = prunings(list(gradual(task(total), Duration(begin, "share"), Duration(end, "share"), count)))
    shares = [reached["fc1"] for _, reached in found]
    assert shares == sorted(shares)
    assert found[-1][1] == pytest.approx(dict(LADDER[-1].layers))


def test_rounds_come_every_so_often() -> None:
    found = prunings(list(rounds(task(1000, levels=4), Duration(100, "steps"))))
    assert found == [(100 * number, dict(level.layers)) for number, level in enumerate(LADDER[:4], start=1)]
    with pytest.raises(UserError, match="6 rounds, one every 200 steps, do not fit into 1000 steps"):
        list(rounds(task(1000), Duration(200, "steps")))


def test_drawn_moments_are_the_same_for_all_levels_and_differ_by_draw() -> None:
    window = Duration(0.2, "share"), Duration(1, "share")
    first, second = (
        [moment for moment, _ in prunings(list(drawn(task(1000, levels), 5, *window)))] for levels in (2, 6)
    )
    assert first == second
    assert len(set(first)) == 5
    assert all(200 <= moment < 1000 for moment in first)
    other = [moment for moment, _ in prunings(list(drawn(task(1000), 5, *window, draw=2)))]
    assert other != first
    with pytest.raises(UserError, match="count is 900, and there are 800 moments"):
        list(drawn(task(1000), 900, *window))


def test_each_seed_may_draw_its_own_epochs() -> None:
    def moments(seed: int, each_seed: bool = True) -> list[int]:
        given = replace(task(1000), seed=seed)
        said = drawn(given, 3, Duration(0.25, "share"), apart=Duration(1, "epochs"), each_seed=each_seed)
        return [moment for moment, _ in prunings(list(said))]

    drawn_by = [moments(seed) for seed in range(20)]
    assert all(moment % 100 == 0 and 300 <= moment <= 900 for chosen in drawn_by for moment in chosen)
    assert len({tuple(chosen) for chosen in drawn_by}) > 10
    assert moments(7) == drawn_by[7]
    assert moments(0, each_seed=False) == moments(1, each_seed=False)


@pytest.mark.parametrize(("rewind", "step"), [("1 epoch", 100), ("0.5 epochs", 50), ("10 %", 60), ("7", 7), (0, 0)])
def test_a_ticket_rewinds_to_any_time(rewind: str | int, step: int) -> None:
    steps = list(lottery(task(600, levels=2), Duration.parse(rewind)))
    assert [one.to for one in steps if isinstance(one, Reset)] == [step, step]
    assert [(one.start, one.stop) for one in steps if isinstance(one, Train)] == [(0, 600), (step, 600), (step, 600)]
