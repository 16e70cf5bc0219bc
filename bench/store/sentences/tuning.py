"""What the tables and views of tuning mean."""

from __future__ import annotations

from bench.store.sentences.words import ENVIRONMENT, RUN_KEY, SUITE, Sentences

_STUDY: Sentences = {
    "target_sparsity": "The sparsity at which it is tuned; NULL where the sparsity itself is sought. [share]",
    "objective": "accuracy: on validation data; sparsity: the highest within a distance of the dense network; or both.",
    "within": "Validation accuracy that may be lost against the dense network, for objective sparsity. [share]",
    "sampler": "How trials are chosen: tpe, random, grid or nsga-ii.",
    "sampler_seed": "Seed of the sampler; with the number of a batch it gives the same trials again.",
    "batch": "Trials that are asked for, and trained, together. [count]",
    "budget_unit": "What the budget counts: steps, as if each run were made alone, or trials.",
    "budget": "What the study may spend. [steps or trials]",
}
_TRIAL: Sentences = {
    "number": "1 for the first trial; 0 for the dense network, where trials are judged against it. [index]",
    "batch": "The batch in which it was asked for, from 0. [index]",
    "state": "waiting, running, done, stopped early as one of the worse of its batch, or failed.",
    "reason": "Why it failed, or after how much it was stopped; NULL when it is done.",
    "value": "What the study makes as large as it can. [share]",
    "accuracy": "Mean accuracy on the validation data over the seeds that it was given. [share]",
    "sparsity": "Mean sparsity that was counted. [share]",
    "seeds": "Seeds that it was given. [count]",
    "steps": "Training steps of its runs, as if each were made alone. [steps]",
    "flops": "Operations for the training of its runs, each made alone. [FLOP]",
    "begun": "How often it was begun; more than once when a process was killed in the middle. [count]",
}

TUNING_TABLES: dict[str, Sentences] = {
    "study": {
        "": "A search for the options of one method: on one data set and network, in one environment, at one sparsity.",
        "id": "Row number in this file.",
        "hash": "Hash of all that decides which trials it makes and what they come to, but the environment.",
        "environment_id": "Where its trials run.",
        "results_version": "Version of the engine. [index]",
        "name": "Its name in its suite: the method's, or a label.",
        "suite": "Name of the suite whose key `tune` describes it.",
        "profile": SUITE["profile"],
        "data": SUITE["data"],
        "standin": "1 when the data are a stand-in for a set that was not to be had, else 0.",
        "model": SUITE["model"],
        "method_name": "Registered name of the method that is tuned.",
        **{name: _STUDY[name] for name in ("target_sparsity", "objective", "within", "sampler", "sampler_seed")},
        "batch": _STUDY["batch"],
        "seeds": "The seeds that choose; results are confirmed on others. [JSON array]",
        "halving": "How hopeless trials are stopped early. [JSON object]",
        "entry": "The method's entry in the suite, with ranges where something varies. [JSON object]",
        "space": "What varies, between which bounds. [JSON array]",
        "budget_unit": _STUDY["budget_unit"],
        "budget": _STUDY["budget"],
        "session_id": "The session that tunes it now; NULL when none does.",
        "begun_at": "When it was begun, UTC. [ISO 8601]",
    },
    "trial": {
        "": "One set of options that a study has tried. It is judged by validation data alone; test data are not read.",
        "id": "Row number in this file.",
        "study_id": "The study.",
        **{name: _TRIAL[name] for name in ("number", "batch", "state", "reason")},
        "params": "What was varied, and the values. [JSON object]",
        "entry": "The method's entry with these values, as a suite could have it. [JSON object]",
        "notes": "What the sampler noted of it. [JSON object]",
        **{name: _TRIAL[name] for name in ("value", "accuracy", "sparsity", "seeds", "steps", "flops", "begun")},
        "session_id": "The session that began it last.",
        "asked_at": "When it was asked for, UTC. [ISO 8601]",
        "finished_at": "When it was finished, UTC; NULL before. [ISO 8601]",
    },
    "trial_run": {
        "": "A run that was made for a trial: in no comparison, and without any number from test data.",
        "trial_id": "The trial.",
        "key": RUN_KEY,
        "seed": "The seed.",
        "part": "How much of its last training was made; 1 for all. [share]",
        "status": "How it ended: done, collapsed (a layer has lost all its weights), diverged or failed.",
        "reason": "Why it collapsed, diverged or failed; NULL when it is done.",
        "sparsity": "Zeros among the prunable weights, counted after the fact. [share]",
        "validation_loss": "Loss on the validation data at the end. [nats]",
        "validation_accuracy": "Correct answers on the validation data at the end. [share]",
        "steps_alone": "Training steps that this run takes on its own. [steps]",
        "flops_alone": "Operations for the training of this run on its own. [FLOP]",
        "seconds": "Wall time that fell to this run, its share of the pack's. [s]",
        "finished_at": "When its result was written, UTC. [ISO 8601]",
    },
    "tuned": {
        "": "Which options of a cell's method were chosen by tuning.",
        "cell_id": "The cell.",
        "option": "The option, such as rates.",
        "trial_id": "The trial that it comes from, the best of its study.",
    },
}

_OF_STUDY: Sentences = {
    "study": "Row number of the study in this file.",
    "suite": SUITE["suite"],
    "profile": SUITE["profile"],
    "name": TUNING_TABLES["study"]["name"],
    "data": SUITE["data"],
    "model": SUITE["model"],
    "method_name": TUNING_TABLES["study"]["method_name"],
    "target_sparsity": _STUDY["target_sparsity"],
    "environment": ENVIRONMENT,
}


def _mean(column: str, words: str) -> Sentences:
    return {
        f"{column}_mean": f"Mean {words}. [share]",
        f"{column}_sd": f"Standard deviation of the {words} over seeds; NULL for a single one. [share]",
        f"{column}_low": f"Lower end of the 95 % t interval of the mean {words}. [share]",
        f"{column}_high": f"Upper end of the 95 % t interval of the mean {words}. [share]",
    }


TUNING_VIEWS: dict[str, Sentences] = {
    "studies": {
        "": "Every study with what it was allowed and what it has spent, and the best that it has found so far.",
        **_OF_STUDY,
        **{name: sentence for name, sentence in _STUDY.items() if name != "target_sparsity"},
        "seeds": TUNING_TABLES["study"]["seeds"],
        "trials": "Trials that are finished: done, stopped or failed. [count]",
        "done": "Those of them that were given all their seeds. [count]",
        "stopped": "Those that were stopped early. [count]",
        "failed": "Those that failed. [count]",
        "open": "Trials that wait or run. [count]",
        "steps": "Training steps of all of its runs, as if each were made alone. [steps]",
        "flops": "Operations for the training of all of its runs, each made alone. [FLOP]",
        "best": "Number of the best trial; NULL where there is none, or a front. [index]",
        "best_value": "Its value. [share]",
        "begun_at": TUNING_TABLES["study"]["begun_at"],
        "finished_at": "When its last trial was finished, UTC. [ISO 8601]",
    },
    "trials": {
        "": "Every trial of every study, judged by validation data alone.",
        **_OF_STUDY,
        **_TRIAL,
        "params": TUNING_TABLES["trial"]["params"],
        "entry": TUNING_TABLES["trial"]["entry"],
        "asked_at": TUNING_TABLES["trial"]["asked_at"],
        "finished_at": TUNING_TABLES["trial"]["finished_at"],
    },
    "tuning": {
        "": "What tuning promised and what it brought: each tuned cell on seeds that tuning never saw.",
        **SUITE,
        "environment": ENVIRONMENT,
        "metric": "The suite's headline, by which the gain is counted: test_accuracy or test_loss.",
        "options": "What was tuned, separated by commas.",
        "study": _OF_STUDY["study"],
        "trial": "Number of the chosen trial. [index]",
        "trials": "Trials that the study took to choose it. [count]",
        "steps": "Training steps of all of their runs, as if each were made alone. [steps]",
        "flops": "Operations for the training of all of their runs, each made alone. [FLOP]",
        "chosen_seeds": "Seeds by which it was chosen. [count]",
        "chosen_accuracy": "Its validation accuracy when it was chosen: the mean over those seeds. [share]",
        "n": "Fresh seeds that have a result. [count]",
        **_mean("validation_accuracy", "validation accuracy on fresh seeds"),
        **_mean("test_accuracy", "test accuracy on fresh seeds"),
        "curse": "The winner's curse: validation accuracy when chosen minus that on fresh seeds. [share]",
        "default_method": "What it is compared with: the first entry of its method in the suite that is not tuned.",
        "pairs": "Fresh seeds that have both a tuned and a default result. [count]",
        **{
            name: sentence.replace("[share]", "[share or nats]")
            for name, sentence in _mean(
                "gain", "headline of the tuned cell minus the default's, paired by seed"
            ).items()
        },
    },
}
