"""What results call the data and the networks of a suite: everything that is compared has a name of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.data.policy import DataPolicy
from bench.grid import Grid, expand
from bench.only import as_stored, picked
from bench.plan import make_plan
from bench.records import cell_records
from bench.registry import Choice
from tests.plan.grids import suite

SMALL, LARGE = Choice("mlp", (("sizes", (4,)),)), Choice("mlp", (("sizes", (8, 4)),))


@pytest.fixture
def grid() -> Grid:
    """Two networks of one name on two data sets of one name."""
    (problem,) = suite(seeds=[0]).problems
    data = (Choice("penguins"), Choice("penguins", (("split", "published"),)))
    problems = [replace(problem, data=one, model=model) for one in data for model in (SMALL, LARGE)]
    return expand(replace(suite(), problems=tuple(problems)), DataPolicy())


def test_what_has_one_name_is_told_apart_by_its_options(grid: Grid) -> None:
    assert [(ground.data.name, ground.model) for ground in grid.grounds] == [
        (data, model)
        for data in ("penguins (split stratified)", "penguins (split published)")
        for model in ("mlp (sizes 4)", "mlp (sizes 8, 4)")
    ]


def test_no_two_cells_of_the_database_are_the_same(grid: Grid) -> None:
    records = cell_records(make_plan(grid))
    assert len({(one.data, one.model, one.method, one.level) for one in records}) == len(records)


def test_what_has_a_name_of_its_own_keeps_it() -> None:
    (problem,) = suite().problems
    problems = (problem, replace(problem, model=SMALL))
    names = [ground.model for ground in expand(replace(suite(), problems=problems), DataPolicy()).grounds]
    assert names == ["penguin-net", "mlp"]


def test_a_name_is_no_part_of_a_key(grid: Grid) -> None:
    (problem,) = suite(seeds=[0]).problems
    alone = expand(replace(suite(), problems=(replace(problem, model=SMALL),)), DataPolicy())
    (ground,) = alone.grounds
    assert ground.model == "mlp"
    assert ground.start(0) == grid.grounds[0].start(0)


def test_a_filter_takes_either_name(grid: Grid) -> None:
    assert len(picked(grid.cells, {"model": ["mlp"]})) == len(grid.cells)
    chosen = picked(grid.cells, {"model": ["mlp (sizes 4)"], "data": ["penguins"]})
    assert {cell.ground.model for cell in chosen} == {"mlp (sizes 4)"}
    stored = as_stored({"model": ["mlp"], "method": ["lottery"]}, chosen)
    assert stored == {"model": ["mlp (sizes 4)"], "method": ["lottery"]}
