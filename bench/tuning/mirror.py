"""A copy of the studies in Optuna's own storage, in a file beside the database, which optuna-dashboard opens.

The database is the truth: the copy is brought up to date after every batch, and made anew where it is lost or damaged.
Optuna's tables in the database itself would be in the way of ours, and of those who read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.receipts import Listener

if TYPE_CHECKING:
    import optuna

    from bench.tuning.conducting import Conductor

NUMBER = "trial"  # the attribute that holds our number of a trial


def mirror_file(database: str) -> Path | None:
    """Where the copy of a database's studies is; a server has none."""
    if "://" in database and not database.startswith("sqlite:///"):
        return None
    file = Path(database.removeprefix("sqlite:///")).expanduser()
    return file.with_name(f"{file.stem}.tuning.db")


class Mirror:
    """Optuna's storage of the studies that are being made."""

    def __init__(self, database: str, listener: Listener) -> None:
        self._file, self._listener = mirror_file(database), listener
        self._broken = False

    def show(self, conductor: Conductor) -> None:
        """Bring the copy of a study up to date. Where that fails it is said once, and the tuning goes on."""
        if self._file is None or self._broken:
            return
        try:
            self._bring(conductor, self._file)
        except Exception as error:  # whatever Optuna's storage finds in the file
            self._broken = True
            told = " ".join(str(error).split())[:200]
            self._listener.noticed(
                f"{self._file}: the copy for optuna-dashboard could not be written ({told}); remove the file, and the "
                "next `bench tune` makes it anew"
            )

    def _bring(self, conductor: Conductor, file: Path) -> None:
        import optuna

        from bench.tuning.sampling import directions, frozen, quietly

        search = conductor.search
        with quietly():
            storage = optuna.storages.RDBStorage(f"sqlite:///{file}", engine_kwargs={"connect_args": {"timeout": 60}})
            try:
                study = optuna.create_study(
                    storage=storage,
                    study_name=_name(conductor),
                    directions=directions(search.objective),
                    load_if_exists=True,
                )
                there = {trial.user_attrs.get(NUMBER) for trial in study.get_trials(deepcopy=False)}
                for trial in conductor.trials():
                    if trial.number > 0 and trial.is_finished and trial.number not in there:
                        copy = frozen(trial, search.dimensions, search.objective)
                        copy.set_user_attr(NUMBER, trial.number)
                        study.add_trial(copy)
                _describe(study, conductor)
            finally:
                storage.remove_session()
                storage.engine.dispose()


def _name(conductor: Conductor) -> str:
    suite = conductor.place.suite
    profile = "" if suite.profile == "full" else f" ({suite.profile})"
    return f"{suite.name}{profile}: {conductor.study.label} [{conductor.hash[:8]}]"


def _describe(study: optuna.Study, conductor: Conductor) -> None:
    """What the dashboard shows beside a study."""
    search = conductor.search
    names = ["validation accuracy", "sparsity"] if search.objective == "both" else [_OBJECTIVES[search.objective]]
    if study.metric_names != names:
        study.set_metric_names(names)
    told = {
        "sampler": search.sampler,
        "environment": conductor.place.environment[:8],
        "seeds": conductor.study.tune.seeds,
    }
    for name, value in told.items():
        if study.user_attrs.get(name) != value:
            study.set_user_attr(name, list(value) if isinstance(value, tuple) else value)


_OBJECTIVES = {"accuracy": "validation accuracy", "sparsity": "sparsity within the limit"}
