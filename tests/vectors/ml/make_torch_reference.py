"""Records what PyTorch 2.13.0 (CPU, float32 and float64) makes of the example's network: python make_torch_reference.py
writes torch_reference.json. Start, data and order come from formulas that tests/ml/torch_parity_test.ts repeats."""
import json
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

STEPS, BATCH, EXAMPLES, LEARNING_RATE = 100, 32, 1616, 0.001
CHECKPOINTS = (1, 10, 51, 100)
SAMPLES = 64
SHAPES = {
    "conv1.weight": [6, 3, 5, 5], "conv1.bias": [6], "conv2.weight": [16, 6, 5, 5], "conv2.bias": [16],
    "fc1.weight": [120, 400], "fc1.bias": [120], "fc2.weight": [84, 120], "fc2.bias": [84],
    "fc3.weight": [10, 84], "fc3.bias": [10],
}
FAN_IN = {"conv1": 75, "conv2": 150, "fc1": 400, "fc2": 120, "fc3": 84}


def mix(numbers):
    """32 random bits for each number: the finaliser of MurmurHash3."""
    z = numbers.astype(np.uint64)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        z = ((z ^ (z >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return z ^ (z >> np.uint64(16))


def initial():
    """Weights uniform within ±1/√(fan in), from 24 bits each."""
    offset, weights = 1, {}
    for name, shape in SHAPES.items():
        count = int(np.prod(shape))
        bits = mix(np.arange(offset, offset + count)) >> np.uint64(8)
        bound = 1 / np.sqrt(FAN_IN[name.split(".")[0]])
        weights[name] = ((bits / 2**23 - 1) * bound).astype(np.float32).reshape(shape)
        offset += count
    return weights


def data():
    """Images of 8 × 8 random blocks with some noise and areas that are all white or black, so that pools have ties."""
    low = mix(np.arange(EXAMPLES * 3 * 64) + 10_000_000).reshape(EXAMPLES, 3, 8, 8) & np.uint64(255)
    noise = mix(np.arange(EXAMPLES * 3072) + 20_000_000).reshape(EXAMPLES, 3, 32, 32) % np.uint64(60)
    images = np.kron(low.astype(np.int64), np.ones((1, 1, 4, 4), np.int64)) + noise.astype(np.int64) - 30
    images = np.clip(images, 0, 255).astype(np.uint8)
    images[::2, :, :14, :14] = 255
    images[::3, :, 20:, 20:] = 0
    labels = (images.reshape(EXAMPLES, -1).astype(np.int64).sum(1) // 3072 * 7) % 10
    return images, labels


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def summary(net):
    """Some values of each parameter and the sum of all."""
    result = {}
    for name, value in net.state_dict().items():
        flat = value.double().numpy().reshape(-1)
        stride = max(1, len(flat) // SAMPLES)
        result[name] = {"stride": stride, "values": flat[::stride].tolist(), "sum": float(flat.sum())}
    return result


def train(dtype, images, labels, weights):
    net = Net()
    net.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    net = net.to(dtype)
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, momentum=0.9)
    x, y = (torch.tensor(images).to(dtype) / 255 - 0.5) / 0.5, torch.tensor(labels)
    losses, checkpoints = [], {}
    for step in range(1, STEPS + 1):
        # 50 batches of 32 and one of 16 make an epoch; each epoch has the same order.
        start = (step - 1) % 51 * BATCH
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[start : start + BATCH]), y[start : start + BATCH])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step in CHECKPOINTS:
            checkpoints[step] = summary(net)
    with torch.no_grad():
        output = net(x)
        total = F.cross_entropy(output, y, reduction="sum").item()
        correct = int((output.argmax(1) == y).sum())
    return {"losses": losses, "checkpoints": checkpoints, "lossSum": total, "correct": correct}


def main():
    torch.set_num_threads(1)
    images, labels = data()
    result = {
        "torch": torch.__version__.split("+")[0],
        "checksum": int(images.astype(np.int64).sum()),
        "float32": train(torch.float32, images, labels, initial()),
        "float64": train(torch.float64, images, labels, initial()),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_reference.json")
    with open(path, "w") as file:
        json.dump(result, file, separators=(",", ":"))


main()
