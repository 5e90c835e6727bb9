"""PyTorch's side of `deno task bench ml`: python torch_peer.py NETWORK THREADS EXAMPLES BATCH says `ready`, then answers
lines `train` and `evaluate` with examples per second. 0 threads leave PyTorch's default. The examples are ready-made
floats: PyTorch does not pay for gathering and normalising them. The networks are those of networks.ts. With the name
dp-NETWORK it trains by DP-SGD with Opacus, whose batches are drawn by one mask per step, without its data loader."""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def conv3(channels, out, stride=1):
    return nn.Conv2d(channels, out, 3, stride, 1, bias=False)


class Block(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.inner = nn.Sequential(
            conv3(channels, out, stride), nn.BatchNorm2d(out), nn.ReLU(), conv3(out, out), nn.BatchNorm2d(out)
        )
        same = stride == 1 and channels == out
        around = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.shortcut = nn.Identity() if same else around

    def forward(self, x):
        return F.relu(self.shortcut(x) + self.inner(x))


class Mean(nn.Module):
    def __init__(self, axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.mean(self.axes)


def separable(channels, out, stride):
    return [
        nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
        nn.Conv2d(channels, out, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
    ]


def head(width):
    return [Mean((2, 3)), nn.Linear(width, 10)]


def resnet20():
    stages = ((16, 16, 1), (16, 32, 2), (32, 64, 2))
    blocks = [b for i, o, s in stages for b in (Block(i, o, s), Block(o, o, 1), Block(o, o, 1))]
    return nn.Sequential(conv3(3, 16), nn.BatchNorm2d(16), nn.ReLU(), *blocks, *head(64))


def encoder():
    return nn.TransformerEncoderLayer(128, 4, 512, dropout=0, batch_first=True)


def example(width):
    return nn.Sequential(
        nn.Conv2d(3, 6 * width, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6 * width, 16 * width, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400 * width, 120 * width), nn.ReLU(), nn.Linear(120 * width, 84 * width), nn.ReLU(),
        nn.Linear(84 * width, 10),
    )


IMAGES = (3, 32, 32)
NETWORKS = {
    "example": (lambda: example(1), IMAGES),
    "example-x2": (lambda: example(2), IMAGES),
    "example-x4": (lambda: example(4), IMAGES),
    "example-x8": (lambda: example(8), IMAGES),
    "mlp": (lambda: nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)
    ), (784,)),
    "depthwise": (lambda: nn.Sequential(
        conv3(3, 32), nn.BatchNorm2d(32), nn.ReLU(), *separable(32, 64, 1), *separable(64, 128, 2),
        *separable(128, 128, 1), *separable(128, 256, 2), *head(256),
    ), IMAGES),
    "transformer": (lambda: nn.Sequential(encoder(), encoder(), Mean(1), nn.Linear(128, 10)), (64, 128)),
    "resnet20": (resnet20, IMAGES),
    "stem": (lambda: nn.Sequential(Block(64, 64, 1), *head(64)), (64, 32, 32)),
}
EVALUATION_BATCH = 96

network, (threads, examples, batch) = sys.argv[1], map(int, sys.argv[2:])
private = network.startswith("dp-")
network = network.removeprefix("dp-")
if threads > 0:
    torch.set_num_threads(threads)
make, shape = NETWORKS[network]
net = make()
if private:
    from opacus import GradSampleModule
    from opacus.optimizers import DPOptimizer
    from opacus.validators import ModuleValidator

    net = GradSampleModule(ModuleValidator.fix(net))
optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
if private:
    optimizer = DPOptimizer(optimizer, noise_multiplier=1, max_grad_norm=1, expected_batch_size=batch)
x = torch.rand(examples, *shape).mul(2).sub(1)
y = torch.randint(0, 10, (examples,))


def train():
    net.train()
    for start in range(0, examples, batch):
        optimizer.zero_grad()
        F.cross_entropy(net(x[start : start + batch]), y[start : start + batch]).backward()
        optimizer.step()


def train_privately():
    net.train()
    for _ in range(-(-examples // batch)):
        optimizer.zero_grad()
        drawn = torch.rand(examples) < batch / examples
        F.cross_entropy(net(x[drawn]), y[drawn]).backward()
        optimizer.step()


def evaluate():
    net.eval()
    correct, loss = 0, 0.0
    with torch.no_grad():
        for start in range(0, examples, EVALUATION_BATCH):
            output, target = net(x[start : start + EVALUATION_BATCH]), y[start : start + EVALUATION_BATCH]
            loss += F.cross_entropy(output, target, reduction="sum").item()
            correct += (output.argmax(1) == target).sum().item()


print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    {"train": train_privately if private else train, "evaluate": evaluate}[line.strip()]()
    print(examples / (time.perf_counter() - start), flush=True)
