"""A run is opened by its name alone, and its network does what its row says."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import torch

from bench.errors import UserError
from bench.opening import OpenedRun, open_run
from bench.states import StateMissing
from tests.opening.conftest import NET, one, rows


def right_answers(opened: OpenedRun) -> int:
    """Counted without any of our own code for evaluation."""
    tensors, test = opened.dataset.tensors(), opened.dataset.split(opened.run.seed).test
    inputs = (tensors.inputs[test].float() - tensors.shift) * tensors.factor
    with torch.no_grad():
        return int((opened.network()(inputs).argmax(1) == tensors.labels[test]).sum())


def test_every_network_gives_the_right_answers_that_its_row_counts(folder: Path) -> None:
    found = rows(folder)
    assert len(found) == 5 * 5 + 2
    for row in found:
        opened = open_run(row["key"][:8])
        assert right_answers(opened) == row["correct"], row
        assert (opened.key, opened.name) == (row["key"], row["key"][:8])
        told = {name: opened.facts[name] for name in ("suite", "data", "model", "method", "level", "seed", "sparsity")}
        assert told == {name: row[name] for name in told}


def test_masks_count_what_the_row_counts_and_what_they_take_is_zero(folder: Path) -> None:
    for row in rows(folder, "results.level = 2 and seed = 0 and suite = 'tiny'"):
        opened = open_run(row["key"])
        masks, network = opened.masks(), opened.network()
        assert sum(int(mask.sum()) for mask in masks.values()) == row["weights_kept"]
        for name, mask in masks.items():
            weight = network.get_submodule(name).weight
            assert isinstance(weight, torch.Tensor)
            assert not weight[~mask].any()
    assert not network.training


def test_batch_norm_has_the_statistics_of_its_training(folder: Path) -> None:
    network = open_run(one(folder, "model = 'Normed' and method = 'none'")["key"]).network()
    mean = network.get_buffer("first.1.running_mean")
    assert mean.abs().sum() > 0.01
    assert int(network.get_buffer("first.1.num_batches_tracked")) == 10  # half of 1,197 samples, in batches of 60


def test_a_stand_in_stays_one(folder: Path) -> None:
    opened = open_run(one(folder, "suite = 'standin'")["key"])
    assert (opened.facts["data"], opened.facts["standin"]) == ("mnist-standin", True)
    assert opened.ground.data.standin
    assert opened.labels == tuple(str(digit) for digit in range(10))


def test_a_state_that_is_gone_is_missed_and_no_more(folder: Path) -> None:
    row = one(folder, "method = 'lottery'")
    for file in (folder / ".bench" / "states").rglob(f"{row['key']}.state"):
        file.unlink()
    opened = open_run(row["key"])
    assert opened.facts["test_accuracy"] == row["test_accuracy"]
    with pytest.raises(StateMissing):
        opened.network()


def test_names_that_name_nothing_or_several(folder: Path) -> None:
    with pytest.raises(UserError, match="is no name of a run; give the first 8 digits"):
        open_run("lottery")
    with pytest.raises(UserError, match="is no name of a run"):
        open_run("%")
    keys = [row["key"] for row in rows(folder)]
    unused = next(f"{number:08x}" for number in range(100) if not any(key.startswith(f"{number:08x}") for key in keys))
    with pytest.raises(UserError, match=f"run {unused}: results.db has no such run"):
        open_run(unused)
    first = [key[0] for key in keys]
    shared = next(digit for digit in first if first.count(digit) > 1)
    with pytest.raises(UserError) as error:
        open_run(shared)
    (line,) = error.value.lines
    listed = [key[:16] for key in sorted(keys) if key.startswith(shared)][:5]
    assert all(key in line for key in listed)
    assert " at level " in line


def test_a_name_may_be_short_where_it_is_unique_and_large(folder: Path) -> None:
    keys = [row["key"] for row in rows(folder)]
    key = keys[0]
    length = next(size for size in range(1, 40) if sum(other.startswith(key[:size]) for other in keys) == 1)
    assert open_run(key[:length].upper()).key == key


def test_a_run_that_was_planned_and_not_made(folder: Path) -> None:
    key = one(folder, "method = 'lottery'")["key"]
    with closing(sqlite3.connect(folder / "results.db")) as connection, connection:
        connection.execute("DELETE FROM run WHERE key = ?", (key,))
    with pytest.raises(UserError, match="is planned and not made yet in results.db; `bench run tiny` makes it"):
        open_run(key)


def test_a_run_that_diverged_has_no_network(folder: Path) -> None:
    key = one(folder, "method = 'lottery'")["key"]
    with closing(sqlite3.connect(folder / "results.db")) as connection, connection:
        connection.execute("UPDATE run SET status = 'diverged', reason = 'at step 3' WHERE key = ?", (key,))
    with pytest.raises(UserError, match="diverged, it has no network .at step 3"):
        open_run(key)


def test_a_database_of_another_program(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE run (key TEXT)")
    with pytest.raises(UserError, match="belongs to another program"):
        open_run("12345678", "other.db")
    with pytest.raises(UserError, match="there is no such database"):
        open_run("12345678", "none.db")


def test_a_network_whose_file_was_changed(folder: Path) -> None:
    key = one(folder, "model = 'Normed'")["key"]
    (folder / "net.py").write_text(NET.replace("ReLU", "GELU"), encoding="utf-8")
    with pytest.raises(UserError, match=f"run {key[:8]}: can not be opened again, since the network file is not what"):
        open_run(key)
    (folder / "net.py").unlink()
    with pytest.raises(UserError, match=r"net\.py: no such file"):
        open_run(key)


def test_other_data_than_it_ran_on(folder: Path) -> None:
    key = one(folder, "data = 'digits' and model = 'mlp'")["key"]
    with closing(sqlite3.connect(folder / "results.db")) as connection, connection:
        connection.execute("UPDATE planned SET key = 'ab' || substr(key, 3) WHERE key = ?", (key,))
        connection.execute("UPDATE run SET key = 'ab' || substr(key, 3) WHERE key = ?", (key,))
        connection.execute(
            "UPDATE settings SET text = json_set(text, '$.data.fingerprint', '0123456789') WHERE id IN "
            "(SELECT settings_id FROM cell JOIN planned ON planned.cell_id = cell.id WHERE planned.key = ?)",
            (f"ab{key[2:]}",),
        )
    with pytest.raises(UserError, match="the content of data set digits was 01234567 when it ran and is .* now"):
        open_run(f"ab{key[2:10]}")


def test_finding_a_run_needs_no_torch(folder: Path) -> None:
    key = one(folder, "method = 'lottery'")["key"]
    code = f"""
import sys
sys.modules["torch"] = None
from bench.store import Store
from bench.stored import stored_runs
with Store.open("results.db", read_only=True) as store:
    (run,) = stored_runs({key[:8]!r}, store)
print(run.facts["method"], len(run.layers))
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(root)}, capture_output=True, text=True)
    assert done.stdout.startswith("lottery "), done.stderr
