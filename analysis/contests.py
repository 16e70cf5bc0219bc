"""Sentences about methods against each other: which a test tells apart, and how alike the others are shown to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis import stats
from analysis.cube import Cube
from analysis.duels import Duels, duels
from analysis.stats import SMALL_TEST_SET
from analysis.wording import EVERYWHERE, Metric, count, levels_text, listing, number, percent

MOST = 5  # sentences of each kind
SAME_POINTS = 0.01  # accuracies that are shown to be closer count as equal
SAME_LOSS = 0.1  # and losses that are closer than this share of the larger


@dataclass(frozen=True)
class Peak:
    """The level at which a win is largest, with the ends of its interval there."""

    column: int
    size: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True)
class Win:
    """Where a method beats a rival, and by how much."""

    winner: str
    rival: str
    columns: tuple[int, ...]  # levels of the cube
    smallest: float  # mean differences, in the unit of the metric
    largest: float
    low: float  # the ends of their 95 % intervals
    high: float
    pairs: tuple[int, int]  # the fewest and the most
    peak: Peak


def wins(found: Duels) -> list[Win]:
    """Every pair with levels at which the test, corrected over all pairs and levels, tells the two apart."""
    made = []
    for pair in range(len(found.places)):
        ahead = found.ahead(pair)
        names = found.names(pair)
        for side, (winner, rival) in ((1.0, names), (-1.0, names[::-1])):
            columns = np.flatnonzero(ahead == side)
            if len(columns):
                tested = found.tested
                sizes = np.abs(tested.mean[pair, columns])
                ends = np.abs(np.array([tested.low[pair, columns], tested.high[pair, columns]]))
                n = tested.n[pair, columns]
                top = int(sizes.argmax())
                made.append(
                    Win(
                        winner,
                        rival,
                        tuple(int(column) for column in columns),
                        float(sizes.min()),
                        float(sizes.max()),
                        float(ends.min()),
                        float(ends.max()),
                        (int(n.min()), int(n.max())),
                        Peak(
                            int(columns[top]),
                            float(sizes[top]),
                            float(ends[:, top].min()),
                            float(ends[:, top].max()),
                            int(n[top]),
                        ),
                    )
                )
    return made


def told_apart(cube: Cube, most: int = MOST) -> list[str]:
    """Lottery beats one-shot from 95.6 % sparsity on, by 0.4 to 2.1 points (95 % intervals from 0.2 to 2.6, n = 5).

    Of each method the strongest rival that it beats is told, the others are counted.
    """
    found = duels(cube)
    every = wins(found)
    strength = _strength(cube)
    by_winner: dict[str, list[Win]] = {}
    for win in every:
        by_winner.setdefault(win.winner, []).append(win)
    order = sorted(by_winner, key=strength.__getitem__)
    sentences = []
    for winner in order[:most]:
        rivals = sorted(by_winner[winner], key=lambda win: strength[win.rival])
        others = f"; it also beats {count(len(rivals) - 1, 'other method')}" if len(rivals) > 1 else ""
        sentences.append(f"{_told(cube, found, rivals[0])}{others}.")
    if sentences:
        tests = f"Paired t tests, Holm-corrected over {count(found.tests, 'comparison')}: all pairs at all sparsities."
        sentences[0] = f"{sentences[0]} {tests}"
    rest = sum(len(by_winner[winner]) for winner in order[most:])
    if rest:
        sentences.append(f"{count(rest, 'more pair')} of methods told apart: the table of methods against each other.")
    return sentences


def _strength(cube: Cube) -> dict[str, int]:
    """Methods by their place, 0 for the best, in the mean over levels of the ranks of their means."""
    means = np.full(cube.planned.shape, -np.inf)
    means[cube.measured] = [cube.metric.sign * float(np.nanmean(row)) for row in cube.values[cube.measured]]
    places = (-means).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable").astype(np.float64)
    places[~cube.measured] = np.nan
    there = cube.measured.any(axis=1)
    average = np.full(len(cube.methods), np.inf)
    average[there] = np.nanmean(places[there], axis=1)
    return {cube.methods[row]: place for place, row in enumerate(np.argsort(average, kind="stable"))}


def not_told_apart(cube: Cube, most: int = MOST) -> list[str]:
    """For pairs that no test tells apart anywhere: how far apart they can still be, by equivalence tests."""
    found = duels(cube)
    if not found.tests:
        return []
    bounds = stats.indistinct(found.tested.mean, found.tested.sd, found.tested.n)
    alike: list[tuple[float, int]] = []
    open_: list[tuple[float, int]] = []
    for pair in range(len(found.places)):
        met = found.tested.n[pair] > 0
        if not met.any() or found.ahead(pair).any() or np.isnan(bounds[pair][met]).any():
            continue
        bound = float(bounds[pair][met].max())
        (alike if bound <= _same(cube, pair, found) else open_).append((bound, pair))
    return [*_alike(found, sorted(alike)[:most]), *_open(found, sorted(open_), most)]


def across(cubes: Sequence[Cube], most: int) -> list[str]:
    """For each method the rival that it beats in most comparisons, the strongest of such, and by how much at most: of
    the comparison with the most seeds, so that it is no lucky one."""
    names = _names(cubes)
    return [_across(one, names) for one in _rivalries(cubes)[:most]]


@dataclass(frozen=True)
class _Rivalry:
    """A method and one that it beats."""

    winner: str
    rival: str
    wins: tuple[tuple[Cube, Win], ...]
    lost: int  # comparisons in which it is the other way round
    met: int  # comparisons that have both


def _rivalries(cubes: Sequence[Cube]) -> list[_Rivalry]:
    """One for each method that beats another, those with the most wins first."""
    tally: dict[tuple[str, str], list[tuple[Cube, Win]]] = {}
    met: dict[frozenset[str], int] = {}
    places: dict[str, list[int]] = {}
    for cube in cubes:
        found = duels(cube)
        for method, place in _strength(cube).items():
            places.setdefault(method, []).append(place)
        for pair in np.flatnonzero((found.tested.n > 1).any(axis=1)):
            both = frozenset(found.names(int(pair)))
            met[both] = met.get(both, 0) + 1
        for win in wins(found):
            tally.setdefault((win.winner, win.rival), []).append((cube, win))
    strength = {method: sum(own) / len(own) for method, own in places.items()}
    best: dict[str, tuple[str, str]] = {}
    for pair_ in sorted(tally, key=lambda pair: (-len(tally[pair]), strength[pair[1]])):
        best.setdefault(pair_[0], pair_)
    order = sorted(best, key=lambda winner: (-len(tally[best[winner]]), strength[winner]))
    pairs = [best[winner] for winner in order]
    return [_Rivalry(*pair, tuple(tally[pair]), len(tally.get(pair[::-1], ())), met[frozenset(pair)]) for pair in pairs]


def _names(cubes: Sequence[Cube]) -> dict[tuple[str, str, str], str]:
    """What each problem is called; those that several suites have are told with their suite."""
    suites: dict[tuple[str, str], set[str]] = {}
    for cube in cubes:
        suites.setdefault((cube.data, cube.model), set()).add(cube.suite)
    return {
        (suite, data, model): f"{data} with {model}" + (f" in suite {suite}" if len(here) > 1 else "")
        for (data, model), here in suites.items()
        for suite in here
    }


def _told(cube: Cube, found: Duels, win: Win) -> str:
    return f"{win.winner} beats {win.rival} {_where(cube, found, win)}, {_by(cube, win)}"


def _by(cube: Cube, win: Win) -> str:
    """By 0.4 to 2.1 points (95 % intervals from 0.2 to 2.6; n = 5)."""
    n = f"n = {win.pairs[0]}" if win.pairs[0] == win.pairs[1] else f"n = {win.pairs[0]} to {win.pairs[1]}"
    interval = "interval" if len(win.columns) == 1 else "intervals"
    by, ends = _sizes(cube, win.smallest, win.largest), _sizes(cube, win.low, win.high)
    return f"by {by} (95 % {interval} from {ends}; {n})"


def _where(cube: Cube, found: Duels, win: Win) -> str:
    pair = next(number for number in range(len(found.places)) if set(found.names(number)) == {win.winner, win.rival})
    ladder = [target for target, n in zip(cube.targets, found.tested.n[pair], strict=True) if n]
    text = levels_text([cube.targets[column] for column in win.columns], ladder)
    if text == EVERYWHERE:
        return f"at {text}"
    before, then, beyond = text.rpartition(", then ")
    if not beyond.endswith(" and beyond"):
        return f"at {text} sparsity"
    on = f"from {beyond.removesuffix(' and beyond')} sparsity on"
    return f"at {before} and {on}" if then else on


def _sizes(cube: Cube, low: float, high: float) -> str:
    digits = _digits(cube.metric, cube.test_count)
    texts = [number(size * cube.metric.scale, digits) for size in (low, high)]
    span = texts[0] if texts[0] == texts[1] else " to ".join(texts)
    return f"{span} {cube.metric.difference_unit}"


def _digits(metric: Metric, test_count: int | None) -> int:
    if not metric.is_accuracy:
        return metric.decimals - 1
    return 1 if test_count is not None and test_count < SMALL_TEST_SET else metric.decimals


def _same(cube: Cube, pair: int, found: Duels) -> float:
    if cube.metric.is_accuracy:
        return SAME_POINTS
    rows = found.places[pair]
    return SAME_LOSS * float(np.nanmax(np.nanmean(cube.values[list(rows)], axis=(1, 2))))


def _alike(found: Duels, pairs: Sequence[tuple[float, int]]) -> list[str]:
    if not pairs:
        return []
    cube = found.cube
    parts = [f"{listing(found.names(pair))} within {_sizes(cube, bound, bound)}" for bound, pair in pairs]
    return [f"Shown to be alike at every sparsity (two one-sided tests, 5 %, {_pairs(found)}): {'; '.join(parts)}."]


def _open(found: Duels, pairs: Sequence[tuple[float, int]], most: int) -> list[str]:
    if not pairs:
        return []
    cube = found.cube
    parts = [f"{listing(found.names(pair))} (up to {_sizes(cube, bound, bound)})" for bound, pair in pairs[:most]]
    rest = f"; and {count(len(pairs) - most, 'more pair')}" if len(pairs) > most else ""
    command = f"`bench power {cube.suite} --difference D --against {_quoted(found.names(pairs[0][1])[0])}`"
    return [
        f"Neither told apart nor shown to be alike ({_pairs(found)}); in brackets how far apart they may still be:"
        f" {'; '.join(parts)}{rest}. {command} says how many seeds would show a difference of D."
    ]


def _pairs(found: Duels) -> str:
    n = found.tested.n[found.tested.n > 0]
    return f"n = {n.min()}" if n.min() == n.max() else f"n = {n.min()} to {n.max()}"


def _quoted(label: str) -> str:
    return f"'{label}'" if set(label) & set(" ()'") else label


def _across(one: _Rivalry, names: Mapping[tuple[str, str, str], str]) -> str:
    cube, win = max(one.wins, key=lambda place: place[1].peak.pairs)
    peak = win.peak
    lost = f" (the other way round in {one.lost})" if one.lost else ""
    by, ends = _sizes(cube, peak.size, peak.size), _sizes(cube, peak.low, peak.high)
    return (
        f"{one.winner} beats {one.rival} at some sparsity in {len(one.wins)} of {count(one.met, 'comparison')}{lost}:"
        f" by up to {by} (95 % interval from {ends}; n = {peak.pairs}), at {percent(cube.targets[peak.column])} on"
        f" {names[cube.suite, cube.data, cube.model]}."
    )
