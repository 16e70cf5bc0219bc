"""What of a lottery ticket matters? Its masks, with something else of it replaced for the last training.

Frankle and Carbin, The Lottery Ticket Hypothesis, ICLR 2019 (new weights); Castex, PruNet (new weights of one layer);
Zhou, Lan, Liu and Yosinski, Deconstructing Lottery Tickets, NeurIPS 2019 (signs, untrained networks); Frankle,
Dziugaite, Roy and Carbin, Pruning Neural Networks at Initialization, ICLR 2021 (shuffled masks).
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.errors import UserError, nearest
from bench.methods.lottery import lottery
from bench.methods.task import Task
from bench.recipe import Reset, Step
from bench.registry import method


def _before_the_last_training(task: Task, change: Reset) -> Iterator[Step]:
    *steps, last_training = lottery(task)
    yield from steps
    yield change
    yield last_training


def new_weights(task: Task, layers: tuple[str, ...], where: str) -> Reset:
    """Other initial weights and biases, of all layers or only of those that are named."""
    known = [name for name, _ in task.level.layers]
    for layer in layers:
        if layer not in known:
            raise UserError(f"{where}: no layer {layer!r} is pruned; {nearest(layer, known)}")
    return Reset(parts=("biases", "weights"), redraw=True, layers=layers)


@method("lottery-redrawn", reference="Frankle and Carbin, ICLR 2019", aliases=("reinit", "random-reinit"))
def redrawn(task: Task, layers: tuple[str, ...] = ()) -> Iterator[Step]:
    """The control: the masks of the lottery ticket, but new initial weights for the last training.

    `layers` draws only those of the layers that it names.
    """
    yield from _before_the_last_training(task, new_weights(task, layers, "lottery-redrawn"))


@method("lottery-shuffled", reference="Frankle et al., ICLR 2021", aliases=("shuffled", "shuffled-mask"))
def shuffled(task: Task) -> Iterator[Step]:
    """The control: the initial weights and the share of each layer of the lottery ticket, but at other places of it."""
    yield from _before_the_last_training(task, Reset(parts=("weights",), shuffle=True))


@method("lottery-signs", reference="Zhou et al., NeurIPS 2019", aliases=("signs", "constant-signs"))
def signs(task: Task) -> Iterator[Step]:
    """The control: the masks of the lottery ticket, but of its initial weights only the signs, all equally large."""
    yield from _before_the_last_training(task, Reset(parts=("weights",), signs=True))


@method("supermask", reference="Zhou et al., NeurIPS 2019", untrained=True)
def supermask(task: Task, signs: bool = False, rescale: bool = False) -> Iterator[Step]:
    """Train, prune to the level, go back to the start, and train no more: what the mask alone has learned.

    `signs` keeps of the initial weights only the signs, `rescale` makes up for those that are gone.
    """
    yield task.train()
    yield task.prune(task.level)
    yield Reset(signs=signs, rescale=rescale)
