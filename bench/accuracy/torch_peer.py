"""PyTorch's side of `deno task bench accuracy`: python torch_peer.py FOLDER SEED EPOCHS THREADS prints, after each epoch
over the training images of the .npy files in FOLDER, the share of test images that are told right. Network and settings
are those of Flower's example."""
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BATCH = 32
EVALUATION_BATCH = 1000

folder = sys.argv[1]
seed, epochs, threads = map(int, sys.argv[2:])
torch.manual_seed(seed)
torch.set_num_threads(threads)


def load(split):
    images = torch.from_numpy(np.load(f"{folder}/{split}_images.npy")).permute(0, 3, 1, 2).float()
    labels = torch.from_numpy(np.load(f"{folder}/{split}_labels.npy").astype(np.int64))
    return images.div_(255).sub_(0.5).div_(0.5), labels


net = nn.Sequential(
    nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
)
optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
x, y = load("train")
test_x, test_y = load("test")

for _ in range(epochs):
    net.train()
    for rows in torch.randperm(len(x)).split(BATCH):
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        batches = zip(test_x.split(EVALUATION_BATCH), test_y.split(EVALUATION_BATCH))
        right = sum((net(images).argmax(1) == labels).sum().item() for images, labels in batches)
    print(right / len(test_x), flush=True)
