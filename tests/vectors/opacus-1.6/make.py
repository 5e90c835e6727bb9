"""Records clipped sums of gradients by Opacus 1.6.0 (PyTorch 2.13.0, CPU, float64): python make.py writes clipped_sums.json.
Parameters and data come from formulas that tests/ml/dp_sgd_opacus_test.ts repeats. Opacus' own DPMultiheadAttention
mixes the examples of a batch if batch_first is set (it reshapes [batch, length] to [length, batch]), so attention is made
of linear layers here. Its three matrices are recorded as one, as ours is."""
import json
import os

import numpy as np
import torch
from opacus import GradSampleModule
from opacus.optimizers import DPOptimizer
from torch import nn
from torch.nn import functional as F

EXAMPLES = 6


def mix(numbers):
    """32 random bits for each number: the finaliser of MurmurHash3."""
    z = numbers.astype(np.uint64)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        z = ((z ^ (z >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return z ^ (z >> np.uint64(16))


def formula(offset, shape, scale):
    """Numbers within ±scale, exact in float32."""
    bits = mix(np.arange(offset, offset + int(np.prod(shape)))) >> np.uint64(8)
    return ((bits / 2**23 - 1).astype(np.float32) * np.float32(scale)).reshape(shape).astype(np.float64)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


class Positions(nn.Module):
    def __init__(self, length, width):
        super().__init__()
        self.embedding = nn.Embedding(length, width)

    def forward(self, x):
        return x + self.embedding(torch.arange(x.shape[1]).expand(x.shape[0], -1))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qlinear, self.klinear, self.vlinear = (nn.Linear(width, width) for _ in range(3))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        q, k, v = (
            f(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for f in (self.qlinear, self.klinear, self.vlinear)
        )
        weights = torch.softmax(q @ k.transpose(2, 3) / q.shape[3] ** 0.5, 3)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)

    def forward(self, x):
        return x + self.attention(self.norm(x))


def mlp(outputs):
    return nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, outputs))


def example():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def normed():
    return nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1), nn.GroupNorm(4, 8), nn.ReLU(), nn.Conv2d(8, 6, 3, stride=2, groups=2), nn.GroupNorm(2, 6),
        nn.Flatten(), nn.Linear(54, 3),
    )


def sequence():
    return nn.Sequential(
        nn.Embedding(11, 8), Positions(7, 8), Block(8, 2), nn.LayerNorm(8), nn.Linear(8, 12), nn.ReLU(), Mean(), nn.Linear(12, 4)
    )


def labels(classes):
    return torch.arange(EXAMPLES) * 7 % classes


def numbers(width, shares=False):
    values = torch.tensor(formula(500_000, [EXAMPLES, width], 1))
    return (values + 1) / 2 if shares else values


def tokens():
    return torch.tensor((mix(np.arange(EXAMPLES * 7) + 900_000) % np.uint64(11)).astype(np.int64).reshape(EXAMPLES, 7))


def real(*shape):
    return torch.tensor(formula(700_000, [EXAMPLES, *shape], 2))


CASES = {
    "mlp-cross-entropy": (mlp(5), real(20), labels(5), F.cross_entropy),
    "mlp-mean-squared-error": (mlp(3), real(20), numbers(3), F.mse_loss),
    "mlp-binary-cross-entropy": (mlp(2), real(20), numbers(2, True), F.binary_cross_entropy_with_logits),
    "example-cnn": (example(), real(3, 32, 32), labels(10), F.cross_entropy),
    "group-norm-cnn": (normed(), real(2, 8, 8), labels(3), F.cross_entropy),
    "embedding-attention-layer-norm": (sequence(), tokens(), labels(4), F.cross_entropy),
}
SAMPLES = 40


def ours(values):
    """Joins the matrices of query, key and value."""
    found = {}
    for name, value in values.items():
        name = name.removeprefix("_module.")
        for kind, suffix in (("weight", ".weight"), ("bias", ".bias")):
            for place, part in enumerate("qkv"):
                if name.endswith(f"attention.{part}linear{suffix}"):
                    name = name.replace(f"{part}linear{suffix}", f"in_proj_{kind}")
                    if place > 0:
                        value = torch.cat([found.pop(name), value])
        found[name] = value
    return found


def fill(net):
    """Sets the parameters, in the order and with the shapes of ours."""
    names, offset, values = list(dict(net.named_parameters())), 1, {}
    for name, value in ours(dict(net.named_parameters())).items():
        scale = 1 / np.sqrt(np.prod(value.shape[1:])) if value.dim() > 1 else 0.5
        values[name] = torch.tensor(formula(offset, list(value.shape), scale))
        offset += value.numel()
    for name in names:
        parameter = net.get_parameter(name)
        part = next((part for part in "qkv" if f".{part}linear." in name), None)
        value = values[next(iter(ours({name.replace(f"{part}linear", "qlinear"): None})))]
        parameter.data = value if part is None else value.chunk(3)["qkv".index(part)].clone()


recorded = {}
for case, (net, x, y, loss) in CASES.items():
    net = net.double()
    fill(net)
    wrapped = GradSampleModule(net, loss_reduction="mean")
    loss(wrapped(x), y).backward()
    per_example = torch.stack([p.grad_sample.flatten(1).norm(dim=1) for p in wrapped.parameters()]).norm(dim=0)
    norms = sorted(per_example.tolist())
    clip = float(np.float32((norms[EXAMPLES // 2 - 1] + norms[EXAMPLES // 2]) / 2))
    optimizer = DPOptimizer(
        torch.optim.SGD(wrapped.parameters(), lr=1), noise_multiplier=0, max_grad_norm=clip, expected_batch_size=EXAMPLES
    )
    optimizer.clip_and_accumulate()
    sums = ours({name: p.summed_grad for name, p in wrapped.named_parameters()})
    recorded[case] = {
        "clip": clip,
        "norms": per_example.tolist(),
        "sums": {
            name: {
                "norm": value.norm().item(),
                "stride": max(1, value.numel() // SAMPLES),
                "values": value.flatten()[:: max(1, value.numel() // SAMPLES)].tolist(),
            }
            for name, value in sums.items()
        },
    }
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "clipped_sums.json"), "w") as file:
    json.dump(recorded, file, indent=1)
