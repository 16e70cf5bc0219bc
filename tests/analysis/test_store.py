"""Against the real database: the analysis reads its views, and agrees with what they compute."""

from pathlib import Path

import numpy as np
import pytest

from analysis import comparison, load, load_missing, queries, write_report
from bench.store import (
    CellRecord,
    EnvironmentInfo,
    PackRecord,
    RunRecord,
    SessionInfo,
    Store,
    SuiteRecord,
)

METHODS = {"none": (0,), "one-shot": (1, 2, 3), "lottery": (1, 2, 3)}
SEEDS = range(6)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of three methods, most of it run; one run diverged, one failed, one is missing."""
    file = tmp_path_factory.mktemp("store") / "results.db"
    rng = np.random.default_rng(5)
    suite = SuiteRecord("digits", "full", "Digits", "test_accuracy", "c0ffee", "title: Digits")
    cells = [
        CellRecord(
            "digits", False, "mlp", method, method, {}, level, level / 4, {}, "a paper",
            tuple((seed, f"{method}/{level}/{seed}") for seed in SEEDS), position,
        )
        for position, method in enumerate(METHODS)
        for level in METHODS[method]
    ]  # fmt: skip
    with Store.open(file) as store:
        store.register(suite, cells)
        session = store.start_session(SessionInfo("bench run digits"))
        runs = []
        for cell in cells:
            for seed, key in cell.seeds:
                if key == "lottery/3/5":
                    continue
                status = {"lottery/1/0": "diverged", "one-shot/2/1": "failed"}.get(key, "done")
                accuracy = round(360 * (0.96 - 0.02 * cell.level + 0.01 * rng.normal())) / 360
                values = {"test_accuracy": accuracy, "test_loss": 1 - accuracy, "sparsity": cell.level / 4}
                ended = values if status == "done" else {"reason": "it went wrong"}
                runs.append(RunRecord(key, seed, status, test_count=360, **ended))  # type: ignore[arg-type]  # a literal
        store.write(session, store.environment(EnvironmentInfo("cpu", "Some CPU", "2.15")), PackRecord(tuple(runs)))
        store.end_session(session, "done")
    return file


def rows(path: Path, sql: str) -> list[dict[str, object]]:
    with Store.open(path, read_only=True) as store:
        result = store.query(sql)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def test_means_intervals_and_differences_are_those_of_the_views(path: Path) -> None:
    (grid,) = comparison(load(path), "test_loss", missing=load_missing(path)).grids
    summary = {(row["method"], row["level"]): row for row in rows(path, "select * from summary")}
    dense = {(row["method"], row["level"]): row for row in rows(path, "select * from versus_dense")}
    assert set(summary) == {(cell.method, cell.level) for cell in grid.measured}
    for cell in grid.measured:
        view = summary[cell.method, cell.level]
        assert cell.summary is not None
        ours = (cell.n, cell.failed, cell.diverged, cell.collapsed)
        assert ours == (view["n"], view["failed"], view["diverged"], view["collapsed"])
        for name in ("mean", "sd", "low", "high"):
            assert getattr(cell.summary, name) == pytest.approx(view[f"test_loss_{name}"], rel=1e-9)
        if cell.difference is not None:
            pair = dense[cell.method, cell.level]
            assert cell.difference.n == pair["n"]
            for name in ("mean", "sd", "low", "high"):
                assert getattr(cell.difference, name) == pytest.approx(pair[f"test_loss_difference_{name}"], rel=1e-9)


def test_methods_stand_in_the_order_of_the_suite_file(path: Path) -> None:
    (grid,) = comparison(load(path), missing=load_missing(path)).grids
    assert grid.methods == tuple(METHODS)
    assert set(load_missing(path)["position"]) == {1, 2}


def test_what_is_missing_is_known(path: Path) -> None:
    (grid,) = comparison(load(path), missing=load_missing(path)).grids
    cells = {place: grid.cell(*place) for place in (("lottery", 3), ("one-shot", 2), ("lottery", 1), ("none", 0))}
    assert {place: (cell.final, cell.planned) for place, cell in cells.items() if cell} == {
        ("lottery", 3): (5, 6),
        ("one-shot", 2): (5, 6),
        ("lottery", 1): (6, 6),
        ("none", 0): (6, 6),
    }


def test_the_report_of_a_real_database(path: Path, tmp_path: Path) -> None:
    text = write_report(path, tmp_path / "report")[0].read_text()
    assert "41 of 42" not in text
    assert "40 of 42" in text
    assert "it went wrong" in text
    (grid,) = comparison(load(path)).grids
    means = {(row["method"], row["level"]): row["mean"] for row in rows(path, queries.means(grid))}
    assert all(
        means[cell.method, cell.level] == pytest.approx(cell.summary.mean) for cell in grid.measured if cell.summary
    )
    assert len(rows(path, queries.differences(grid))) == 6
