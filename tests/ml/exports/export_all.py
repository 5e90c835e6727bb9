"""Exports modules of PyTorch and models of scikit-learn to ONNX, with an input and its output beside each:

python export_all.py FOLDER torchscript|dynamo|skl2onnx

Writes FOLDER/<exporter>-<number>/model.onnx, x.npy, y.npy and kind.txt, and FOLDER/<exporter>-failures.json: what could
not be exported.
"""

import io
import json
import logging
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import torch

from sklearn_kinds import sklearn_models
from torch_kinds import KINDS, tokens

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
target, exporter = Path(sys.argv[1]), sys.argv[2]
kinds, failures = [], []


def save(kind: str, model: bytes, x: np.ndarray, y: np.ndarray) -> None:
    folder = target / f"{exporter}-{len(kinds):03d}"
    folder.mkdir(parents=True)
    kinds.append(kind)
    (folder / "kind.txt").write_text(kind)
    (folder / "model.onnx").write_bytes(model)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)


def input_of(shape):
    torch.manual_seed(len(kinds))
    return tokens(*shape[1:]) if shape[0] == "tokens" else torch.randn(shape)


def export_torch(kind: str, make, shape) -> None:
    torch.manual_seed(0)
    module = make().eval()
    x = input_of(shape)
    with torch.no_grad():
        y = module(x)
    buffer = io.BytesIO()
    axes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if exporter == "dynamo" else {
        "dynamic_axes": {"input": {0: "batch"}, "output": {0: "batch"}}}
    torch.onnx.export(module, (x,), buffer, input_names=["input"], output_names=["output"],
                      dynamo=exporter == "dynamo", **axes)
    save(kind, buffer.getvalue(), x.numpy(), y.numpy())


def export_sklearn(make, kind: str) -> None:
    model, x, y = make()
    save(kind, model.SerializeToString(), x, np.asarray(y, np.float32))


if exporter == "skl2onnx":
    exports = [(kind, lambda kind=kind, make=make: export_sklearn(make, kind)) for kind, make in sklearn_models()]
else:
    exports = [(kind, lambda kind=kind, both=both: export_torch(kind, *both)) for kind, both in KINDS.items()]
for kind, export in exports:
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            export()
    except Exception as error:
        failures.append({"kind": kind, "error": str(error).strip()[:200]})
target.mkdir(exist_ok=True)
(target / f"{exporter}-failures.json").write_text(json.dumps(failures, indent=1))
print(exporter, len(kinds), "exported,", len(failures), "failed")
