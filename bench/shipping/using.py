"""Programs that use the files of an export, as the card shows them: complete, so that they can be copied and run."""

from __future__ import annotations

from bench.shipping.parcel import FACTS, MASK, ONNX, PT2, WEIGHTS, Parcel, portable_choice

_READ_IMAGE = """image = ImageOps.exif_transpose(Image.open("{file}")).convert("{mode}")
image = image.resize(({width}, {height}), Image.BILINEAR)
samples = np.asarray(image, dtype=np.float32)[np.newaxis]{white}
samples = {channels}"""
_READ_ROWS = """samples = np.load("samples.npy").astype(np.float32)  # (N, {shape}), {rows}"""
_INPUTS = """{middle}inputs = ((samples - {shift}) * {factor}).astype(np.float32)  # (N, {shape})
"""


def code(parcel: Parcel) -> str:
    """The section of the card."""
    opened = parcel.opened
    parts = [
        "## How to use it",
        f"From a file to a label, with this project: `bench predict {opened.name} FILE`, or, with the folder that "
        "holds this page, `bench predict FOLDER FILE`. Without it, the inputs are made so:",
        _block(inputs_code(parcel)),
        "With PyTorch:",
        _block(torch_code()),
    ]
    if ONNX in parcel.files:
        parts += ["With onnxruntime:", _block(onnx_code())]
    parts += ["The whole network, to go on training it or to look at its masks:", _block(whole_code(parcel))]
    return "\n\n".join(parts)


def inputs_code(parcel: Parcel) -> str:
    """From samples as people have them to `inputs`, and the names of the classes."""
    told = parcel.preprocessing
    kept = ", ".join(map(str, told.kept))
    pillow = ["from PIL import Image, ImageOps"] if told.mode is not None else []
    lines = [
        "import json",
        "from pathlib import Path",
        "",
        "import numpy as np",
        *pillow,
        "",
        f'labels = json.loads(Path("{FACTS}").read_text())["labels"]',
    ]
    if told.mode is not None and told.white is not None:
        height, width = told.kept[-2:]
        white = "" if told.white == 255 else f" * {told.white:g} / 255"
        channels = "samples[:, np.newaxis]" if told.mode == "L" else "samples.transpose(0, 3, 1, 2)"
        lines.append(
            _READ_IMAGE.format(
                file="image.png", mode=told.mode, width=width, height=height, white=white, channels=channels
            )
        )
    else:
        names = ", ".join(column.name for column in told.columns)
        rows = f"made of the columns {names} as {FACTS} tells" if names else "as the data set keeps them"
        lines.append(_READ_ROWS.format(shape=kept, rows=rows))
    middle = ""
    if told.kept != told.shape:
        (tall, wide), (height, width) = told.kept[-2:], told.shape[-2:]
        top, left = (tall - height) // 2, (wide - width) // 2
        middle = f"samples = samples[..., {top}:{top + height}, {left}:{left + width}]\n"
    lines.append(
        _INPUTS.format(
            middle=middle,
            shift=_numbers(told.shift),
            factor=_numbers(told.factor),
            shape=", ".join(map(str, told.shape)),
        ).rstrip("\n")
    )
    return "\n".join(lines)


def _numbers(scale: float | tuple[float, ...]) -> str:
    if isinstance(scale, tuple):
        return f"np.array([{', '.join(repr(one) for one in scale)}])[:, None, None]"
    return repr(scale)


def torch_code() -> str:
    return f"""import torch

network = torch.export.load("{PT2}").module()
outputs = network(torch.from_numpy(inputs))
print([labels[best] for best in outputs.argmax(1)])"""


def onnx_code() -> str:
    return f"""import onnxruntime

session = onnxruntime.InferenceSession("{ONNX}", providers=["CPUExecutionProvider"])
(outputs,) = session.run(None, {{"inputs": inputs}})
print([labels[best] for best in outputs.argmax(1)])"""


def whole_code(parcel: Parcel) -> str:
    opened, choice = parcel.opened, portable_choice(parcel.opened)
    made = f'Choice("{choice.name}", {choice.options!r})' if choice.options else f'"{choice.name}"'
    imported = "from bench.registry import Choice\n" if choice.options else ""
    return f"""from bench.models.base import build
{imported}from safetensors.torch import load_file

tensors = load_file("{WEIGHTS}")
masks = {{name: tensors.pop(name).bool() for name in list(tensors) if name.endswith("{MASK}")}}
network = build({made}, {opened.shape}, {opened.ground.data.classes})
network.load_state_dict(tensors)"""


def _block(text: str) -> str:
    return f"```python\n{text}\n```"
