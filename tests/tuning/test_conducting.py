"""Studies that are really made: what they train, what they judge by, what they spend, and what becomes of a break."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bench.errors import UserError
from bench.executors.messages import Failed, Measure, Order
from bench.store import SessionInfo, Store
from tests.tuning.suites import written
from tests.tuning.work import rows, run, trials, tune

ONE_SHOT = """\
  sparsities: [0.9]
  seeds: [1000, 1001, 1002, 1003]
  budget: {trials: 8}
  batch: 4
  studies: [{one-shot: {rates: each}}]
"""


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite and its finished study."""
    folder = tmp_path_factory.mktemp("tuned")
    tune(folder, written(folder, ONE_SHOT))
    return folder


def test_a_batch_is_halved_on_more_and_more_seeds(tuned: Path) -> None:
    found = trials(tuned, "number, batch, state, seeds")
    assert [(number, batch) for number, batch, _, _ in found] == [(at + 1, at // 4) for at in range(8)]
    for _, group in itertools.groupby(found, key=lambda row: row[1]):
        assert sorted((state, seeds) for _, _, state, seeds in group) == [
            ("done", 4),
            ("stopped", 1),
            ("stopped", 1),
            ("stopped", 2),
        ]


def test_a_value_is_the_mean_of_its_runs(tuned: Path) -> None:
    means = rows(
        tuned,
        "SELECT number, avg(validation_accuracy), count(*) FROM trial_run JOIN trial ON trial.id = trial_id"
        " GROUP BY number ORDER BY number",
    )
    assert [row[0] for row in means] == list(range(1, 9))
    for (_, mean, count), (value, seeds) in zip(means, trials(tuned, "value, seeds"), strict=True):
        assert value == pytest.approx(mean)
        assert count == seeds


def test_the_worse_half_is_what_stops(tuned: Path) -> None:
    """On the seeds that all of a batch were given, those that went on are the better ones."""
    first = dict(
        rows(
            tuned,
            "SELECT number, validation_accuracy FROM trial_run JOIN trial ON trial.id = trial_id WHERE seed = 1000",
        )
    )
    for batch in (0, 1):
        group = [row for row in trials(tuned, "number, batch, seeds") if row[1] == batch]
        on = [first[number] for number, _, seeds in group if seeds > 1]
        out = [first[number] for number, _, seeds in group if seeds == 1]
        assert min(on) >= max(out)


def test_the_first_trial_is_uniform(tuned: Path) -> None:
    ((entry,),) = rows(tuned, "SELECT entry FROM trials WHERE number = 1")
    assert entry == '{"one-shot":{"rates":{"fc1":0.9,"fc2":0.9,"output":0.9},"scope":"uniform"}}'


def test_every_trial_takes_exactly_the_level(tuned: Path) -> None:
    weights = 64 * 24 + 24 * 12 + 12 * 10
    kept = weights - int(0.9 * weights + 0.5)
    assert {round((1 - row[0]) * weights) for row in rows(tuned, "SELECT sparsity FROM trial_run")} == {kept}


def test_one_dense_training_serves_all_trials(tuned: Path) -> None:
    """Of 18 runs of 60 steps each, four dense trainings were made."""
    told = rows(tuned, "SELECT trials, done, stopped, open, steps, budget, budget_unit FROM studies")
    assert told == [(8, 2, 6, 0, 2 * (4 + 2 + 1 + 1) * 60, 8.0, "trials")]
    states = list((tuned / "states").glob("*/*.state"))
    assert len(states) == 4  # the dense networks; what only a trial came to is not kept


def test_nothing_of_it_stands_among_results(tuned: Path) -> None:
    """Not in any comparison, also when a suite with the same cells is run in the same database."""
    assert rows(tuned, "SELECT count(*) FROM trial_run") == [(16,)]
    views = ("runs", "results", "summary", "versus_dense", "leaderboard", "duels", "frontier", "missing", "layers")
    for view in (*views, "curves", "artifacts", "speeds", "versus_published"):
        assert rows(tuned, f"SELECT count(*) FROM {view}") == [(0,)], view
    run(tuned, written(tuned, ONE_SHOT, seeds="[3, 4]", name="other.yaml"))
    assert {row[0] for row in rows(tuned, "SELECT DISTINCT seed FROM results")} == {3, 4}
    assert {row[0] for row in rows(tuned, "SELECT DISTINCT n FROM summary")} == {2}
    assert rows(tuned, "SELECT count(*) FROM missing") == [(0,)]


def test_no_column_of_a_trial_is_from_test_data(tuned: Path) -> None:
    with closing(sqlite3.connect(tuned / "results.db")) as connection:
        for table in ("study", "trial", "trial_run", "studies", "trials"):
            columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
            assert columns
            assert not [name for name in columns if "test" in name]
        assert connection.execute("SELECT count(*) FROM evaluation WHERE test_accuracy IS NOT NULL").fetchone() == (
            connection.execute("SELECT count(*) FROM evaluation").fetchone()
        )


def digits(folder: Path, test_labels: int) -> str:
    """Data of our own, whose test labels are right, or moved on by so many classes."""
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(4, 8))
    y = np.arange(400) % 4
    x = (centres[y] + 0.8 * draw.normal(size=(400, 8))).astype(np.float32)
    test = np.arange(400) % 5 == 4
    np.savez(folder / "own.npz", x=x[~test], y=y[~test], x_test=x[test], y_test=(y[test] + test_labels) % 4)
    return f"{{npz: {folder / 'own.npz'}}}"


def test_test_data_decide_nothing(tmp_path: Path) -> None:
    """With other test labels every trial is the same to the last digit."""
    found = []
    for moved in (0, 1):
        folder = tmp_path / str(moved)
        folder.mkdir()
        tune(folder, written(folder, ONE_SHOT, data=digits(folder, moved)))
        found.append(trials(folder))
    assert found[0] == found[1]
    assert len({value for _, _, _, value, *_ in found[0]}) > 1


def test_what_was_interrupted_goes_on_as_if_nothing_had_happened(tuned: Path, tmp_path: Path) -> None:
    """Broken off in every batch, between two packs: nothing is lost, nothing counted twice."""
    suite = written(tmp_path, ONE_SHOT)
    for allowed in range(1, 40):
        orders = itertools.count()

        def interrupt(question: Order | Measure, orders=orders, allowed=allowed) -> None:  # type: ignore[no-untyped-def]
            if isinstance(question, Order) and next(orders) >= allowed:
                raise KeyboardInterrupt

        try:
            tune(tmp_path, suite, before=interrupt)  # type: ignore[arg-type]
            break
        except KeyboardInterrupt:
            continue
    assert allowed > 3
    assert trials(tmp_path) == trials(tuned)
    ((begun,),) = rows(tmp_path, "SELECT max(begun) FROM trial")
    assert begun > 1


def test_trials_of_a_dead_process_are_begun_anew(tmp_path: Path) -> None:
    suite = written(tmp_path, ONE_SHOT)
    tune(tmp_path, suite, batches=1)
    with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
        connection.execute(
            "UPDATE session SET status = 'running', ended_at = NULL, process = 999999999, process_start = NULL"
        )
        connection.execute("UPDATE study SET session_id = 1")
        connection.execute("UPDATE trial SET state = 'running', finished_at = NULL, session_id = 1 WHERE number > 2")
        connection.commit()
    (line, *_) = tune(tmp_path, suite)
    assert line == "one-shot at 90 % on digits with mlp: 2 trials of a process that is gone are begun anew"
    assert rows(tmp_path, "SELECT DISTINCT status FROM session ORDER BY status") == [("done",), ("stale",)]


def test_a_study_has_one_process_at_a_time(tmp_path: Path) -> None:
    suite = written(tmp_path, ONE_SHOT)
    tune(tmp_path, suite, batches=1)
    with Store.open(tmp_path / "results.db") as store:
        session = store.start_session(SessionInfo("another command"))
        with closing(sqlite3.connect(tmp_path / "results.db")) as connection:
            connection.execute("UPDATE study SET session_id = ?", [session])
            connection.commit()
        with pytest.raises(UserError, match=r"study tuned/one-shot: session 2 \(process \d+\) is at it"):
            tune(tmp_path, suite)


def test_a_study_may_be_given_more(tmp_path: Path) -> None:
    tune(tmp_path, written(tmp_path, ONE_SHOT.replace("trials: 8", "trials: 4")))
    first = trials(tmp_path)
    assert len(first) == 4
    tune(tmp_path, written(tmp_path, ONE_SHOT))
    assert trials(tmp_path)[:4] == first
    assert rows(tmp_path, "SELECT trials, budget FROM studies") == [(8, 8.0)]


def test_a_budget_of_steps_is_the_same_for_methods_of_other_cost(tmp_path: Path) -> None:
    tune_text = """\
  sparsities: [0.9]
  seeds: [1000, 1001]
  budget: {trainings: 24}
  batch: 4
  halving: none
  studies:
    - one-shot: {rates: each}
    - lottery: {rates: each, rounds: 3}
"""
    tune(tmp_path, written(tmp_path, tune_text))
    found = rows(tmp_path, "SELECT name, trials, steps, budget, budget_unit FROM studies ORDER BY study")
    assert found == [("one-shot", 12, 24 * 60, 1440.0, "steps"), ("lottery", 3, 24 * 60, 1440.0, "steps")]


def test_a_trial_that_cannot_be_made_is_a_failed_one(tmp_path: Path) -> None:
    """Moments in the wrong order are refused; the study goes on without such a trial."""
    tune_text = """\
  sparsities: [0.9]
  seeds: [1000]
  budget: {trials: 12}
  batch: 4
  studies: [{dynamic: {at: [{low: 10 %, high: 90 %}, {low: 10 %, high: 90 %}]}}]
"""
    tune(tmp_path, written(tmp_path, tune_text))
    states = [state for (state,) in trials(tmp_path, "state")]
    assert {"failed", "done"} <= set(states)
    reasons = {reason for (reason,) in rows(tmp_path, "SELECT reason FROM trials WHERE state = 'failed'")}
    assert all("give at least one moment, none before the one that stands before it" in reason for reason in reasons)
    assert rows(tmp_path, "SELECT count(*) FROM trials WHERE state = 'failed' AND value IS NOT NULL") == [(0,)]


def test_a_run_that_breaks_fails_its_trial_alone(tmp_path: Path) -> None:
    broken: set[str] = set()

    def fails(question: Order | Measure) -> Failed | None:
        if isinstance(question, Order) and question.tasks[0].changes:
            broken.add(question.tasks[0].key)
            if question.tasks[0].key in {min(broken)}:
                return Failed("it broke", "error")
        return None

    tune(tmp_path, written(tmp_path, ONE_SHOT), before=fails)
    found = trials(tmp_path, "state, reason")
    assert len(found) == 8
    assert ("failed", "it broke") in found
    assert any(state == "done" for state, _ in found)


def test_trials_with_fine_tuning_are_looked_at_before_its_end(tmp_path: Path) -> None:
    tune_text = """\
  sparsities: [0.9]
  seeds: [1000, 1001]
  budget: {trials: 4}
  batch: 4
  halving: {seeds: 1, share: 25 %}
  studies: [{one-shot: {rates: each, fine-tune: {low: 40 steps, high: 80 steps}}}]
"""
    tune(tmp_path, written(tmp_path, tune_text))
    looks = rows(tmp_path, "SELECT part, count(*) FROM trial_run GROUP BY part ORDER BY part")
    assert looks == [(0.25, 4), (1.0, 3)]
    parts = dict(rows(tmp_path, "SELECT part, max(steps_alone) FROM trial_run GROUP BY part"))
    assert 70 <= parts[0.25] <= 80
    assert 100 <= parts[1.0] <= 140


def test_the_highest_sparsity_within_a_distance_of_dense(tmp_path: Path) -> None:
    tune_text = """\
  sparsities: [0.2, 0.99]
  seeds: [1000, 1001]
  budget: {trials: 24}
  batch: 6
  objective: {sparsity: {within: 5 %}}
  studies: [{one-shot: {scope: {any: [uniform, global]}}}]
"""
    tune(tmp_path, written(tmp_path, tune_text))
    (dense,) = rows(tmp_path, "SELECT accuracy FROM trials WHERE number = 0")[0]
    found = rows(tmp_path, "SELECT accuracy, sparsity, value FROM trials WHERE state = 'done' AND number > 0")
    assert len(found) >= 4
    for accuracy, sparsity, value in found:
        if accuracy >= dense - 0.05 - 1e-9:
            assert value == sparsity > 0
        else:
            assert value == pytest.approx(accuracy - dense + 0.05)
            assert value < 0
    ((best,),) = rows(tmp_path, "SELECT best_value FROM studies")
    assert best == max(value for *_, value in found) > 0.2


def test_both_at_once_give_a_front(tmp_path: Path) -> None:
    tune_text = """\
  sparsities: [0.2, 0.99]
  seeds: [1000]
  budget: {trials: 24}
  batch: 6
  objective: both
  sampler: nsga-ii
  studies: [{one-shot: {rates: each}}]
"""
    tune(tmp_path, written(tmp_path, tune_text))
    found = rows(tmp_path, "SELECT accuracy, sparsity FROM trials WHERE state = 'done'")
    assert len(found) == 24
    front = [one for one in found if not any(a >= one[0] and b >= one[1] and (a, b) != one for a, b in found)]
    assert len(front) > 2
    assert rows(tmp_path, "SELECT best FROM studies") == [(None,)]


def test_a_grid_ends_when_all_is_tried(tmp_path: Path) -> None:
    tune_text = """\
  sparsities: [0.9]
  seeds: [1000]
  sampler: grid
  batch: 4
  studies: [{one-shot: {rates: {each: {low: 0.5, high: 8, points: 3}}}}]
"""
    tune(tmp_path, written(tmp_path, tune_text))
    ((count, budget, steps),) = rows(tmp_path, "SELECT trials, budget, steps FROM studies")
    assert count == 9
    assert budget == steps == 9 * 60
    assert len(set(trials(tmp_path, "params"))) == 9
