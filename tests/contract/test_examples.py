"""A component that breaks a promise is found out, with a counter-example; what `bench new` writes keeps them all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli import main
from tests.cli.conftest import environment, outside

SCORE = "import torch\nfrom bench import score\n\n@score('wrong')\ndef wrong(net):\n    {}\n"
METHOD = """\
from bench import method
from bench.recipe import Reset

@method('wrong')
def wrong(task{options}):
    {body}
"""
NETWORK = """\
from torch import nn
from bench import network

@network('wrong')
def wrong(shape, classes):
    {}
"""
DATASET = """\
import numpy as np
from bench import dataset
from bench.data.base import from_arrays

@dataset('wrong')
def wrong(policy):
    inputs = np.zeros((90, 4), np.float32)
    labels = np.arange(90) % 3
    counts = {{"train": 50, "validation": 20, "test": 20}}
    {}
"""
FLAT = "n = __import__('math').prod(shape)"

BROKEN = {
    "score-nothing": (SCORE.format("return {}"), "nothing for the layer 'conv'"),
    "score-shape": (SCORE.format("return {n: w.abs().sum() for n, w in net.weights.items()}"), "the shape ()"),
    "score-infinite": (SCORE.format("return {n: 1 / w.abs() for n, w in net.weights.items()}"), "inf at"),
    "score-chance": (SCORE.format("return {n: torch.rand_like(w) for n, w in net.weights.items()}"), "net.uniform"),
    "score-error": (SCORE.format("return 1 / 0"), "wrong.py:6: ZeroDivisionError"),
    "method-nothing": (METHOD.format(options="", body="return iter(())"), "never trains"),
    "method-untyped": (METHOD.format(options=", often=3", body="yield task.train()"), "'often' has no type"),
    "method-odd": (METHOD.format(options="", body="yield 'train'"), "no Train, Prune or Reset"),
    "method-dense": (METHOD.format(options="", body="yield task.train()"), "prunes nothing"),
    "method-clock": (
        METHOD.format(options="", body="yield task.train(); yield task.prune(task.level); yield task.train()"),
        "clock stands at step 24",
    ),
    "method-level": (
        METHOD.format(options="", body="yield task.train(); yield task.prune(task.rounds[0])"),
        "the levels 1 and 2 lead to the same network",
    ),
    "method-half": (
        METHOD.format(options="", body="yield task.train(); yield task.prune(task.level.part(0.5))"),
        "weights of layer 'fc1' are gone at the end",
    ),
    "method-lazy": (
        METHOD.format(options="", body="yield task.train(0, 1); yield task.prune(task.level)"),
        "after 300 steps",
    ),
    "network-outputs": (
        NETWORK.format(f"{FLAT}; return nn.Sequential(nn.Flatten(), nn.Linear(n, 2))"),
        "outputs of shape (5, 2)",
    ),
    "network-bare": (NETWORK.format("return nn.Identity()"), "outputs of shape"),
    "network-refuses": (
        NETWORK.format("from bench.errors import UserError; raise UserError('only for music')"),
        "only for music",
    ),
    "network-memory": (
        NETWORK.format(
            f"{FLAT}; import itertools; calls = itertools.count(); layer = nn.Linear(n, classes); "
            "layer.register_forward_hook(lambda _, __, outputs: outputs * (1 + next(calls) % 5)); "
            "return nn.Sequential(nn.Flatten(), layer)"
        ),
        "alone and in a pack of 3",
    ),
    "dataset-labels": (
        DATASET.format("return from_arrays('wrong', inputs, labels + 1, counts, source='x', class_names='abc')"),
        "the labels go from 1 to 3",
    ),
    "dataset-parts": (
        DATASET.format(
            "rows = np.arange(50); parts = lambda seed: {'train': rows, 'validation': rows[:20], 'test': rows[:20]}; "
            "return from_arrays('wrong', inputs, labels, counts, source='x', parts=parts)"
        ),
        "is in two parts",
    ),
    "dataset-chance": (
        DATASET.format(
            "inputs += np.random.rand(90, 4); return from_arrays('wrong', inputs, labels, counts, source='x')"
        ),
        "fingerprint",
    ),
}
# In one process that forgets what it registered between two files, since starting one for each would take minutes.
CHECK_ALL = """
import contextlib, io, json, sys
from pathlib import Path
from bench.cli import main
from bench.registry import registry
said = {}
for file in map(Path, sys.argv[1:]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["check", str(file)])
    said[file.parent.name] = [code, out.getvalue() + err.getvalue()]
    for kind in ("score", "method", "network", "dataset"):
        registry(kind)._components.pop("wrong", None)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """What `bench check` says of each of the broken files."""
    folder = tmp_path_factory.mktemp("broken")
    files = []
    for name, (text, _) in BROKEN.items():
        (folder / name).mkdir()
        files.append(folder / name / "wrong.py")
        files[-1].write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", CHECK_ALL, *map(str, files)]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name: (code, said) for name, (code, said) in json.loads(done.stdout.splitlines()[-1]).items()}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_shown(checked: dict[str, tuple[int, str]], name: str) -> None:
    code, said = checked[name]
    assert code == 1, said
    assert BROKEN[name][1] in said
    assert "BROKEN" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", ["score", "method", "network", "dataset"])
def test_what_new_writes_keeps_every_promise(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", kind, "quite-mine", "--out", "mine.py"]) == 0
    text = (tmp_path / "mine.py").read_text(encoding="utf-8")
    assert f'@{kind}("quite-mine")' in text
    assert f"my-{kind}" not in text
    assert "FILE" not in text
    answer = outside(tmp_path, "check", "mine.py", "--json")
    assert answer.code == 0, answer.out
    (component,) = answer.json["components"]
    assert (component["kind"], component["name"], component["holds"]) == (kind, "quite-mine", True)
    assert all(one["outcome"] == "holds" for one in component["promises"])


def test_new_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("precious", encoding="utf-8")
    assert main(["new", "score", "mine"]) == 2
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == "precious"
