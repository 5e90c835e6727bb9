"""Writes features.onnx, a small network that has learnt to see: python make_model.py, with PyTorch 2.13 and onnxscript.

It learns to tell textures apart. In practice, export a network that was trained on many images."""
import os

import onnx
import torch
from torch import nn

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "features.onnx")
KINDS = 6


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(16, KINDS)

    def forward(self, image):
        features = self.body(image)
        return features, self.head(features)


def textures(count):
    """Images of stripes, dots and planes in random colours, from -1 to 1, and their kinds."""
    kinds = torch.randint(KINDS, (count,))
    x, y = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    waves = torch.stack([torch.sin(x), torch.sin(y), torch.sin(x + y), torch.sin(x) * torch.sin(y), torch.sin(x / 4), x * 0])
    colours = torch.rand(count, 3, 1, 1) * 2 - 1
    images = waves[kinds][:, None] * colours + torch.rand(count, 3, 1, 1) - 0.5 + torch.randn(count, 3, 32, 32) * 0.2
    return images.clamp(-1, 1), kinds


torch.manual_seed(0)
network = Network()
optimiser = torch.optim.Adam(network.parameters(), 0.01)
for step in range(80):
    images, kinds = textures(32)
    loss = nn.functional.cross_entropy(network(images)[1], kinds)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
print("loss", loss.item())
torch.onnx.export(
    network.eval(), (torch.zeros(2, 3, 32, 32),), PATH, dynamo=True, optimize=False, external_data=False,
    input_names=["image"], output_names=["features", "logits"], dynamic_shapes=({0: torch.export.Dim("batch")},))

# Only to keep the file small: the exporter notes for each node which line of which file it came from.
model = onnx.load(PATH)
for part in [*model.graph.node, *model.graph.input, *model.graph.output, model.graph, model]:
    del part.metadata_props[:]
del model.graph.value_info[:]
onnx.save(model, PATH)
