"""Asks a database about runs that a frame names, by their columns `key` and `environment`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis.load import LackingError, ask

_AT_ONCE = 500  # keys in one question: fewer than any database refuses


def ask_by_key(
    database: str | Path, runs: pd.DataFrame, views: Mapping[str, Sequence[str]], question: str, *words: str
) -> pd.DataFrame:
    """The answers to a question, whose {keys} become the keys of runs and whose {words} become words.

    They are empty where the database lacks one of the views, as one of another release or hand may: what a run has
    given can be told without any details.
    """
    keys = sorted({str(key) for key in runs["key"]})
    spoken = {f"word{place}": word for place, word in enumerate(words)}
    answers = []
    for start in range(0, len(keys), _AT_ONCE):
        chunk = {f"key{place}": key for place, key in enumerate(keys[start : start + _AT_ONCE])}
        asked = question.format(keys=_marks(chunk), words=_marks(spoken))
        try:
            answers.append(ask(database, views, asked, {**chunk, **spoken}))
        except LackingError:
            break
    return pd.concat(answers, ignore_index=True) if answers else pd.DataFrame()


def ask_about(
    database: str | Path, runs: pd.DataFrame, views: Mapping[str, Sequence[str]], question: str, columns: Sequence[str]
) -> pd.DataFrame:
    """The same where each row of an answer has the key and the environment of its run: those of these runs alone."""
    return of_these(ask_by_key(database, runs, views, question), runs, columns)


def of_these(found: pd.DataFrame, runs: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The rows about these runs, whose environment has to be theirs too."""
    if found.empty:
        return pd.DataFrame(columns=list(columns))
    wanted = set(zip(runs["key"], runs["environment"], strict=True))
    here = [pair in wanted for pair in zip(found["key"], found["environment"], strict=True)]
    return found.loc[here, list(columns)].reset_index(drop=True)


def _marks(parameters: Mapping[str, str]) -> str:
    return ", ".join(f":{name}" for name in parameters)
