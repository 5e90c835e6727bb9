"""Records PyTorch's weighted cross-entropy and scikit-learn's balanced class weights: python make_class_weights.py > class_weights.json"""
import json

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight

LABELS = [0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 1, 0]
rng = np.random.default_rng(7)
x = rng.normal(size=(len(LABELS), 4)).astype(np.float32)
weight = rng.normal(size=(3, 4)).astype(np.float32)
bias = rng.normal(size=3).astype(np.float32)
balanced = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
w, b = torch.tensor(weight, requires_grad=True), torch.tensor(bias, requires_grad=True)
loss = torch.nn.functional.cross_entropy(
    torch.tensor(x) @ w.T + b, torch.tensor(LABELS), weight=torch.tensor(balanced, dtype=torch.float32))
loss.backward()
with torch.no_grad():
    after = [(w - 0.5 * w.grad).flatten().tolist(), (b - 0.5 * b.grad).tolist()]
print(json.dumps({
    "torch": torch.__version__, "labels": LABELS, "balanced": balanced.tolist(), "x": x.flatten().tolist(),
    "weight": weight.flatten().tolist(), "bias": bias.tolist(), "loss": loss.item(), "learning_rate": 0.5,
    "weight_after": after[0], "bias_after": after[1]}))
