"""Whatever is wrong with what a user types is told in a line, with exit code 2 and without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Bench

ANYWHERE = [
    ("rn", "did you mean 'run'"),
    ("run", "SUITE"),
    ("run --frob", "--frob"),
    ("run nosuch", "unknown suite 'nosuch'"),
    ("run nosuch.yaml", "no such suite file"),
    ("run penguin", "did you mean 'penguins'?"),
    ("run .", "folder"),
    ("run broken.yaml", "broken YAML"),
    ("run wrong.yaml", "wrong.yaml:"),
    ("run binary.yaml", "not UTF-8"),
    ("run tiny.yaml --seeds 0", "seeds"),
    ("run tiny.yaml --seeds many", "--seeds"),
    ("run tiny.yaml --data fake", "auto, real or standin"),
    ("run tiny.yaml --device gpu", "device 'gpu'"),
    ("run tiny.yaml --device cuda:99", "device 'cuda:99'"),
    ("run tiny.yaml --only lottery", "write method=lottery"),
    ("run tiny.yaml --only method=lotery", "did you mean 'lottery'?"),
    ("run tiny.yaml --only colour=red", "'colour'"),
    ("run tiny.yaml --only sparsity=0.77", "0.77"),
    ("run tiny.yaml --only sparsity=much", "'much'"),
    ("run tiny.yaml --profile slow", "unknown profile 'slow'"),
    ("run tiny.yaml --metric accuracy", "accuracy"),
    ("run tiny.yaml --against nobody", "nobody"),
    ("run tiny.yaml --plugin nosuch.py", "no such plugin file"),
    ("run tiny.yaml --plugin tiny.yaml", ".py"),
    ("run tiny.yaml --plugin empty.py", "registers nothing"),
    ("run tiny.yaml --plugin typo.py", "typo.py:1"),
    ("run tiny.yaml --plugin failing.py", "failing.py:2"),
    ("run tiny.yaml --threads 0", "--threads"),
    ("run tiny.yaml --db tiny.yaml", "no SQLite database"),
    ("run tiny.yaml --db nowhere/results.db", "folder does not exist"),
    ("run tiny.yaml --db mysql://host/name", "mysql"),
    ("plan tiny.yaml --db .", "."),
    ("show tiny --db nosuch.db", "nosuch.db"),
    ("show tiny --db tiny.yaml", "tiny.yaml"),
    ("report --db nosuch.db", "nosuch.db"),
    ("sql", "nothing is asked"),
    ("sql @nosuch.sql", "nosuch.sql"),
    ("sql @binary.yaml", "UTF-8"),
    ("sql x --file y", "twice"),
    ("sql x --csv --json", "exclude each other"),
    ("sql x --param 1", "--param"),
    ("sql x --db nosuch.db", "nosuch.db"),
    ("sql x --limit-seconds -1", "--limit-seconds"),
    ("list colours", "colours"),
    ("data --data fake", "auto, real or standin"),
    ("explain nosuch/lottery", "nosuch"),
    ("explain tiny.yaml/lotery", "did you mean 'lottery'?"),
    ("explain tiny.yaml/lottery/9", "level '9'"),
    ("explain tiny.yaml/3", "needs its method"),
    ("new thing x", "thing"),
    ("new score Wrong", "no name"),
    ("new score class", "Python"),
    ("new score magnitude", "already"),
    ("new method imp", "already"),
    ("new score mine --out tiny.yaml", ".py"),
    ("new score mine --out nowhere/mine.py", "nowhere/mine.py"),
    ("new score mine --out empty.py", "there already"),
    ("check nosuch.py", "no such plugin file"),
    ("check tiny.yaml", ".py"),
    ("check empty.py", "registers nothing"),
]
WITH_RESULTS = [
    ("show nosuch", "no suite 'nosuch'"),
    ("show tiny --profile quick", "quick"),
    ("show tiny --metric speed", "speed"),
    ("show tiny --against lotery", "did you mean 'lottery'?"),
    ("show tiny --only colour=red", "colour"),
    ("show tiny --only method=lotery", "did you mean 'lottery'?"),
    ("show tiny --only sparsity=0.77", "0.77"),
    ("sql selec", "syntax error"),
    ("sql select(nope)from(results)", "no such column"),
    ("sql select*from(result)", "did you mean 'results'?"),
    ("sql select(:seed)", "seed"),
    ("report --suite nosuch", "nosuch"),
    ("report --out tiny.yaml", "is a file"),
    ("report --metric speed", "speed"),
]


@pytest.fixture
def files(folder: Path) -> None:
    (folder / "broken.yaml").write_text("title: [\n", encoding="utf-8")
    (folder / "wrong.yaml").write_text("title: Wrong\ndata: pinguins\nsparsities: [1.2]\n", encoding="utf-8")
    (folder / "binary.yaml").write_bytes(b"title: \xff\n")
    (folder / "empty.py").write_text("", encoding="utf-8")
    (folder / "typo.py").write_text("def (:\n", encoding="utf-8")
    (folder / "failing.py").write_text("import math\nmath.nothing\n", encoding="utf-8")


def check(answer: Answer, expected: str) -> None:
    assert answer.code == 2, answer
    assert answer.out == ""
    assert expected in answer.err
    assert "Traceback" not in answer.err
    assert "internal error" not in answer.err


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("command", "expected"), ANYWHERE, ids=[command for command, _ in ANYWHERE])
def test_bad_input(bench: Bench, command: str, expected: str) -> None:
    check(bench(*command.split()), expected)


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize(("command", "expected"), WITH_RESULTS, ids=[command for command, _ in WITH_RESULTS])
def test_bad_questions_to_good_results(bench: Bench, command: str, expected: str) -> None:
    check(bench(*command.split()), expected)


def test_every_mistake_of_a_suite_file_is_a_line(bench: Bench, files: None) -> None:
    answer = bench("plan", "wrong.yaml")
    assert answer.code == 2
    lines = answer.err.strip().splitlines()
    assert len(lines) > 2
    assert all(line.startswith("wrong.yaml:") for line in lines)


def test_a_fault_of_ours_is_named_in_a_line(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("bench.suite.builtin_suites", fail)
    answer = bench("list", "suites")
    assert answer.code == 1
    assert answer.err.count("\n") == 1
    assert "internal error: ZeroDivisionError: by nothing" in answer.err
