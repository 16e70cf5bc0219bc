"""What a method's recipe looks like and what it costs, read off the steps that it yields for a made-up task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import Parameter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.methods.task import Instead
    from bench.recipe import Reset, Step, Training
    from bench.registry import Component

_ROUNDS = (1, 2, 3)
_LENGTH = 1000
_MOST = 12  # verbs that are shown


def recipe(component: Component) -> str:
    """The verbs of a method at its defaults, such as `Train → (Prune → Reset → Train) x rounds`."""
    try:
        said = [[_verb(step) for step in _steps(component, rounds)] for rounds in _ROUNDS]
    except Exception:  # a user's method may fail in any way, and `bench check` is there to say how
        return ""
    if all(verbs == said[0] for verbs in said):
        return _shortest(_repeated(said[0]))
    return _shortest(_growing(said))


def cost(component: Component) -> str:
    """What a method costs at its defaults, in dense trainings, where that is a simple number of the rounds."""
    from bench.methods.task import Instead

    try:
        parts = [_trained(_steps(component, rounds)) for rounds in _ROUNDS]
        changes_network = any(isinstance(one, Instead) for one in _said(component, 1))
    except Exception:  # as above
        return ""
    if changes_network:
        return _of_two_networks(*parts[-1])
    costs = [(own + teacher) / _LENGTH for own, teacher in parts]
    base, slope = costs[0] - (costs[1] - costs[0]), costs[1] - costs[0]
    if abs(costs[2] - costs[1] - slope) > 0.01:
        return ""
    if abs(slope) < 0.01:
        return f"{base:.3g} x dense"
    each = "rounds" if abs(slope - 1) < 0.01 else f"{slope:.3g} x rounds"
    return f"({each} + {base:.3g}) x dense" if abs(base) > 0.01 else f"{each} x dense"


def _of_two_networks(own: int, teacher: int) -> str:
    other = f"{own / _LENGTH:.3g} x its own network"
    return f"{teacher / _LENGTH:.3g} x dense + {other}" if teacher else other


def _training() -> Training:
    from bench.recipe import Optimiser, Schedule, Training

    return Training(Optimiser("adam", 0.001), Schedule("linear", _LENGTH), 60)


def _steps(component: Component, rounds: int) -> tuple[Step, ...]:
    """The recipe for a ladder of so many rounds."""
    from bench.methods.task import Instead
    from bench.recipe import merged

    return merged(tuple(one for one in _said(component, rounds) if not isinstance(one, Instead)))


def _said(component: Component, rounds: int) -> list[Instead | Step]:
    """What the method yields; an option that has no default gets the value of its sample."""
    from bench.methods.task import Task
    from bench.recipe import Level, Score
    from bench.registry import Choice

    ladder = tuple(Level(index, (("fc1", 1 - 0.8**index),)) for index in range(1, rounds + 1))
    task = Task(_training(), 100.0, ladder, Score("magnitude"), "weight", "layer", smaller=lambda: Choice("smaller"))
    sample = component.extra.get("sample", {})
    needed = {one.name for one in component.options.values() if one.default is Parameter.empty}
    return list(component.make(task, **{name: value for name, value in sample.items() if name in needed}))


def _trained(steps: Sequence[Step]) -> tuple[int, int]:
    """The steps of its trainings, and those of teachers that are not trained on the way."""
    from bench.recipe import Train

    trains = [step for step in steps if isinstance(step, Train)]
    teachers = {step.training.teacher for step in trains if step.training.teacher}
    taught = sum(
        step.stop - step.start
        for teacher in teachers
        for step in teacher.steps
        if isinstance(step, Train) and step != steps[0]
    )
    return sum(step.stop - step.start for step in trains), taught


def _verb(step: Step) -> str:
    from bench.recipe import Prune, Train

    if isinstance(step, Prune):
        return "Prune"
    if isinstance(step, Train):
        own = step.training
        verb = "Train" if own.optimiser == _training().optimiser else "Fine-tune"  # which has a smaller rate
        return f"{verb} with a teacher" if own.teacher else verb
    return _reset(step)


def _reset(step: Reset) -> str:
    """What it is for, where it is more than going back."""
    for told, name in ((step.redraw, "Redraw"), (step.shuffle, "Shuffle"), (step.signs, "Signs")):
        if told:
            return name
    return "Reset" if "weights" in step.parts else "Reset rate"


# A part of a recipe: some verbs, and how often they come.
_Part = tuple[tuple[str, ...], str]


def _growing(said: Sequence[list[str]]) -> Iterator[list[_Part]]:
    """Every way to tell recipes that grow by the same verbs with each round."""
    short, long = said[0], said[1]
    size = len(long) - len(short)
    for place in range(len(short) + 1) if size > 0 else ():
        before, block, after = short[:place], long[place : place + size], short[place:]
        if all(before + block * more + after == verbs for more, verbs in enumerate(said)):
            more = -1  # how many fewer than rounds
            if after[:size] == block:
                after, more = after[size:], 0
            elif before[-size:] == block:
                before, more = before[:-size], 0
            yield [(tuple(before), ""), (tuple(block), "rounds" if more == 0 else "(rounds - 1)"), (tuple(after), "")]


def _repeated(verbs: list[str]) -> Iterator[list[_Part]]:
    """Every way to tell a recipe with one part of it that comes several times, or with none."""
    yield [(tuple(verbs), "")]
    for size in range(2, len(verbs) // 2 + 1):
        for place in range(len(verbs) - size):
            block, count = verbs[place : place + size], 1
            while verbs[place + count * size : place + (count + 1) * size] == block:
                count += 1
            if count > 1:
                rest = verbs[place + count * size :]
                yield [(tuple(verbs[:place]), ""), (tuple(block), str(count)), (tuple(rest), "")]


def _shortest(ways: Iterator[list[_Part]]) -> str:
    """The way with the fewest verbs; of several the one whose repeated part begins with a pruning."""

    def length(parts: list[_Part]) -> tuple[int, bool]:
        repeated = [verbs for verbs, often in parts if often]
        return sum(len(verbs) for verbs, _ in parts), any(verbs[0] != "Prune" for verbs in repeated)

    best = min(ways, key=length, default=[])
    if sum(len(verbs) for verbs, _ in best) > _MOST:
        return ""
    words = [f"({' → '.join(verbs)}) x {often}" if often else " → ".join(verbs) for verbs, often in best if verbs]
    return " → ".join(words)
