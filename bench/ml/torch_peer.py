"""PyTorch's side of bench/ml/training.ts: python torch_peer.py THREADS IMAGES answers lines `train` and `evaluate`
with images per second. The images are ready-made floats, so PyTorch does not pay for gathering and normalising them."""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

threads, images = int(sys.argv[1]), int(sys.argv[2])
if threads > 0:
    torch.set_num_threads(threads)
BATCH, EVALUATION_BATCH = 32, 96


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
x = torch.randint(0, 256, (images, 3, 32, 32), dtype=torch.uint8).float().div(255).sub(0.5).div(0.5)
y = torch.randint(0, 10, (images,))


def train():
    for start in range(0, images, BATCH):
        optimizer.zero_grad()
        F.cross_entropy(net(x[start : start + BATCH]), y[start : start + BATCH]).backward()
        optimizer.step()


def evaluate():
    correct, loss = 0, 0.0
    with torch.no_grad():
        for start in range(0, images, EVALUATION_BATCH):
            output, target = net(x[start : start + EVALUATION_BATCH]), y[start : start + EVALUATION_BATCH]
            loss += F.cross_entropy(output, target, reduction="sum").item()
            correct += (output.argmax(1) == target).sum().item()


print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    {"train": train, "evaluate": evaluate}[line.strip()]()
    print(images / (time.perf_counter() - start), flush=True)
