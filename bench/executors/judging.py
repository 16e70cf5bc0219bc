"""Looking at states with validation and test data: how good they are, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from bench.executors.tasks import Recalibrated, Task
from bench.recipe import Optimiser
from bench.training.content import Content
from bench.training.evaluation import Answers, Quality, evaluate
from bench.training.networks import StackedNetwork
from bench.training.recalibration import Recalibration
from bench.training.stacks import Stack, lay
from bench.training.state import State

UNSEEN = Quality(float("nan"), 0, 0)  # of test data that nobody looked at


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is found out about one state."""

    validation: Quality
    test: Quality
    recalibrated: Recalibrated | None  # with the statistics of its batch norm taken anew; None where it has none
    answers: Tensor | None  # the class that each test sample was taken for, where the task wants it told


class Judge:
    """One network on one data set."""

    def __init__(self, network: StackedNetwork, content: Content, recalibration: Recalibration) -> None:
        self._network, self._content, self._recalibration = network, content, recalibration

    def __call__(self, states: Sequence[State], tasks: Sequence[Task]) -> list[Judgement]:
        """Each state of a task on validation and test data, as it is and with batch norm taken anew.

        Test data are left alone where no task may look at them; the tasks of a pack belong to one plan and agree.
        """
        stack = self._stack(states)
        answers = Answers(row for row, task in enumerate(tasks) if task.artifacts)
        plain = self._evaluate(stack, tasks, answers)
        again = self._recalibrated(stack, tasks) if self._recalibration.applies else [None] * len(tasks)
        return [
            Judgement(*qualities, anew, answers.of(row))
            for row, (qualities, anew) in enumerate(zip(plain, again, strict=True))
        ]

    def _recalibrated(self, stack: Stack, tasks: Sequence[Task]) -> list[Recalibrated]:
        rows = zip(stack.weights, stack.buffers, tasks, strict=True)
        buffers = [self._recalibration.buffers(weights, buffers, task.seed) for weights, buffers, task in rows]
        anew = self._evaluate(replace(stack, buffers=torch.stack(buffers)), tasks, Answers())
        return [Recalibrated(*qualities) for qualities in anew]

    def _evaluate(self, stack: Stack, tasks: Sequence[Task], answers: Answers) -> list[tuple[Quality, Quality]]:
        splits = [self._content.split(task.seed) for task in tasks]
        validation = evaluate(self._network, stack, self._content, [split.validation for split in splits])
        if not any(task.tested for task in tasks):
            return [(quality, UNSEEN) for quality in validation]
        test = evaluate(self._network, stack, self._content, [split.test for split in splits], answers)
        return list(zip(validation, test, strict=True))

    def _stack(self, states: Sequence[State]) -> Stack:
        plain = Optimiser("sgd", 0.0)
        return lay([state.fresh() for state in states], [plain] * len(states), self._content.device)
