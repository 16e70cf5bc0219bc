"""A network from a user's file, and what is said when it does not fit."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from bench.errors import UserError
from bench.models.base import build, given_weights, prunable_layers
from bench.models.initialisations import initial_state
from bench.models.layout import buffer_layout
from bench.models.own import called, settings
from bench.training.networks import stacked
from tests.models.choosing import chosen

SHAPE = (1, 6, 6)
PLAIN = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes, in_channels=3, width=8):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.fc(torch.relu(self.norm(self.conv(x))).mean((2, 3)))
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(text: str, name: str = "net.py") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return file


def own(path: str, name: str = "Net", shape: tuple[int, ...] = SHAPE, classes: int = 4, **options: Any) -> nn.Module:
    return build(chosen("file", path=path, name=name, **options), shape, classes)


def linear(arguments: str, body: str) -> str:
    """A network of one layer."""
    return (
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        f"    def __init__(self{arguments}):\n"
        "        super().__init__()\n"
        f"        {body}\n"
        "    def forward(self, x):\n"
        "        return self.fc(x.flatten(1))\n"
    )


def test_an_ordinary_class_becomes_a_network(write: Write) -> None:
    module = own(write(PLAIN))
    assert [(layer.name, layer.shape) for layer in prunable_layers(module)] == [("conv", (8, 1, 3, 3)), ("fc", (4, 8))]
    assert module.training
    assert module(torch.zeros(3, *SHAPE)).shape == (3, 4)
    assert not any(layer._forward_hooks for layer in module.modules())
    assert initial_state(module, "torch", 0).keys() == module.state_dict().keys()
    with torch.device("meta"):
        assert own(write(PLAIN)).get_parameter("fc.weight").is_meta


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (", shape, classes", "self.fc = nn.Linear(shape[0] * shape[1] * shape[2], classes)"),
        (", *, in_features, out_features", "self.fc = nn.Linear(in_features, out_features)"),
        (", n_classes=1000, bias=True", "self.fc = nn.Linear(36, n_classes, bias)"),
        ("", "self.fc = nn.Linear(36, 4)"),
        (", *args, **options", "self.fc = nn.Linear(36, 4, **options)"),
    ],
)
def test_it_gets_the_arguments_that_it_names(write: Write, arguments: str, body: str) -> None:
    assert own(write(linear(arguments, body))).get_parameter("fc.weight").shape == (4, 36)


def test_a_function_may_make_it(write: Write) -> None:
    path = write(
        "from torch import nn\ndef make(classes):\n    return nn.Sequential(nn.Flatten(), nn.Linear(36, classes))\n"
    )
    assert own(path, "make").get_parameter("1.weight").shape == (4, 36)


def test_the_file_is_read_anew_and_leaves_no_trace(write: Write, tmp_path: Path) -> None:
    path = write(PLAIN)
    before = set(sys.modules)
    own(path)
    stamp = os.stat(path)
    write(PLAIN.replace("width=8", "width=6"))  # as long as before, and as old
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert own(path).get_parameter("conv.weight").shape[0] == 6
    assert set(sys.modules) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.py"]


def test_a_file_of_its_own_time(write: Write) -> None:
    """Annotations mean what they mean in the file, and dataclasses find their module."""
    path = write(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom torch import nn\n"
        "@dataclass\nclass Sizes:\n    wide: int = 36\n"
        "def make(classes: int) -> nn.Module:\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(Sizes().wide, classes))\n"
    )
    own(path, "make")
    annotated = write(
        "from torch import nn\n"
        "def make(x: nn.Module = None):\n    pass\n"
        "assert make.__annotations__['x'] is nn.Module\n"
    )
    with pytest.raises(UserError, match="make gives NoneType"):
        own(annotated, "make")


def test_the_key_knows_what_the_files_hold_and_not_where_they_lie(write: Write) -> None:
    path, copy, other = write(PLAIN), write(PLAIN, "copy.py"), write(PLAIN + "\n", "other.py")
    state = {"a": torch.zeros(3)}
    torch.save(state, path + ".pt")
    plain = settings({"path": path, "name": "Net"})
    assert [name for name, _ in plain] == ["name", "source", "weights"]
    assert plain == settings({"path": copy, "name": "Net", "weights": ""})
    weighted = settings({"path": path, "name": "Net", "weights": path + ".pt"})
    torch.save({"a": torch.ones(3)}, path + ".pt")
    found = {plain, weighted, settings({"path": path, "name": "Net", "weights": path + ".pt"})}
    found |= {settings({"path": path, "name": "Other"}), settings({"path": other, "name": "Net"})}
    assert len(found) == 5
    assert called({"path": path, "name": "Net"}) == "Net"


def parallel(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"module.{name}": tensor for name, tensor in state.items()}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 9},
        lambda state: {"model": parallel(state), "optimiser": {}},
        lambda state: {
            name: tensor.double() if tensor.is_floating_point() else tensor for name, tensor in state.items()
        },
    ],
)
def test_given_weights_stand_in_for_drawn_ones(write: Write, tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    path, weights = write(PLAIN), str(tmp_path / "best.pt")
    state = own(path).state_dict()
    torch.save(wrap(state), weights)
    own(path, weights=weights)
    found = given_weights(chosen("file", path=path, name="Net", weights=weights))
    assert found.keys() == state.keys()
    for name, tensor in found.items():
        assert torch.equal(tensor, state[name])
        assert tensor.dtype == state[name].dtype
    assert given_weights(chosen("file", path=path, name="Net")) == {}


def test_weights_of_safetensors(write: Write, tmp_path: Path) -> None:
    path, weights = write(PLAIN), str(tmp_path / "best.safetensors")
    state = own(path).state_dict()
    save_file(state, weights)
    own(path, weights=weights)
    found = given_weights(chosen("file", path=path, name="Net", weights=weights))
    assert all(torch.equal(tensor, state[name]) for name, tensor in found.items())
    Path(weights).write_bytes(b"not at all")
    with pytest.raises(UserError, match=r"best.safetensors: is no safetensors file .*; save it again"):
        own(path, weights=weights)


def without(state: dict[str, torch.Tensor], *names: str) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in state.items() if name not in names}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda state: without(state, "fc.bias"), "does not fit Net: fc.bias is missing; give weights saved from this"),
        (
            lambda state: without(state, *list(state)[:5]),
            "conv.weight, conv.bias, norm.weight and 2 more are missing",
        ),
        (
            lambda state: state | {"head.a": torch.zeros(1), "head.b": torch.zeros(1)},
            "head.a, head.b are unknown to it",
        ),
        (lambda state: state | {"fc.bias": torch.zeros(10)}, "fc.bias has shape (10,) and not (4,)"),
        (lambda state: {"state_dict": state | {"epoch": 3}}, "'epoch' is no tensor; save network.state_dict()"),
        (lambda state: list(state.values()), "holds no weights by name; save network.state_dict() with torch.save"),
        (
            lambda _: nn.Linear(2, 2),
            "holds more than weights, which could run anything when loaded; save network.state",
        ),
    ],
)
def test_weights_that_do_not_fit(write: Write, tmp_path: Path, spoil: Callable[[Any], Any], message: str) -> None:
    path, weights = write(PLAIN), str(tmp_path / "best.pt")
    torch.save(spoil(own(path).state_dict()), weights)
    with pytest.raises(UserError, match=re.escape(message)) as raised:
        own(path, weights=weights)
    assert raised.value.lines[0].startswith(f"{weights}: ")


def test_weights_that_are_not_there_or_no_weights(write: Write, tmp_path: Path) -> None:
    path = write(PLAIN)
    with pytest.raises(UserError, match=r"none.pt: no such file; give the path of weights"):
        own(path, weights=str(tmp_path / "none.pt"))
    with pytest.raises(UserError, match=r"none.pt: no such file; give the path of weights"):
        settings({"path": path, "name": "Net", "weights": str(tmp_path / "none.pt")})
    with pytest.raises(UserError, match=r"net.py: is no file of PyTorch"):
        own(path, weights=path)


MISTAKES = [
    ("class Net(:\n", ":1:11: invalid syntax; mend the network's file"),
    ("import torch\n\nimport no_such_package\n", ":3: ModuleNotFoundError: No module named 'no_such_package'; mend"),
    ("raise SystemExit(1)\n", ":1: SystemExit: 1; mend"),
    ("x = 1\n", ": no class or function 'Net'; it holds no nn.Module class"),
    (PLAIN.replace("Net", "Nets"), ": no class or function 'Net'; did you mean 'Nets'?"),
    ("from torch import nn\nNet = nn.Linear(36, 4)\n", ": Net is a network that is made already; give the name of its"),
    ("def Net():\n    return 3\n", ": Net gives int; it has to give an nn.Module"),
    (linear(", sizes", "pass"), ": Net needs 'sizes'; give it a default, as only these are known: shape, input_shape"),
    (linear("", "self.fc = nn.Linear(36, 4, 5, 6, 7, 8)"), ":5: TypeError: "),
    (linear("", "self.fc = nn.Linear(99, 4)"), ":7: RuntimeError: "),
    (
        linear("", "self.fc = nn.Linear(36, 10)"),
        ": Net gives (2, 10) for 2 samples and 4 classes; it has to give (2, 4)",
    ),
    (linear("", "self.fc = lambda x: (x, x)"), ": Net has no nn.Linear and no nn.Conv2d, so there is nothing to prune"),
    (PLAIN.replace("return self", "return 1, self"), ": Net gives tuple; it has to give a tensor of (samples, 4)"),
    (
        PLAIN.replace("super().__init__()", "super().__init__(); self.aux = nn.Linear(2, 2)"),
        ": Net never calls its layer 'aux'",
    ),
    (
        linear("", "self.fc = nn.Linear(36, 36)").replace(
            "self.fc(x.flatten(1))", "self.fc(self.fc(x.flatten(1)))[:, :4]"
        ),
        ": Net has 'fc' with 36 outputs for its last layer; define the output layer with 4 last",
    ),
    (
        linear("", "self.a = nn.Linear(36, 36); self.b = nn.Linear(36, 36); self.b.weight = self.a.weight"),
        ": Net has a weight that two layers share",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(write: Write, text: str, message: str) -> None:
    path = write(text)
    with pytest.raises(UserError, match="^" + re.escape(path + message)) as raised:
        own(path)
    assert len(raised.value.lines) == 1
    assert "\n" not in raised.value.lines[0]


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none.py: no such file; give the path of the Python file"):
        own(str(tmp_path / "none.py"))
    (tmp_path / "image.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="image.py: this is not a Python file"):
        own(str(tmp_path / "image.py"))


def test_what_a_network_does_not_save_stays_a_constant(write: Write) -> None:
    path = write(
        PLAIN.replace(
            "super().__init__()", "super().__init__(); self.register_buffer('k', torch.ones(1), persistent=False)"
        ).replace("(x)))", "(x * self.k)))")
    )
    module = own(path)
    assert "k" not in {place.name for place in buffer_layout(module).places}
    network = stacked(module)
    state = initial_state(module, "torch", 0)
    weights = network.parameters.flatten({place.name: state[place.name] for place in network.parameters.places})
    buffers = network.buffers.flatten({place.name: state[place.name].float() for place in network.buffers.places})
    outputs = network.outputs(weights[None], buffers[None], torch.ones(1, 3, *SHAPE))
    assert outputs.shape == (1, 3, 4)
