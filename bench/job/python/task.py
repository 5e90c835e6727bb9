"""The benchmark's task in PyTorch, as a user of Flower writes it: network, data, training, evaluation.

DATA_DIR: the folder with CIFAR-10 as .npy files; TRAIN_IMAGES and TEST_IMAGES: use only the first so many;
TORCH_THREADS: PyTorch's threads (default: as many as PyTorch takes by itself).
"""

import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

if "TORCH_THREADS" in os.environ:
    torch.set_num_threads(int(os.environ["TORCH_THREADS"]))


class Cifar10(Dataset):
    """One half of CIFAR-10. An image is converted and normalised whenever it is asked for, as torchvision does."""

    def __init__(self, split, limit):
        folder = os.environ["DATA_DIR"]
        self.images = np.load(f"{folder}/{split}_images.npy")[:limit]
        self.labels = np.load(f"{folder}/{split}_labels.npy")[:limit]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        pixels = torch.from_numpy(self.images[index]).permute(2, 0, 1).contiguous()
        return pixels.to(torch.float32).div(255).sub_(0.5).div_(0.5), int(self.labels[index])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def load_data():
    train = Cifar10("train", int(os.environ["TRAIN_IMAGES"]))
    test = Cifar10("test", int(os.environ["TEST_IMAGES"]))
    # Test images go one by one: DataLoader's default, which Flower's example leaves as it is.
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(test)


def get_weights(net):
    return [value.numpy() for value in net.state_dict().values()]


def set_weights(net, arrays):
    names = net.state_dict().keys()
    net.load_state_dict({name: torch.tensor(array) for name, array in zip(names, arrays)})


def train(net, train_loader, test_loader):
    """One epoch, then the measures of the trained network on all images. Losses are sums over batches."""
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    net.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        optimizer.step()
    train_loss, train_accuracy = evaluate(net, train_loader)
    val_loss, val_accuracy = evaluate(net, test_loader)
    return {
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
    }


def evaluate(net, loader):
    net.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            outputs = net(images)
            loss += F.cross_entropy(outputs, labels).item()
            correct += (outputs.argmax(1) == labels).sum().item()
    return loss, correct / len(loader.dataset)
