"""What every view and its columns mean."""

from __future__ import annotations

from bench.store.sentences.comparisons import COMPARISONS
from bench.store.sentences.tables import TABLES
from bench.store.sentences.tuning import TUNING_VIEWS
from bench.store.sentences.words import (
    ARTIFACT,
    BATCH,
    COUNTS,
    ENVIRONMENT,
    FORM,
    PROTOCOL,
    RESULT,
    RUN_KEY,
    SPEED,
    SPLIT_HASH,
    SUITE,
    THEORY,
    THREADS,
    Sentences,
)

_METRICS = {
    "test_accuracy": "test accuracy",
    "test_loss": "test loss",
    "validation_accuracy": "validation accuracy",
    "validation_loss": "validation loss",
}


def _statistics(column: str, words: str) -> Sentences:
    unit = "nats" if column.split("_")[1] == "loss" else "share"
    return {
        f"{column}_mean": f"Mean {words}. [{unit}]",
        f"{column}_sd": f"Standard deviation of the {words} over seeds; NULL for a single run. [{unit}]",
        f"{column}_low": f"Lower end of the 95 % t interval of the mean {words}. [{unit}]",
        f"{column}_high": f"Upper end of the 95 % t interval of the mean {words}. [{unit}]",
    }


# A run as its table has it, with the words for what it shares with others in place of their numbers.
_SHARED = ("", "pack_id", "split_id")
_RUN: Sentences = {
    **{name: text for name, text in TABLES["run"].items() if name not in (*_SHARED, *RESULT, *COUNTS)},
    "split_hash": SPLIT_HASH,
    **RESULT,
    **COUNTS,
}

VIEWS: dict[str, Sentences] = {
    "runs": {
        "": "Every run once: newest results version, then your own before merged before reference, then last attempt.",
        **_RUN,
        "environment": ENVIRONMENT,
        "session": "The session that made it.",
    },
    "results": {
        "": "The results of every suite as it stands now: one row for each cell, seed and environment that has a run.",
        "suite": SUITE["suite"],
        "profile": SUITE["profile"],
        "suite_hash": "Hash of the suite's content.",
        "data": SUITE["data"],
        "standin": TABLES["cell"]["standin"],
        "model": SUITE["model"],
        "method": SUITE["method"],
        "method_name": TABLES["cell"]["method_name"],
        "options": TABLES["cell"]["options"],
        "level": SUITE["level"],
        "target_sparsity": SUITE["target_sparsity"],
        "seed": "The seed: methods of one seed share split, initial weights and data order.",
        "key": RUN_KEY,
        "origin": TABLES["run"]["origin"],
        "environment": ENVIRONMENT,
        "device": "Name of the processor or graphics card that trained.",
        "torch": "PyTorch release, major.minor.",
        "metric": "The suite's headline: test_accuracy or test_loss.",
        **RESULT,
        "theoretical_speedup": THEORY,
        "session": "The session that made it.",
        "position": TABLES["cell"]["position"],
        "protocol": PROTOCOL,
    },
    "summary": {
        "": "Every cell of every suite with mean, spread and interval over its seeds; stand-in data are left out.",
        **SUITE,
        "environment": ENVIRONMENT,
        "sparsity": "Mean measured sparsity. [share]",
        "n": "Runs that count: done or collapsed. [count]",
        "failed": "Runs that failed in all their attempts so far; they are in no mean. [count]",
        "collapsed": "Runs that collapsed; they are in the means. [count]",
        "diverged": "Runs that diverged; they are in no mean. [count]",
        **{name: text for column, words in _METRICS.items() for name, text in _statistics(column, words).items()},
        "protocol": PROTOCOL,
    },
    "versus_dense": {
        "": "Every pruned cell against the dense network, paired by seed within an environment; no stand-in data.",
        **SUITE,
        "environment": ENVIRONMENT,
        "n": "Seeds that have both the pruned and the dense run. [count]",
        **_statistics("test_accuracy_difference", "test accuracy minus that of the dense network"),
        **_statistics("test_loss_difference", "test loss minus that of the dense network"),
    },
    **COMPARISONS,
    "conflicts": {
        "": "Runs with two results that do not agree, as a merge found them, a row for each number that differs.",
        **{
            name: f"{text} NULL where no suite as it stands now asks for the run." if name == "suite" else text
            for name, text in SUITE.items()
        },
        "seed": "The seed.",
        "key": RUN_KEY,
        "environment": "Label of the environment in which both were made.",
        "quantity": "What differs: the name of a column of results or runs.",
        "value": "The number of the first result: yours before merged ones, then the earlier attempt.",
        "other_value": "The number of the other result.",
        "difference": "The other number minus the first.",
        "words": "Both in words where they are no numbers, as in done / diverged; else NULL.",
        "shown": "Which of the two the other views show: first, other, or neither, when a third one stands there.",
        "origin": "Where the first is from: local, merged or reference.",
        "other_origin": "Where the other is from.",
        "finished_at": "When the first was written, UTC. [ISO 8601]",
        "other_finished_at": "When the other was written, UTC. [ISO 8601]",
        "session": "The session that made the first; the table session has its command and versions.",
        "other_session": "The session that made the other.",
        "found_at": "When a merge found them, UTC. [ISO 8601]",
    },
    "missing": {
        "": "Runs that the suites as they stand now still need on this side: none, or failed ones only, are there.",
        **SUITE,
        "seed": "The seed.",
        "key": "Key of the run that is missing.",
        "failed": "Attempts that failed. [count]",
        "position": TABLES["cell"]["position"],
    },
    **TUNING_VIEWS,
    "speeds": {
        "": "Measured speed of the runs of every suite, a row for each form, number of threads and batch size.",
        **SUITE,
        "seed": "The seed.",
        "key": RUN_KEY,
        "environment": "Where it was measured; times of different environments are not to be compared.",
        "device": "Name of the processor or graphics card on which it was measured.",
        "form": FORM,
        "threads": THREADS,
        "batch": BATCH,
        **SPEED,
        "throughput": "Samples answered in a second. [samples/s]",
        "theoretical_speedup": THEORY,
        "session": "The session that measured it.",
    },
    "layers": {
        "": "What every run left of every prunable layer.",
        "key": RUN_KEY,
        "environment": ENVIRONMENT,
        "position": "Place of the layer in the network, from 0. [index]",
        "layer": "Name of the layer.",
        "kind": "linear or conv.",
        "weights": "Its weights without biases. [count]",
        "kept": "Weights that are not zero. [count]",
        "effective": "Those of them on a path from input to output. [count]",
        "sparsity": "Zeros among its weights. [share]",
    },
    "artifacts": {
        "": "Which arrays every run has beyond its rows; analysis.artifacts reads them, the table artifact holds them.",
        "key": RUN_KEY,
        "environment": ENVIRONMENT,
        **ARTIFACT,
        "bytes": "Size of the compressed array; NULL where it was left out as too large. [bytes]",
    },
    "curves": {
        "": "Learning curves of every run, a row for each point; runs that share a training step share its points.",
        "key": RUN_KEY,
        "environment": ENVIRONMENT,
        "part": "Place of the training step in the run's recipe, from 0. [index]",
        "name": "The quantity: train_loss, validation_accuracy, ...",
        "step": "Training step. [steps]",
        "value": "Its value there; NULL when it was not finite.",
    },
}
