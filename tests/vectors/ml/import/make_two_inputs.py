"""Records a network of two inputs and two outputs as PyTorch 2.13.0 (onnx 1.23, onnxscript 0.7) exports it, and what
PyTorch trains: python make_two_inputs.py writes two_inputs_*.onnx and two_inputs.json beside itself. Data come from a
formula that tests/ml/import/two_inputs_test.ts repeats."""
import json
import os
import warnings

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

from make import BATCH, CHECKPOINTS, EXAMPLES, HERE, STEPS, mix, summary


def numbers(start, shape):
    """Numbers from [-1, 1) in steps of 2^-8, the formula's from a start on."""
    count = EXAMPLES * int(np.prod(shape))
    bits = mix(np.arange(count) + start) >> np.uint64(23)
    return torch.tensor((bits.astype(np.float64) / 256 - 1).reshape(EXAMPLES, *shape))


class TwoInputs(nn.Module):
    """An image and facts about it, joined: a class and a rating."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 3, stride=2, bias=False), nn.BatchNorm2d(4)
        self.facts = nn.Linear(5, 6)
        self.joined = nn.Linear(22, 8)
        self.kind, self.rating = nn.Linear(8, 3), nn.Linear(8, 1)

    def forward(self, image, facts):
        seen = torch.relu(self.norm(self.conv(image))).flatten(1)
        both = torch.cat([seen, torch.tanh(self.facts(facts))], 1)
        hidden = torch.relu(self.joined(both))
        return self.kind(hidden), self.rating(hidden)


def export(net, name, modern):
    path = os.path.join(HERE, name)
    inputs = (torch.zeros(2, 2, 6, 6), torch.zeros(2, 5))
    ports = {"input_names": ["image", "facts"], "output_names": ["kind", "rating"]}
    net = net.eval()
    if modern:
        batch = torch.export.Dim("batch")
        torch.onnx.export(
            net, inputs, path, dynamo=True, optimize=False, external_data=False, verbose=False,
            dynamic_shapes=({0: batch}, {0: batch}), **ports)
    else:
        axes = {name: {0: "batch"} for names in ports.values() for name in names}
        torch.onnx.export(
            net, inputs, path, dynamo=False, dynamic_axes=axes, opset_version=17,
            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, **ports)
    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.metadata_props[:], model.graph.value_info[:], model.graph.metadata_props[:]
    for port in [*model.graph.input, *model.graph.output]:
        del port.metadata_props[:]
    onnx.save(model, path)


def train(net):
    """In float64, with SGD and momentum; batches in order."""
    image, facts = numbers(0, (2, 6, 6)), numbers(1_000_000, (5,))
    kind = torch.tensor((mix(np.arange(EXAMPLES) + 2_000_000) % np.uint64(3)).astype(np.int64))
    rating = numbers(3_000_000, (1,))
    net = net.train().double()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    losses, checkpoints = [], {}
    for step in range(1, STEPS + 1):
        rows = slice((step - 1) * BATCH, step * BATCH)
        optimizer.zero_grad()
        kinds, ratings = net(image[rows], facts[rows])
        loss = F.cross_entropy(kinds, kind[rows]) + 0.5 * F.mse_loss(ratings, rating[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step in CHECKPOINTS:
            checkpoints[step] = summary(net)
    with torch.no_grad():
        kinds, ratings = net.eval()(image[:4], facts[:4])
    outputs = {"kind": kinds.reshape(-1).tolist(), "rating": ratings.reshape(-1).tolist()}
    return {"losses": losses, "checkpoints": checkpoints, "outputs": outputs}


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(7)
    net = TwoInputs()
    export(net, "two_inputs_torchscript.onnx", modern=False)
    export(net, "two_inputs_dynamo.onnx", modern=True)
    with open(os.path.join(HERE, "two_inputs.json"), "w") as file:
        json.dump({"torch": torch.__version__.split("+")[0], **train(net)}, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
