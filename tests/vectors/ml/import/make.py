"""Records what PyTorch 2.13.0 (onnx 1.23, onnxscript 0.7), scikit-learn 1.9.1 and skl2onnx 1.20 export, and what PyTorch
trains: python make.py writes the .onnx files and trained.json beside itself. Data come from a formula that
tests/ml/import/training_test.ts repeats."""
import copy
import json
import os
import warnings

import numpy as np
import onnx
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from skl2onnx import to_onnx
from torch import nn
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES, BATCH, STEPS, CHECKPOINTS = 80, 8, 10, (1, 10)
SAMPLES = 24


def mix(numbers):
    """32 random bits for each number: the finaliser of MurmurHash3."""
    z = numbers.astype(np.uint64)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        z = ((z ^ (z >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return z ^ (z >> np.uint64(16))


def data(shape, classes):
    """Numbers from [-1, 1) in steps of 2^-8, and labels."""
    count = EXAMPLES * int(np.prod(shape))
    x = ((mix(np.arange(count)) >> np.uint64(23)).astype(np.float64) / 256 - 1).reshape(EXAMPLES, *shape)
    y = mix(np.arange(EXAMPLES) + 1_000_000) % np.uint64(classes)
    return x.astype(np.float32), y.astype(np.int64)


class Cnn(nn.Module):
    """Batch norm twice, a grouped convolution with a stride, overlapping pools, a residual connection."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, groups=2), nn.BatchNorm2d(8)
        self.conv3 = nn.Conv2d(8, 12, 3, stride=2, dilation=2)
        self.fc = nn.Linear(12, 10)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        x = x + torch.relu(self.bn2(self.conv2(x)))
        x = torch.relu(self.conv3(x)).mean((2, 3))
        return self.fc(x.view(x.size(0), -1))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.norm, self.fc2 = nn.Linear(12, 16), nn.LayerNorm(16), nn.Linear(16, 8)
        self.fc3 = nn.Linear(8, 4)

    def forward(self, x):
        x = torch.tanh(self.norm(self.fc1(x)))
        return self.fc3(F.gelu(self.fc2(x)))


class Encoder(nn.Module):
    """Tokens, attention, and the chains of shape operators that come with it."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.position = nn.Parameter(torch.randn(1, 6, 8) * 0.1)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, tokens):
        return self.head(self.layer(self.embedding(tokens) + self.position).mean(1))


def export(net, x, name, modern, train=False, optimize=True):
    path = os.path.join(HERE, name)
    # Tracing in training mode moves running statistics: the network itself stays as it is.
    net = copy.deepcopy(net).train(train)
    ports = {"input_names": ["x"], "output_names": ["y"]}
    if modern:
        torch.onnx.export(
            net, (x,), path, dynamo=True, optimize=optimize, external_data=False, verbose=False,
            dynamic_shapes=({0: torch.export.Dim("batch")},), **ports)
    else:
        torch.onnx.export(
            net, (x,), path, dynamo=False, dynamic_axes={"x": {0: "batch"}}, opset_version=17,
            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=not train, **ports)
    model = onnx.load(path)
    for node in model.graph.node:
        # Where the exporter was in the author's files is nobody's business.
        del node.metadata_props[:]
        node.doc_string = ""
    del model.metadata_props[:], model.graph.value_info[:], model.graph.metadata_props[:]
    for port in [*model.graph.input, *model.graph.output]:
        del port.metadata_props[:]
    onnx.save(model, path)


def summary(net):
    result = {}
    for name, value in net.state_dict().items():
        flat = value.double().numpy().reshape(-1)
        stride = max(1, len(flat) // SAMPLES)
        result[name] = {"stride": stride, "values": flat[::stride].tolist()}
    return result


def train(net, x, y):
    """In float64, with SGD and momentum; batches in order."""
    net = net.train().double()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    x, y = torch.tensor(x).double(), torch.tensor(y)
    losses, checkpoints = [], {}
    for step in range(1, STEPS + 1):
        rows = slice((step - 1) * BATCH, step * BATCH)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step in CHECKPOINTS:
            checkpoints[step] = summary(net)
    with torch.no_grad():
        outputs = net.eval()(x[:4]).numpy().reshape(-1).tolist()
    return {"losses": losses, "checkpoints": checkpoints, "outputs": outputs}


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(7)
    cnn, mlp, encoder = Cnn(), Mlp(), Encoder()
    images, vectors = torch.randn(2, 3, 12, 12), torch.randn(2, 12)
    export(cnn, images, "cnn_torchscript.onnx", modern=False)
    export(cnn, images, "cnn_torchscript_train.onnx", modern=False, train=True)
    export(cnn, images, "cnn_dynamo.onnx", modern=True, optimize=False)
    export(mlp, vectors, "mlp_torchscript.onnx", modern=False)
    export(mlp, vectors, "mlp_dynamo.onnx", modern=True)
    tokens = torch.randint(0, 20, (2, 6))
    export(encoder, tokens, "encoder_torchscript.onnx", modern=False)
    export(encoder, tokens, "encoder_dynamo.onnx", modern=True)

    x, y = data((12,), 3)
    for name, model, options in (
        ("sklearn_mlp.onnx", MLPClassifier((8,), max_iter=5, random_state=0).fit(x, y), None),
        ("sklearn_mlp_binary.onnx", MLPClassifier((8,), max_iter=5, random_state=0).fit(x, y > 0), {"zipmap": False}),
        ("sklearn_logistic.onnx", LogisticRegression().fit(x, y), {"zipmap": False}),
        ("sklearn_logistic_binary.onnx", LogisticRegression().fit(x, y > 0), None),
    ):
        file = to_onnx(model, x[:1], options=options, target_opset=17)
        with open(os.path.join(HERE, name), "wb") as out:
            out.write(file.SerializeToString())

    trained = {"torch": torch.__version__.split("+")[0]}
    for name, net, shape, classes in (("cnn", cnn, (3, 12, 12), 10), ("mlp", mlp, (12,), 4)):
        trained[name] = train(net, *data(shape, classes))
    with open(os.path.join(HERE, "trained.json"), "w") as file:
        json.dump(trained, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
