"""A recipe in words: each of its steps, what it costs, and which other cells share the work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bench.graph import Visit, visits
from bench.grid import Cell
from bench.ground import Ground
from bench.patterns import block_of, n_of_m
from bench.plan import Plan
from bench.recipe import EVERYTHING, During, Optimiser, Prune, Reset, Schedule, Teacher, Train, Training
from bench.suite.labels import in_words

_GRANULES = {
    "weight": "weights",
    "unit": "output units with their biases",
    "channel": "channels with all that is tied to them",
    "input": "input features",
}


@dataclass(frozen=True)
class Stretch:
    """A part of a Train, and the other cells whose runs need the same states."""

    start: int
    stop: int
    cells: int
    methods: tuple[str, ...]


@dataclass(frozen=True)
class ExplainedStep:
    verb: str
    words: str
    steps: int  # of training
    share_of_dense: float
    shared: tuple[Stretch, ...]


@dataclass(frozen=True)
class Explanation:
    """A cell's recipe for one seed; every other seed goes the same way."""

    data: str
    model: str
    method: str
    level: int
    target_sparsity: float
    seed: int
    steps: tuple[ExplainedStep, ...]
    dense_steps: int
    steps_alone: int
    steps_of_its_own: int  # those that no other cell needs
    teacher_steps: int  # those of steps_alone that only train its teacher
    whole: bool  # whether it prunes nothing
    network: str | None  # in words, where it is not that of the suite

    @property
    def cost(self) -> float:
        """What it takes alone, in dense trainings."""
        return self.steps_alone / self.dense_steps


def explain(plan: Plan, cell: Cell) -> Explanation:
    """The recipe of a cell of the plan."""
    ground = cell.ground
    seed = ground.seeds[0]
    run = plan.runs[dict(plan.keys[cell])[seed]]
    users = _users(plan, ground, seed)
    steps = tuple(_explained(visit, ground, users, plan, cell) for visit in visits(run.recipe, ground.training))
    own = sum(part.stop - part.start for step in steps for part in step.shared if not part.cells)
    return Explanation(
        data=ground.data.name,
        model=ground.model,
        method=cell.method.label,
        level=cell.level,
        target_sparsity=cell.target,
        seed=seed,
        steps=steps,
        dense_steps=ground.training.schedule.length,
        steps_alone=run.steps_alone,
        steps_of_its_own=own,
        teacher_steps=run.steps_alone - sum(step.steps for step in steps),
        whole=not any(isinstance(step, Prune) for step in cell.steps),
        network=_network_words(cell) if cell.own is not ground else None,
    )


def _network_words(cell: Cell) -> str:
    choice, weights = cell.own.place.network, sum(layer.weights for layer in cell.own.layers)
    options = ", ".join(in_words(name, value) for name, value in choice.options)
    named = f"{choice.name} ({options})" if options else choice.name
    whole = sum(layer.weights for layer in cell.ground.layers)
    return f"{named}, {weights:,} weights in place of {whole:,}"


def _users(plan: Plan, ground: Ground, seed: int) -> Mapping[str, list[Cell]]:
    """The cells of this seed that need each trained state."""
    users: dict[str, list[Cell]] = defaultdict(list)
    for cell, keys in plan.keys.items():
        if cell.ground is not ground or seed not in dict(keys):
            continue
        seen: set[str] = set()
        run = plan.runs[dict(keys)[seed]]
        for trained in (*run.path, *run.teaching):
            seen.update(key for key, _, _ in _stretches(plan, trained))
        for key in seen:
            users[key].append(cell)
    return users


def _stretches(plan: Plan, key: str) -> Iterator[tuple[str, int, int]]:
    """The pieces in which the training to a state is made, last first: the key at the end, and from where to where."""
    node = plan.graph.trained[key]
    while True:
        before, start = plan.graph.taken_up_at(key)
        yield key, start, plan.graph.trained[key].stop
        if before == node.base:
            return
        key = before


def _explained(visit: Visit, ground: Ground, users: Mapping[str, list[Cell]], plan: Plan, cell: Cell) -> ExplainedStep:
    step = visit.step
    if isinstance(step, Train):
        length = step.stop - step.start
        return ExplainedStep(
            "Train",
            _train_words(step, ground),
            length,
            length / ground.training.schedule.length,
            _shared(plan, visit.after, users, cell),
        )
    words = _prune_words(step) if isinstance(step, Prune) else _reset_words(step)
    return ExplainedStep(type(step).__name__, words, 0, 0.0, ())


def _shared(plan: Plan, key: str, users: Mapping[str, list[Cell]], cell: Cell) -> tuple[Stretch, ...]:
    """Neighbouring pieces that the same cells share are told as one."""
    parts: list[Stretch] = []
    for piece, start, stop in reversed(list(_stretches(plan, key))):
        others = [other for other in users[piece] if other is not cell]
        methods = tuple(dict.fromkeys(other.method.label for other in others))
        if parts and (parts[-1].cells, parts[-1].methods) == (len(others), methods):
            parts[-1] = Stretch(parts[-1].start, stop, len(others), methods)
        else:
            parts.append(Stretch(start, stop, len(others), methods))
    return tuple(parts)


def _train_words(step: Train, ground: Ground) -> str:
    training = step.training
    words = _training_words(replace(training, during=None, teacher=None), step, ground)
    if training.during:
        words += f"; {_during(training.during, step)}"
    return f"{words}, taught by {_teacher(training.teacher, ground)}" if training.teacher else words


def _during(during: During, step: Train) -> str:
    count = during.moves_between(step.start, step.stop)
    share = f"{100 * during.fraction:.4g} % of each layer's weights that are left"
    less = " (less and less, along a cosine)" if during.decay == "cosine" else ""
    to = {
        "set": "at places drawn at random",
        "rigl": "where the gradient is largest, which the step is spent on",
    }
    return (
        f"every {during.every:,} steps before step {during.until:,}, {count:,} times, {share}{less} move: "
        f"those nearest to zero go, as many come {to[during.kind]}"
    )


def _teacher(teacher: Teacher, ground: Ground) -> str:
    whose = "the suite's network" if teacher.network == ground.network else "a network"
    dense = (Train(ground.training, 0, ground.training.schedule.length),)
    when = "after its dense training" if teacher.steps == dense else "after a recipe of its own"
    return f"{whose} {when}, which counts {teacher.alpha:g} against the labels, at temperature {teacher.temperature:g}"


def _training_words(training: Training, step: Train, ground: Ground) -> str:
    if training == ground.training:
        if (step.start, step.stop) == (0, training.schedule.length):
            return f"train all {step.stop:,} steps of the suite's training ({_training(training)})"
        return f"train from step {step.start:,} to step {step.stop:,} of the suite's training"
    return f"train {step.stop - step.start:,} steps with settings of its own ({_training(training)})"


def _training(training: Training) -> str:
    words = [_optimiser(training.optimiser), _schedule(training.schedule), f"batch {training.batch}"]
    if training.augmentation:
        words.append(f"augmentation {training.augmentation}")
    if training.select.kind != "last":
        words.append("its best state counts" if training.select.kind == "best" else "stopped by validation data")
    return ", ".join(words)


def _optimiser(optimiser: Optimiser) -> str:
    words = [f"{optimiser.kind} at {optimiser.lr:g}"]
    if optimiser.momentum:
        words.append(f"{'Nesterov ' if optimiser.nesterov else ''}momentum {optimiser.momentum:g}")
    if optimiser.weight_decay:
        words.append(f"weight decay {optimiser.weight_decay:g}")
    return ", ".join(words)


def _schedule(schedule: Schedule) -> str:
    warmup = f" after {schedule.warmup:,} steps of warm-up" if schedule.warmup else ""
    if schedule.kind == "step":
        moments = ", ".join(f"{moment:,}" for moment in schedule.milestones)
        return f"rate times {schedule.gamma:g} at step {moments}{warmup}"
    if schedule.kind == "constant":
        return f"constant rate{warmup}"
    return f"{schedule.kind} to {schedule.final:g}{warmup}"


def _prune_words(step: Prune) -> str:
    shares: dict[float, list[str]] = defaultdict(list)
    for name, gone in step.level.layers:
        shares[gone].append(name)
    layers = "; ".join(f"{100 * gone:.4g} % of {', '.join(names)}" for gone, names in shares.items())
    options = ", ".join(f"{name} {value}" for name, value in step.score.options)
    score = f"{step.score.name} ({options})" if options else step.score.name
    place = "within each layer" if step.scope == "layer" else "over all layers together"
    granules = _granules(step.granularity) + (" and batch norms" if step.norms else "")
    floor = f"; {_floor(step.floor)} of each layer stay" if step.floor else ""
    return f"prune the {granules} of lowest {score} {place}, until in all {layers} are gone{floor}"


def _floor(floor: float) -> str:
    return f"at least {floor:g}" if floor >= 1 else f"at least {100 * floor:g} %"


def _granules(name: str) -> str:
    if block_of(name):
        return f"blocks of {name} weights"
    if pattern := n_of_m(name):
        return f"weights, in each group of {pattern[1]} neighbouring inputs,"
    return _GRANULES.get(name, name)


def _reset_words(step: Reset) -> str:
    what = "everything but the masks" if step.parts == EVERYTHING else _listed(step.parts)
    of = f" of {_listed(step.layers)}" if step.layers else ""
    if step.redraw:
        told = [f"draw new {what}{of}"]
    else:
        where = "the start" if step.to == 0 else f"step {step.to:,} of the dense training"
        told = [f"bring {what}{of} back to {where}"]
    if step.signs:
        told.append("of the weights only their signs, all equally large in a layer")
    if step.rescale:
        told.append("weights made larger by what makes up for those that are gone")
    told.append(
        "as many of each layer are pruned, at places drawn anew" if step.shuffle else "what is pruned stays pruned"
    )
    return "; ".join(told)


def _listed(parts: tuple[str, ...]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
