"""The comparison: what pairs with what, what counts, what is bold."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats as scipy_stats

from analysis import comparison, load, load_missing
from analysis.grid import Comparison, Grid
from bench.errors import UserError
from tests.analysis.generate import CPU, GPU, Simulation, database

Made = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Made:
    return lambda *simulations: database(tmp_path / "results.db", *simulations)


def compare(path: Path, **options: object) -> Comparison:
    return comparison(load(path), missing=load_missing(path), **options)  # type: ignore[arg-type]  # any option


def only_grid(found: Comparison) -> Grid:
    (grid,) = found.grids
    return grid


SMALL = Simulation(methods=("none", "one-shot", "lottery"), targets=(0.5, 0.9, 0.98), seeds=range(6))


def test_means_and_differences_are_those_of_scipy(make: Made) -> None:
    path = make(SMALL)
    frame, grid = load(path), only_grid(compare(path))
    assert grid.methods == ("none", "one-shot", "lottery")  # as the suite file has them
    assert [level.index for level in grid.levels] == [0, 1, 2, 3]
    for cell in grid.cells:
        runs = frame[(frame["method"] == cell.method) & (frame["level"] == cell.level)].sort_values("seed")
        assert cell.summary is not None
        assert cell.summary.mean == pytest.approx(runs["test_accuracy"].mean())
        assert cell.sparsity == pytest.approx(runs["sparsity"].mean())
        dense = frame[frame["method"] == "none"].sort_values("seed")
        if cell.method == "none":
            assert cell.difference is None
            continue
        theirs = scipy_stats.ttest_rel(runs["test_accuracy"], dense["test_accuracy"])
        assert cell.difference is not None
        assert cell.difference.n == 6
        assert cell.difference.p == pytest.approx(theirs.pvalue)
        assert (cell.p_holm or 0) >= theirs.pvalue * (1 - 1e-9)


def test_pairs_are_by_seed_and_by_level_and_never_by_sparsity(make: Made) -> None:
    frame = load(make(SMALL))
    # Another measured sparsity at the same level changes no pair; a seed that one side lacks leaves the pairs.
    frame.loc[frame["method"] == "lottery", "sparsity"] += 0.013
    frame = frame[~((frame["method"] == "one-shot") & (frame["seed"] == 3))]
    frame = frame.sample(frac=1, random_state=1)
    grid = only_grid(comparison(frame, against="one-shot"))
    cell = grid.cell("lottery", 2)
    assert cell is not None
    assert cell.difference is not None
    assert cell.difference.n == 5
    mine = frame[(frame["method"] == "lottery") & (frame["level"] == 2)].set_index("seed")["test_accuracy"]
    other = frame[(frame["method"] == "one-shot") & (frame["level"] == 2)].set_index("seed")["test_accuracy"]
    assert cell.difference.mean == pytest.approx((mine - other).mean())
    assert grid.methods[0] == "one-shot"
    dense = grid.cell("none", 0)
    assert dense is not None
    assert dense.difference is None


def test_environments_and_problems_are_never_averaged(make: Made) -> None:
    path = make(
        SMALL, Simulation(**{**vars(SMALL), "environment": GPU}), Simulation(**{**vars(SMALL), "data": "fmnist"})
    )
    found = compare(path)
    assert [(grid.data, grid.environment) for grid in found.grids] == [("fmnist", CPU), ("mnist", CPU), ("mnist", GPU)]
    for grid in found.grids:
        assert {cell.n for cell in grid.cells} == {6}
    frame = load(path)
    here = frame[(frame["environment"] == GPU) & (frame["method"] == "lottery") & (frame["level"] == 1)]
    cell = found.grids[2].cell("lottery", 1)
    assert cell is not None
    assert cell.summary is not None
    assert cell.summary.mean == pytest.approx(here["test_accuracy"].mean())


def test_collapsed_runs_count_and_diverged_and_failed_ones_do_not(make: Made) -> None:
    endings = {
        ("lottery", 1, 0): ("collapsed", "layer fc1 is empty"),
        ("lottery", 1, 1): ("diverged", "loss was not finite"),
        ("lottery", 1, 2): ("failed", "out of memory"),
    }
    cell = only_grid(compare(make(Simulation(**{**vars(SMALL), "statuses": endings})))).cell("lottery", 1)
    assert cell is not None
    assert (cell.n, cell.final, cell.planned) == (4, 5, 6)
    assert (cell.collapsed, cell.diverged, cell.failed) == (1, 1, 1)


def test_where_networks_collapsed_the_interval_leans_to_their_side(make: Made) -> None:
    endings = {("lottery", 1, seed): ("collapsed", "layer fc1 is empty") for seed in range(3)}
    plan = {**vars(SMALL), "seeds": range(12), "statuses": endings}
    cell = only_grid(compare(make(Simulation(**plan)))).cell("lottery", 1)
    assert cell is not None
    assert cell.summary is not None
    assert (cell.summary.n, cell.summary.interval) == (12, "BCa")
    assert cell.summary.low is not None
    assert cell.summary.high is not None
    assert cell.summary.mean - cell.summary.low > cell.summary.high - cell.summary.mean > 0
    assert cell.summary.high < 1


def test_missing_runs_are_known_even_of_cells_that_have_not_begun(make: Made) -> None:
    path = make(Simulation(**{**vars(SMALL), "planned": range(10)}))
    frame, missing = load(path), load_missing(path)
    grid = only_grid(comparison(frame[frame["method"] != "one-shot"], missing=missing))
    begun, waiting = grid.cell("lottery", 1), grid.cell("one-shot", 1)
    assert begun is not None
    assert (begun.final, begun.planned) == (6, 10)
    assert waiting is not None
    assert (waiting.n, waiting.final, waiting.planned) == (0, 0, 4)
    without = only_grid(comparison(frame)).cell("lottery", 1)
    assert without is not None
    assert without.planned == 6


def frame_of(values: dict[str, list[float]], metric: str = "test_accuracy") -> pd.DataFrame:
    """Runs at one level with chosen values by seed."""
    rows = list(Simulation(methods=("none",), seeds=[0]).rows())
    made = []
    for method, by_seed in values.items():
        for seed, value in enumerate(by_seed):
            name = {"method": method, "method_name": method, "level": 1, "target_sparsity": 0.9, "seed": seed}
            made.append(rows[0] | name | {metric: value, "metric": metric})
    return pd.DataFrame(made).astype({"standin": bool})


@pytest.mark.parametrize(("metric", "winner"), [("test_accuracy", "a"), ("test_loss", "b")])
def test_only_what_the_test_tells_apart_is_bold(metric: str, winner: str) -> None:
    clear = {"a": [0.91, 0.93, 0.92, 0.94], "b": [0.81, 0.83, 0.82, 0.841]}
    cells = only_grid(comparison(frame_of(clear, metric))).cells
    assert [cell.method for cell in cells if cell.best] == [winner]
    close = {"a": [0.91, 0.93, 0.92, 0.94], "b": [0.92, 0.91, 0.93, 0.93]}
    assert not any(cell.best for cell in only_grid(comparison(frame_of(close, metric))).cells)
    assert not any(cell.best for cell in only_grid(comparison(frame_of({"a": [0.9], "b": [0.1]}, metric))).cells)


def test_a_method_that_fails_on_some_seeds_is_never_best() -> None:
    frame = frame_of({"a": [0.91, 0.93, 0.92, 0.94, 0.93], "b": [0.81, 0.83, 0.82, 0.841, 0.83]})
    unlucky = (frame["method"] == "a") & (frame["seed"] == 4)
    frame = frame.assign(
        status=frame["status"].mask(unlucky, "diverged"), test_accuracy=frame["test_accuracy"].mask(unlucky)
    )
    assert not any(cell.best for cell in only_grid(comparison(frame)).cells)


def test_the_headline_metric_is_the_suites(make: Made) -> None:
    path = make(SMALL, Simulation(**{**vars(SMALL), "suite": "penguins", "data": "penguins", "metric": "test_loss"}))
    assert [grid.metric.name for grid in compare(path).grids] == ["test_accuracy", "test_loss"]
    assert {grid.metric.name for grid in compare(path, metric="validation_loss").grids} == {"validation_loss"}


def test_cells_can_be_chosen_and_what_they_are_compared_with_stays(make: Made) -> None:
    path = make(SMALL)
    grid = only_grid(compare(path, only={"method": ["lottery"], "sparsity": ["90 %"]}))
    assert {(cell.method, cell.level) for cell in grid.cells} == {("none", 0), ("lottery", 2)}
    cell = grid.cell("lottery", 2)
    whole = only_grid(compare(path)).cell("lottery", 2)
    assert cell is not None
    assert whole is not None
    assert cell.difference == whole.difference
    assert cell.p_holm == whole.difference.p if whole.difference else False  # a family of one
    grid = only_grid(compare(path, against="one-shot", only={"method": ["lottery"]}))
    assert grid.methods == ("one-shot", "lottery")
    assert {cell.n for cell in only_grid(compare(path, only={"seed": ["1", "2"]})).cells} == {2}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"metric": "accuracy"}, "metric: 'accuracy' is not a metric"),
        ({"against": "lotery"}, "against: no method 'lotery' in these results; did you mean 'lottery'?"),
        ({"only": {"methods": ["lottery"]}}, "only: 'methods' is nothing to choose by; did you mean 'method'?"),
        ({"only": {"method": ["lotery"]}}, "only: no run has the method 'lotery'; did you mean 'lottery'?"),
        ({"only": {"sparsity": ["0.7"]}}, "only: no run has the sparsity '0.7'; known are: 0"),
        ({"only": {"sparsity": ["many"]}}, "only: 'many' is not a sparsity; write 0.9 or 90 %"),
    ],
)
def test_bad_choices_are_named(make: Made, options: dict[str, object], says: str) -> None:
    with pytest.raises(UserError) as caught:
        compare(make(SMALL), **options)
    assert str(caught.value).startswith(says)


def test_a_name_that_several_methods_share_is_refused(make: Made) -> None:
    path = make(Simulation(methods=("none", "one-shot (fine-tune 1 epoch)", "random one-shot"), targets=(0.5,)))
    with pytest.raises(UserError, match="is the name of 2 methods"):
        compare(path, against="one-shot")


def test_a_ladder_rung_is_found_by_its_rounded_sparsity(make: Made) -> None:
    path = make(Simulation(**{**vars(SMALL), "targets": (0.2, 0.36, 0.488, 0.5904)}))
    assert [level.index for level in only_grid(compare(path, only={"sparsity": ["0.59"]})).levels] == [0, 4]


def test_nothing_compares_to_nothing(make: Made) -> None:
    nothing = compare(make())
    assert nothing.grids == ()
    assert nothing.to_markdown() == ""


def test_exports_say_the_same(make: Made) -> None:
    found = compare(make(SMALL))
    frame = found.to_frame()
    assert len(frame) == 7
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    cells = plain["grids"][0]["cells"]
    assert [cell["mean"] for cell in cells] == pytest.approx(list(frame["mean"]))
    assert cells[0]["difference"] is None
    assert cells[1]["difference"]["mean"] == pytest.approx(frame["difference_mean"].iloc[1])
    assert found.to_csv().splitlines()[0] == ",".join(frame.columns)
