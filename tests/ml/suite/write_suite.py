"""Writes ONNX's backend suite into a folder: python write_suite.py FOLDER

One folder per case, as ONNX itself lays them out: model.onnx, test_data_set_0/input_0.pb, output_0.pb. Cases of nodes
exist only as Python code; those converted from PyTorch lie in the package. Cases with other values than tensors are
left out, and those that have to be downloaded.
"""

import shutil
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case import model, node

target = Path(sys.argv[1])


def write(path: Path, value, name: str) -> None:
    proto = value if isinstance(value, TensorProto) else numpy_helper.from_array(value, name)
    path.write_bytes(proto.SerializeToString())


def holds_tensors(ports) -> bool:
    return all(port.type.HasField("tensor_type") for port in ports)


def write_case(folder: Path, case) -> None:
    graph = case.model.graph
    if not (holds_tensors(graph.input) and holds_tensors(graph.output)):
        return
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    inputs, outputs = case.data_sets[0]
    for kind, values, ports in (("input", inputs, graph.input), ("output", outputs, graph.output)):
        for i, (value, port) in enumerate(zip(values, ports)):
            write(data / f"{kind}_{i}.pb", value, port.name)


def main() -> None:
    for case in node.collect_testcases():
        if case.data_sets:
            write_case(target / "node" / case.name, case)
    for case in model.collect_testcases():
        if case.data_sets and case.model:
            write_case(target / "simple" / case.name, case)
    package = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for part in ("pytorch-converted", "pytorch-operator"):
        shutil.copytree(package / part, target / part)


main()
