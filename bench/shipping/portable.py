"""A network as a file that runs without the code that defines it: of torch.export, and of ONNX where that is there."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from bench.errors import UserError

INPUTS, OUTPUTS, BATCH = "inputs", "outputs", "batch"
NEEDED = ("onnx", "onnxscript")  # the extra `export`
_FEW = 16  # samples that the slow runtime of the package onnx is asked for

Floats = npt.NDArray[np.float32]


def exported(network: nn.Module, shape: tuple[int, ...]) -> torch.export.ExportedProgram:
    """The network for any number of samples of this shape."""
    samples = torch.zeros(2, *shape)
    with _quiet():
        try:
            program = torch.export.export(
                network.eval(), (samples,), dynamic_shapes=({0: torch.export.Dim(BATCH)},), strict=False
            )
        except Exception as error:  # whatever a network of the user's own makes the exporter say
            first = str(error).strip().split("\n")[0]
            raise UserError(
                f"the network can not be exported by torch.export ({type(error).__name__}: {first}); write its forward "
                "without conditions on values and without a fixed number of samples"
            ) from error
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names files of this machine
    return program


def pt2_bytes(program: torch.export.ExportedProgram) -> bytes:
    stream = io.BytesIO()
    with _quiet():
        torch.export.save(program, stream)
    return stream.getvalue()


def pt2_network(content: bytes) -> nn.Module:
    """The network that such a file holds."""
    with _quiet():
        module: nn.Module = torch.export.load(io.BytesIO(content)).module()
    return module


def missing_for_onnx() -> str | None:
    """The first package that ONNX files can not be written without."""
    from importlib.util import find_spec

    return next((name for name in NEEDED if find_spec(name) is None), None)


def onnx_bytes(program: torch.export.ExportedProgram) -> bytes:
    """The same network as an ONNX file, its number of samples open, with nothing in it that names this machine."""
    import onnx

    with _quiet():
        made: Any = torch.onnx.export(
            program, (), dynamo=True, input_names=[INPUTS], output_names=[OUTPUTS], verbose=False
        )
    model = made.model_proto
    graph = model.graph
    symbol = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.input, *graph.output, *graph.value_info):
        for length in value.type.tensor_type.shape.dim:
            if length.dim_param == symbol:
                length.dim_param = BATCH
        del value.metadata_props[:]
    for part in (*graph.node, *(node for function in model.functions for node in function.node)):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def onnx_outputs(content: bytes, inputs: Floats) -> Floats:
    """What the file gives: by onnxruntime, or of fewer samples by the slow reference that comes with onnx."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        import onnx
        from onnx.reference import ReferenceEvaluator

        evaluator = ReferenceEvaluator(onnx.load_from_string(content))
        given: Any = {INPUTS: inputs[:_FEW]}
        found: Any = evaluator.run(None, given)
        return np.asarray(found[0])
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {INPUTS: inputs})[0])


def torch_outputs(network: nn.Module, inputs: Tensor) -> Floats:
    with torch.no_grad():
        return network(inputs).numpy()  # type: ignore[no-any-return]


@contextmanager
def _quiet() -> Iterator[None]:
    """Exporters talk of what does not concern a user."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
