"""The work of every side: the example's network, and SGD without momentum on a user's own images of CIFAR-10.

Environment: CIFAR10 is the folder of train_images.npy (uint8, channels last) and train_labels.npy. PER_USER is the number
of images of a user, BATCH that of a step.
"""
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

PER_USER, BATCH = int(os.environ["PER_USER"]), int(os.environ["BATCH"])
torch.set_num_threads(1)


def network():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


_arrays = None


def user_data(user):
    """Inputs, float32 [n, 3, 32, 32] from -1 to 1, and labels, int64 [n]."""
    global _arrays
    if _arrays is None:
        folder = os.environ["CIFAR10"]
        _arrays = [np.load(f"{folder}/train_{name}.npy", mmap_mode="r") for name in ("images", "labels")]
    own = slice(user * PER_USER, (user + 1) * PER_USER)
    images, labels = (np.array(array[own]) for array in _arrays)
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1)
    return x, torch.from_numpy(labels.astype(np.int64))


def train(net, user):
    """One epoch. Returns the mean loss of its steps."""
    x, y = user_data(user)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    losses = []
    for inputs, labels in zip(x.split(BATCH), y.split(BATCH)):
        optimizer.zero_grad()
        loss = cross_entropy(net(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def round_ended():
    """Tells the benchmark when a round ended, in seconds since 1970."""
    print(f"ROUND-ENDED {time.time():.6f}", flush=True)


def numbers():
    """Rounds, cohort and users, as the command line gives them."""
    return [int(text) for text in sys.argv[1:4]]
