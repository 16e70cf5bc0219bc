"""`rates: tuned`: what a study has found in the place of an option, and the reasons why it cannot be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.recipe import Prune
from tests.tuning.suites import written
from tests.tuning.work import grid, rows, run, tune

STUDY = """\
  seeds: [1000, 1001]
  budget: {trials: 6}
  batch: 3
  studies: [{one-shot: {rates: each}}]
"""
METHODS = "[none, one-shot, {one-shot: {rates: tuned}}]"


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    tune(folder, written(folder, STUDY, METHODS))
    run(folder, written(folder, STUDY, METHODS))
    return folder


def best(folder: Path, target: float) -> dict[str, float]:
    """The rates of the best trial at a sparsity, by the rows alone."""
    done = f"FROM trials WHERE target_sparsity = {target} AND state = 'done'"
    ((entry,),) = rows(folder, f"SELECT entry {done} ORDER BY value DESC, number LIMIT 1")
    rates: dict[str, float] = json.loads(entry)["one-shot"]["rates"]
    return rates


def test_each_level_has_the_best_of_its_study(tuned: Path) -> None:
    cells = grid(tuned, str(tuned / "tuned.yaml")).cells
    chosen = {cell.target: cell for cell in cells if cell.method.tuned}
    assert sorted(chosen) == [0.5, 0.9]
    for target, cell in chosen.items():
        rates = best(tuned, target)
        assert dict(cell.method.prune.rates) == rates
        (prune,) = (step for step in cell.steps if isinstance(step, Prune))
        for name, share in prune.level.layers:
            assert share == pytest.approx(rates[name], abs=0.01)
    assert [cell.level for cell in cells if cell.method.tuned] == [1, 2]


def test_tables_say_so_and_keep_what_was_chosen(tuned: Path) -> None:
    found = rows(
        tuned,
        "SELECT DISTINCT cell.method, settings.text FROM cell JOIN settings ON settings.id = settings_id"
        " WHERE method LIKE '%tuned%'",
    )
    assert {method for method, _ in found} == {"one-shot (rates tuned)"}
    kept = [json.loads(text)["prune"] for _, text in found]
    assert {prune["scope"] for prune in kept} == {"uniform"}
    assert best(tuned, 0.9) in [prune["rates"] for prune in kept]
    assert rows(tuned, "SELECT option, count(*) FROM tuned GROUP BY option") == [("rates", 2)]


def test_what_was_promised_stands_beside_what_came(tuned: Path) -> None:
    """Every number of the view against the rows that it comes from."""
    names = "target_sparsity, chosen_accuracy, validation_accuracy_mean, test_accuracy_mean, gain_mean, curse"
    found = rows(tuned, f"SELECT {names}, n, pairs, chosen_seeds, trials, default_method FROM tuning ORDER BY level")
    assert len(found) == 2
    for target, chosen, validation, test, gain, curse, n, pairs, seeds, count, default in found:
        ((value,),) = rows(tuned, f"SELECT max(value) FROM trials WHERE target_sparsity = {target} AND state = 'done'")
        assert chosen == value
        mean = "SELECT avg(validation_accuracy), avg(test_accuracy), count(*) FROM results"
        own = rows(tuned, f"{mean} WHERE method = 'one-shot (rates tuned)' AND target_sparsity = {target}")
        usual = rows(tuned, f"{mean} WHERE method = 'one-shot' AND target_sparsity = {target}")
        assert (validation, test, n) == pytest.approx(own[0])
        assert gain == pytest.approx(own[0][1] - usual[0][1])
        assert curse == pytest.approx(chosen - validation)
        assert (pairs, seeds, count, default) == (2, 2, 6, "one-shot")


def test_another_choice_makes_another_version_of_the_suite(tuned: Path, tmp_path: Path) -> None:
    suite = written(tmp_path, STUDY, METHODS)
    tune(tmp_path, written(tmp_path, STUDY.replace("trials: 6", "trials: 3"), METHODS))
    first = grid(tmp_path, written(tmp_path, STUDY, METHODS)).suite
    tune(tmp_path, suite)
    second = grid(tmp_path, suite).suite
    same = best(tmp_path, 0.5), best(tmp_path, 0.9)
    assert (first.hash == second.hash) == (
        {level.prune.rates for level in first.problems[0].methods[2].by_level}
        == {tuple(sorted(rates.items())) for rates in same}
    )
    assert second.hash == grid(tuned, str(tuned / "tuned.yaml")).suite.hash


def test_a_study_of_another_suite_by_its_name(tuned: Path) -> None:
    other = written(tuned, STUDY, "[none, {one-shot: {rates: {tuned: tuned/one-shot}}}]", name="another.yaml")
    cells = [cell for cell in grid(tuned, other).cells if cell.method.tuned]
    assert [dict(cell.method.prune.rates) for cell in cells] == [best(tuned, 0.5), best(tuned, 0.9)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"tune": STUDY.replace("1001", "1002")},
            "no study tuned/one-shot at 50 % in results.db; `bench tune tuned`",
        ),
        ({"methods": "[{one-shot: {rates: {tuned: nobody}}}]"}, "the suite has no study 'nobody' under `tune:`"),
        ({"methods": "[{one-shot: {rates: {tuned: mnist/one-shot}}}]"}, "no study mnist/one-shot at 50 %"),
        ({"seeds": "{from: 1001, count: 2}", "methods": "[{one-shot: {rates: {tuned: tuned/one-shot}}}]"}, "seed 1001"),
        ({"tune": STUDY + "  sparsities: [0.9]\n"}, "does not choose for a sparsity of 0.5"),
    ],
)
def test_what_cannot_be_had_is_said(tuned: Path, changes: dict[str, str], said: str) -> None:
    given = {"tune": STUDY, "methods": METHODS} | changes
    if "seeds" in given:  # seeds of its own tuning are refused by the file already
        given["tune"] = STUDY.replace("[1000, 1001]", "[5000]")
    suite = written(tuned, name="tuned.yaml" if "tune" in changes else "mine.yaml", **given)
    with pytest.raises(UserError) as error:
        grid(tuned, suite)
    assert said in str(error.value)
    written(tuned, STUDY, METHODS)


def test_a_study_that_is_not_finished_is_not_taken(tmp_path: Path) -> None:
    suite = written(tmp_path, STUDY, METHODS)
    tune(tmp_path, suite, batches=1)
    with pytest.raises(UserError, match=r"is not finished \(3 trials, 0 open\); `bench tune tuned` goes on"):
        grid(tmp_path, suite)
