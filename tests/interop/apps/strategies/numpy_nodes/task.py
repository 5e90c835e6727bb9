"""What a node learns: a line through its own 32 points, by four steps of gradient descent."""

import numpy as np

STEPS = 4
LEARNING_RATE = 0.05


def points(partition):
    rng = np.random.default_rng(partition)
    x = rng.normal(size=(32, 3)).astype(np.float32)
    return x, (x @ np.array([1.0, -2.0, 0.5]) + 0.1 * partition).astype(np.float32)


def train(weights, partition):
    """Returns the new weights, in the type that came, and the loss of those that came."""
    x, y = points(partition)
    x, y = x.astype(weights.dtype), y.astype(weights.dtype)
    loss = float(np.mean((x @ weights - y) ** 2))
    for _ in range(STEPS):
        gradient = (2 * x.T @ (x @ weights - y) / len(y)).astype(weights.dtype)
        weights = (weights - weights.dtype.type(LEARNING_RATE) * gradient).astype(weights.dtype)
    return weights, loss
