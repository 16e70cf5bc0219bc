"""Numbers and words as people read them, and plain text in other languages' clothes."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.markup import markdown_text, tex
from analysis.wording import count, levels_text, listing, natural, number, p_value, percent, signed, significant, slug


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0"), (0.5, "50"), (0.488, "48.8"), (0.79, "79"), (0.98847, "98.8"), (0.9917, "99.17"), (0.99917, "99.917")],
)
def test_a_sparsity_has_as_many_digits_as_it_needs(share: float, text: str) -> None:
    assert percent(share) == f"{text}\N{NO-BREAK SPACE}%"


@given(st.floats(0, 0.999999))
def test_a_sparsity_below_one_never_reads_as_100_percent(share: float) -> None:
    assert not percent(share).startswith("100")


def test_numbers_and_differences() -> None:
    assert number(-1234.5, 1) == "−1,234.5"
    assert number(-0.001, 2) == "0.00"
    assert number(math.nan, 2) == "–"
    assert (signed(0.5, 1), signed(-0.5, 1), signed(0.001, 1), signed(-0.001, 1)) == ("+0.5", "−0.5", "0.0", "0.0")
    assert (p_value(0.0001), p_value(0.0123), p_value(0.5)) == ("p < 0.001", "p = 0.012", "p = 0.50")


def test_words() -> None:
    assert (count(1, "run"), count(1200, "run"), count(2, "way")) == ("1 run", "1,200 runs", "2 ways")
    assert (listing([]), listing("a"), listing("abc"), listing("abcd", most=2)) == (
        *("none", "a", "a, b and c", "a, b and 2 more"),
    )
    assert slug("MNIST (stand-in)", "α/β") == "mnist-stand-in"
    assert slug("β") == "unnamed"
    assert sorted(["b 10", "b 9", "A", "10", "9"], key=natural) == ["9", "10", "A", "b 9", "b 10"]


@given(st.text())
@example("x²")
def test_any_text_can_be_sorted_named_and_escaped(text: str) -> None:
    natural(text)
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert "\n" not in markdown_text(text)
    assert "\n" not in tex(text)


def test_signs_that_mean_something_elsewhere() -> None:
    assert tex("50 % of a_b & {c} ± 1 < 2 \\ −1") == (
        r"50 \% of a\_b \& \{c\} $\pm$ 1 \textless{} 2 \textbackslash{} $-$1"
    )
    assert markdown_text("a|b *c* <d> _e_") == r"a\|b \*c\* \<d\> \_e\_"


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ((), ""),
        ((0.5,), "50 %"),
        ((0.5, 0.8), "50 % and 80 %"),
        ((0.5, 0.8, 0.9), "50 % to 90 %"),
        ((0.98,), "98 %"),
        ((0.95, 0.98), "95 % and beyond"),
        ((0.5, 0.95, 0.98), "50 %, then 95 % and beyond"),
        ((0.5, 0.8, 0.9, 0.95, 0.98), "every sparsity"),
    ],
)
def test_levels_are_told_as_people_tell_them(chosen: tuple[float, ...], says: str) -> None:
    assert levels_text(chosen, (0.5, 0.8, 0.9, 0.95, 0.98)).replace("\N{NO-BREAK SPACE}", " ") == says


@pytest.mark.parametrize(
    ("value", "says"),
    [
        *((0, "0"), (7, "7"), (2.0, "2"), (1.5, "1.50"), (12.345, "12.3"), (0.0123456, "0.0123"), (21000, "21,000")),
        *((123456.7, "123,457"), (1.234e12, "1.23e12"), (float("nan"), "")),
    ],
)
def test_sizes_have_the_digits_that_count(value: float, says: str) -> None:
    assert significant(value) == says
