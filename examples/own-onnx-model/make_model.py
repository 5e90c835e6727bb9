"""Writes model.onnx, the network that the nodes train: python make_model.py, with PyTorch 2.13 and onnxscript installed.

Any network will do. What matters when you export your own for training:
- optimize=False: otherwise the exporter merges batch normalisation into the convolutions, and equal tensors into one;
- a dynamic batch axis."""
import os

import onnx
import torch
from torch import nn

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model.onnx")

torch.manual_seed(0)
network = nn.Sequential()
network.add_module("conv1", nn.Conv2d(1, 8, 3, padding=1))
network.add_module("norm1", nn.BatchNorm2d(8))
network.add_module("relu1", nn.ReLU())
network.add_module("pool1", nn.MaxPool2d(2))
network.add_module("conv2", nn.Conv2d(8, 16, 3, padding=1))
network.add_module("norm2", nn.BatchNorm2d(16))
network.add_module("relu2", nn.ReLU())
network.add_module("pool2", nn.AdaptiveAvgPool2d(1))
network.add_module("flatten", nn.Flatten())
network.add_module("head", nn.Linear(16, 4))

torch.onnx.export(
    network.eval(), (torch.zeros(2, 1, 16, 16),), PATH, dynamo=True, optimize=False, external_data=False,
    input_names=["image"], output_names=["logits"], dynamic_shapes=({0: torch.export.Dim("batch")},))

# Only to keep the file small: the exporter notes for each node which line of which file it came from.
model = onnx.load(PATH)
for part in [*model.graph.node, *model.graph.input, *model.graph.output, model.graph, model]:
    del part.metadata_props[:]
del model.graph.value_info[:]
onnx.save(model, PATH)
