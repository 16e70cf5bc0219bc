"""The words and number formats of tables, figures and report: one place, so that all of them say it alike."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.errors import UserError, nearest

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
EVERYWHERE = "every sparsity"
ALL_EQUAL = "all equal"  # in place of an interval without length


@dataclass(frozen=True)
class Metric:
    """A measured quantity: how it is called, in which unit people read it, and which way is better."""

    name: str  # the column of the `results` view
    label: str
    unit: str  # the unit of what is shown
    difference_unit: str
    scale: float  # shown value = scale x stored value
    decimals: int
    lower_is_better: bool

    @property
    def sign(self) -> int:
        """+1 where more is better, -1 where less is."""
        return -1 if self.lower_is_better else 1

    @property
    def is_accuracy(self) -> bool:
        """Whether it is a share of right answers."""
        return self.name.endswith("accuracy")

    @property
    def is_test(self) -> bool:
        """Whether it was taken on the test data, whose size is known."""
        return "test_" in self.name

    @property
    def words(self) -> str:
        """The label inside a sentence."""
        return self.label[0].lower() + self.label[1:]

    @property
    def axis(self) -> str:
        """The label of an axis."""
        return f"{self.label} ({self.unit})"

    @property
    def difference_axis(self) -> str:
        """The label of an axis of differences."""
        return f"Difference in {self.words} ({self.difference_unit})"


def _accuracy(name: str, label: str) -> Metric:
    return Metric(name, label, "%", "points", 100.0, 2, lower_is_better=False)


def _loss(name: str, label: str) -> Metric:
    return Metric(name, label, "nats", "nats", 1.0, 4, lower_is_better=True)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _accuracy("test_accuracy", "Test accuracy"),
        _loss("test_loss", "Test loss"),
        _accuracy("validation_accuracy", "Validation accuracy"),
        _loss("validation_loss", "Validation loss"),
        _loss("train_loss", "Training loss"),
        _accuracy("pruned_test_accuracy", "Test accuracy right after pruning"),
        _loss("pruned_test_loss", "Test loss right after pruning"),
        _accuracy("pruned_validation_accuracy", "Validation accuracy right after pruning"),
        _loss("pruned_validation_loss", "Validation loss right after pruning"),
        _accuracy("recalibrated_test_accuracy", "Test accuracy with batch norm taken anew"),
        _loss("recalibrated_test_loss", "Test loss with batch norm taken anew"),
        _accuracy("recalibrated_validation_accuracy", "Validation accuracy with batch norm taken anew"),
        _loss("recalibrated_validation_loss", "Validation loss with batch norm taken anew"),
        _accuracy("recalibrated_pruned_test_accuracy", "Test accuracy right after pruning, batch norm taken anew"),
        _accuracy(
            "recalibrated_pruned_validation_accuracy", "Validation accuracy right after pruning, batch norm taken anew"
        ),
    )
}


def metric_named(name: str) -> Metric:
    """The metric of this name."""
    if name not in METRICS:
        raise UserError(f"metric: {name!r} is not a metric that can be compared; {nearest(name, METRICS)}")
    return METRICS[name]


def number(value: float, decimals: int) -> str:
    """A number with a proper minus sign; a rounded zero has none."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:,.{decimals}f}"
    if set(text) <= set("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def significant(value: float, digits: int = 3) -> str:
    """A size with so many digits that count: 21,000, 12.5, 0.0123, 1.23e12; empty for none."""
    if not math.isfinite(value):
        return ""
    if abs(value) >= 1e7:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    before = math.floor(math.log10(abs(value))) + 1 if value else 1
    return number(value, max(0, digits - before)) if value != int(value) or before > digits else number(value, 0)


def signed(value: float, decimals: int) -> str:
    """A difference: always with its sign, but for a rounded zero."""
    text = number(value, decimals)
    return text if text.startswith(MINUS) or not any(digit in text for digit in "123456789") else f"+{text}"


def percent(share: float) -> str:
    """A sparsity in per cent with as many decimals as tell it from 100 %: 50 %, 94.5 %, 98.8 %, 99.917 %."""
    if not math.isfinite(share):
        return DASH
    kept = abs(1 - share)
    decimals = 1 if kept >= 0.02 or kept == 0 else min(6, 1 - math.floor(math.log10(kept * 100)))
    text = number(share * 100, decimals)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text}\N{NO-BREAK SPACE}%"


def levels_text(chosen: Iterable[float], ladder: Sequence[float]) -> str:
    """50 %, 80 % to 95 %; `90 % and beyond` where all to the end of the ladder are among them; empty for none."""
    picked = set(chosen)
    spans: list[list[float]] = []
    for place, target in enumerate(ladder):
        if target in picked:
            if spans and spans[-1][-1] == ladder[place - 1]:
                spans[-1].append(target)
            else:
                spans.append([target])
    if not spans:
        return ""
    last = spans.pop() if len(spans[-1]) > 1 and spans[-1][-1] == ladder[-1] else None
    parts = [
        one
        for span in spans
        for one in ([f"{percent(span[0])} to {percent(span[-1])}"] if len(span) > 2 else map(percent, span))
    ]
    if last is None:
        return listing(parts)
    if len(last) == len(ladder):
        return EVERYWHERE
    beyond = f"{percent(last[0])} and beyond"
    return f"{listing(parts)}, then {beyond}" if parts else beyond


def p_value(p: float) -> str:
    """A p value as it is read: p = 0.012, p < 0.001."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def count(number_of: int, noun: str, plural: str | None = None) -> str:
    """1 run, 2 runs, 10,000 runs."""
    return f"{number_of:,} {noun if number_of == 1 else plural or noun + 's'}"


def listing(words: Iterable[str], most: int | None = None) -> str:
    """a, b and c; with `most`, the first ones and how many more."""
    items = list(words)
    if most is not None and len(items) > most:
        items = [*items[:most], f"{len(items) - most:,} more"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


def slug(*parts: str) -> str:
    """A file name made of words: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-") or "unnamed"


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sorting key under which `rewind 100` comes before `rewind 1000`."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text.lower()) if part
    )
