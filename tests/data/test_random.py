"""Random numbers: the same for ever, independent by place, and of the distribution they claim."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from bench import random

places = st.lists(st.one_of(st.text(max_size=8), st.integers(0, 10**6)), max_size=3).map(tuple)


def test_values_are_pinned() -> None:
    """These values are part of every stored result; a change of them makes all results wrong."""
    assert random.words(0, count=2).tolist() == PINNED["words 0"]
    assert random.words(3, "order", 7, count=3).tolist() == PINNED["words 3"]
    assert random.permutation(1, "split", n=10).tolist() == PINNED["permutation"]
    assert random.permutations(2, "order", 0, rows=2, n=6).tolist() == PINNED["permutations"]
    assert [value.hex() for value in random.uniform(4, "init", shape=(3,))] == PINNED["uniform"]
    assert [value.hex() for value in random.normal(5, "init", shape=(40,))[:5]] == PINNED["normal"]
    tails = random.normal(5, "init", shape=(100_000,))
    assert [tails.min().hex(), tails.max().hex()] == PINNED["tails"]


PINNED: dict[str, object] = {
    "words 0": [16710456903995253619, 12328142120478475218],
    "words 3": [11221129534712087711, 14038141720994132267, 2714479050587429006],
    "permutation": [8, 9, 1, 4, 2, 5, 3, 0, 6, 7],
    "permutations": [[2, 0, 3, 1, 5, 4], [1, 2, 3, 0, 5, 4]],
    "uniform": ["0x1.93b1c25b17819p-1", "0x1.9ab822bfb9d60p-4", "0x1.2cda42cad283ap-2"],
    "normal": [
        "-0x1.d4c0de6f88779p+0",
        "-0x1.1d58b6ee57529p+0",
        "-0x1.bced8a4a10a9ep+0",
        "-0x1.03f9675116168p+0",
        "-0x1.d9cb2ece5b698p+0",
    ],
    "tails": ["-0x1.1a02b789586d0p+2", "0x1.1390216e37c9dp+2"],
}


@given(seed=st.integers(0, 2**40), place=places, count=st.integers(0, 50), more=st.integers(0, 50))
def test_a_longer_draw_begins_with_the_shorter(seed: int, place: tuple[str | int, ...], count: int, more: int) -> None:
    longer = random.words(seed, *place, count=count + more)
    assert (longer[:count] == random.words(seed, *place, count=count)).all()


@given(seed=st.integers(0, 2**40), place=places, rows=st.integers(0, 5), n=st.integers(0, 70))
def test_each_row_is_a_permutation(seed: int, place: tuple[str | int, ...], rows: int, n: int) -> None:
    drawn = random.permutations(seed, *place, rows=rows, n=n)
    assert drawn.shape == (rows, n)
    assert drawn.dtype == np.int64
    assert (np.sort(drawn, axis=1) == np.arange(n)).all()
    assert (random.permutations(seed, *place, rows=rows + 2, n=n)[:rows] == drawn).all()


def test_every_place_and_seed_has_numbers_of_its_own() -> None:
    places: list[tuple[str | int, ...]] = [(), ("a", "b"), ("ab",), ("a", 1), ("a", "1"), ("a1",), (1, "a"), ('a","b',)]
    drawn = [random.words(seed, *place, count=1).item() for seed in (0, 1) for place in places]
    assert len(set(drawn)) == len(drawn)


def test_the_global_generators_are_not_touched() -> None:
    np.random.seed(1)  # noqa: NPY002 the point is that it does not matter
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = random.normal(1, "x", shape=(3,))
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert (random.normal(1, "x", shape=(3,)) == first).all()


def test_all_orders_come_equally_often() -> None:
    orders = random.permutations(0, "fair", rows=12_000, n=4) @ np.array([64, 16, 4, 1])
    _, counts = np.unique(orders, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 0.001


def test_uniform_and_normal_numbers_are_what_they_claim() -> None:
    uniform = random.uniform(0, "test", shape=(50_000,))
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert stats.kstest(uniform, "uniform").pvalue > 0.001
    assert stats.kstest(random.normal(0, "test", shape=(50_000,)), "norm").pvalue > 0.001


@pytest.mark.parametrize("distance", [1.0, 1e-3, 1e-6, 1e-9, 1e-13])
def test_the_normal_quantile_agrees_with_scipy_into_the_tails(distance: float) -> None:
    p = np.linspace(0.01, 0.99, 999) * distance
    for q in (p, 1 - p):
        np.testing.assert_allclose(random._normal_quantile(q), special.ndtri(q), rtol=3e-7, atol=1e-15)


def test_no_word_gives_an_infinite_number(monkeypatch: pytest.MonkeyPatch) -> None:
    extremes = np.array([0, 2**64 - 1], dtype=np.uint64)
    monkeypatch.setattr(random, "words", lambda *_, **__: extremes)
    low, high = random.normal(0, shape=(2,))
    assert -8.5 < low == -high < -8
