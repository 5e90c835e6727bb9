"""Records what PyTorch 2.13.0 (CPU, float64) computes with single layers, losses, optimisers and schedules:
python make_torch_values.py writes torch_values.json, which tests/ml/nn compares with. Inputs are multiples of 1/16, so
that they are short as text and the same in float32 and float64."""
import json
import math
import os

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
generator = torch.Generator().manual_seed(20)


def numbers(*shape, low=-2.0, high=2.0):
    """Multiples of 1/16, among them zeros and equal ones."""
    return torch.randint(int(low * 16), int(high * 16) + 1, shape, generator=generator).double() / 16


def packed(value):
    value = value.detach()
    flat = value.reshape(-1).tolist()
    return {"shape": list(value.shape), "values": [float(f"{v:.11g}") for v in flat]}


def with_numbers(module):
    """A module whose parameters and states are numbers as above; variances are positive."""
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.dtype == torch.int64:
                value.fill_(3)
            elif name.endswith("running_var"):
                value.copy_(numbers(*value.shape, low=0.5, high=2))
            else:
                value.copy_(numbers(*value.shape, low=-1, high=1))
    return module


def state_of(module):
    return {name: packed(value) for name, value in module.state_dict().items()}


def layer_case(name, module, x, call=None):
    """Output, gradients and what states become, of a module applied to x once in training."""
    module = with_numbers(module).train()
    case = {"name": name, "input": packed(x), "integer": x.dtype == torch.int64, "state": state_of(module)}
    if x.dtype != torch.int64:
        x = x.clone().requires_grad_()
    y = call(module, x) if call else module(x)
    seed = numbers(*y.shape)
    (y * seed).sum().backward()
    case |= {"output": packed(y), "seed": packed(seed)}
    case["gradients"] = {n: packed(p.grad) for n, p in module.named_parameters()}
    if x.dtype != torch.int64:
        case["inputGradient"] = packed(x.grad)
    buffers = {n for n, _ in module.named_buffers()}
    if buffers:
        case["after"] = {n: v for n, v in state_of(module).items() if n in buffers}
        module.eval()
        case["evaluated"] = packed(call(module, x) if call else module(x))
    return case


def attention(mask=None, padding=None, memory=None):
    def call(module, x):
        other = x if memory is None else memory
        return module(x, other, other, need_weights=False, attn_mask=mask, key_padding_mask=padding)[0]

    return call


def layers():
    image = numbers(2, 4, 6, 7)
    sequence = numbers(2, 5, 8)
    memory = numbers(2, 3, 8)
    padding = torch.tensor([[False, False, False, True, True], [False] * 5])
    causal = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
    mha = lambda **o: nn.MultiheadAttention(8, 2, batch_first=True, **o)
    encoder = lambda **o: nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **o)
    cases = [
        layer_case("conv2d", nn.Conv2d(4, 3, 3), image),
        layer_case("conv2d stride padding", nn.Conv2d(4, 3, (3, 2), stride=(2, 3), padding=(1, 1)), image),
        layer_case("conv2d dilation", nn.Conv2d(4, 2, 3, dilation=2, padding=1, bias=False), image),
        layer_case("conv2d groups", nn.Conv2d(4, 6, 3, groups=2, stride=2), image),
        layer_case("depthwise", nn.Conv2d(4, 8, 3, groups=4, padding=1), image),
        layer_case("dense", nn.Linear(8, 3), sequence),
        layer_case("dense without bias", nn.Linear(8, 3, bias=False), sequence),
        layer_case("maxPool2d", nn.MaxPool2d(3, 2, 1), image),
        layer_case("avgPool2d", nn.AvgPool2d(2), image),
        layer_case("avgPool2d overlapping", nn.AvgPool2d((3, 2), (2, 1), (1, 0)), image),
        layer_case("globalAvgPool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), image),
        layer_case("globalMaxPool", nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()), numbers(2, 3, 2, 2, high=9)),
        layer_case("batchNorm 2d", nn.BatchNorm2d(4), image),
        layer_case("batchNorm 1d", nn.BatchNorm1d(3, eps=0.01, momentum=0.3, affine=False), numbers(5, 3)),
        layer_case("layerNorm", nn.LayerNorm(8), sequence),
        layer_case("layerNorm of two axes", nn.LayerNorm([5, 8], eps=0.1), sequence),
        layer_case("groupNorm", nn.GroupNorm(2, 4), image),
        layer_case("embedding", nn.Embedding(6, 3), torch.tensor([[0, 5, 2], [2, 2, 1]])),
        layer_case("attention", mha(), sequence, attention()),
        layer_case("attention causal", mha(), sequence, attention(mask=causal)),
        layer_case("attention padding", mha(bias=False), sequence, attention(padding=padding)),
        layer_case("attention memory", mha(), sequence, attention(memory=memory)),
        layer_case("transformer", encoder(), sequence),
        layer_case("transformer normFirst gelu", encoder(norm_first=True, activation="gelu"), sequence),
        layer_case("relu", nn.ReLU(), numbers(6, 4)),
        layer_case("leakyRelu", nn.LeakyReLU(0.2), numbers(6, 4)),
        layer_case("gelu", nn.GELU(), numbers(6, 4)),
        layer_case("gelu tanh", nn.GELU(approximate="tanh"), numbers(6, 4)),
        layer_case("silu", nn.SiLU(), numbers(6, 4)),
        layer_case("tanh", nn.Tanh(), numbers(6, 4)),
        layer_case("sigmoid", nn.Sigmoid(), numbers(6, 4)),
        layer_case("softmax", nn.Softmax(1), numbers(2, 3, 4)),
        layer_case("logSoftmax", nn.LogSoftmax(-1), numbers(2, 3, 4)),
    ]
    for case in cases:
        if case["name"] == "attention memory":
            case["memory"] = packed(memory)
    return cases


def loss_case(name, loss, output, target):
    output = output.clone().requires_grad_()
    value = loss(output, target)
    value.backward()
    return {
        "name": name,
        "output": packed(output),
        "target": packed(target),
        "integer": target.dtype == torch.int64,
        "loss": value.item(),
        "gradient": packed(output.grad),
    }


def losses():
    logits, labels = numbers(4, 5), torch.tensor([0, 4, 2, 2])
    soft = torch.softmax(numbers(4, 5), 1)
    sequence, words = numbers(2, 3, 4), torch.tensor([[0, 3, 1], [2, 2, 0]])
    x, y = numbers(4, 3), numbers(4, 3)
    answers = torch.tensor([[0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 1, 1]]).double()
    x[0, 0] = 0
    return [
        loss_case("crossEntropy", nn.CrossEntropyLoss(), logits, labels),
        loss_case("crossEntropy smoothed", nn.CrossEntropyLoss(label_smoothing=0.1), logits, labels),
        loss_case("crossEntropy soft", nn.CrossEntropyLoss(), logits, soft),
        loss_case("crossEntropy soft smoothed", nn.CrossEntropyLoss(label_smoothing=0.2), logits, soft),
        loss_case("crossEntropy of sequences", lambda o, t: F.cross_entropy(o.transpose(1, 2), t), sequence, words),
        loss_case("binaryCrossEntropy", nn.BCEWithLogitsLoss(), x, answers),
        loss_case("binaryCrossEntropy far", nn.BCEWithLogitsLoss(), x * 60, answers),
        loss_case("meanSquaredError", nn.MSELoss(), x, y),
        loss_case("meanAbsoluteError", nn.L1Loss(), x, y),
        loss_case("huber", nn.HuberLoss(), x, y),
        loss_case("huber half", nn.HuberLoss(delta=0.5), x, y),
    ]


EPOCHS, BATCH, EXAMPLES = 4, 4, 10
STEPS = EPOCHS * math.ceil(EXAMPLES / BATCH)


def trainings():
    x, y = numbers(EXAMPLES, 3), numbers(EXAMPLES, 2)
    net = with_numbers(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)))
    start = {name: value.clone() for name, value in net.state_dict().items()}
    optim, schedulers = torch.optim, torch.optim.lr_scheduler

    def case(name, optimizer, scheduler=None, before_step=None, mu=0.0):
        net.load_state_dict(start)
        rule = optimizer(net.parameters())
        schedule = scheduler(rule) if scheduler else None
        initial = [p.detach().clone() for p in net.parameters()]
        for _ in range(EPOCHS):
            for i in range(0, EXAMPLES, BATCH):
                rule.zero_grad()
                loss = F.mse_loss(net(x[i : i + BATCH]), y[i : i + BATCH])
                pull = sum(((p - q) ** 2).sum() for p, q in zip(net.parameters(), initial))
                (loss + mu / 2 * pull).backward()
                if before_step:
                    before_step(net.parameters())
                rule.step()
                if schedule:
                    schedule.step()
        return {"name": name, "after": state_of(net)}

    momentum = lambda p: optim.SGD(p, lr=0.1, momentum=0.9)
    cases = [
        case("sgd", lambda p: optim.SGD(p, lr=0.1)),
        case("sgd momentum", momentum),
        case("sgd nesterov decay", lambda p: optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.1)),
        case("adam", lambda p: optim.Adam(p, lr=0.05)),
        case("adam decay", lambda p: optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
        case("adamW", lambda p: optim.AdamW(p, lr=0.05, weight_decay=0.1)),
        case("rmsprop", lambda p: optim.RMSprop(p, lr=0.02)),
        case("rmsprop momentum decay", lambda p: optim.RMSprop(p, lr=0.02, alpha=0.9, momentum=0.5, weight_decay=0.1)),
        case("cosine", momentum, lambda o: schedulers.CosineAnnealingLR(o, STEPS, eta_min=0.01)),
        case("steps", momentum, lambda o: schedulers.StepLR(o, 5, 0.3)),
        case("linear", lambda p: optim.Adam(p, lr=0.05), lambda o: schedulers.LinearLR(o, 1.0, 0.1, 8)),
        case("warm-up", momentum, lambda o: schedulers.LambdaLR(o, lambda t: min(1.0, (t + 1) / 6))),
        case("pause", momentum, lambda o: schedulers.LambdaLR(o, lambda t: float(t % 3 != 1))),
        case("clip norm", momentum, before_step=lambda p: nn.utils.clip_grad_norm_(p, 0.5)),
        case("clip value", momentum, before_step=lambda p: nn.utils.clip_grad_value_(p, 0.1)),
        case("proximal", momentum, mu=0.5),
        case("proximal clip adam", lambda p: optim.Adam(p, lr=0.05), None, lambda p: nn.utils.clip_grad_norm_(p, 0.3), 2.0),
    ]
    return {
        "x": packed(x),
        "y": packed(y),
        "epochs": EPOCHS,
        "batch": BATCH,
        "start": {name: packed(value) for name, value in start.items()},
        "cases": cases,
    }


def later_layers():
    """Layers that were added later: with numbers of their own, so that those of the others stay."""
    generator.manual_seed(21)
    series = numbers(2, 4, 9)
    return [
        layer_case("conv1d", nn.Conv1d(4, 3, 3), series),
        layer_case("conv1d stride padding", nn.Conv1d(4, 3, 4, stride=2, padding=2), series),
        layer_case("conv1d dilation groups", nn.Conv1d(4, 6, 3, dilation=2, groups=2, bias=False), series),
        layer_case("conv1d depthwise", nn.Conv1d(4, 4, 5, padding=2, groups=4), series),
    ]


def upsamplings():
    """Layers that make images larger, with numbers of their own."""
    generator.manual_seed(22)
    image = numbers(2, 3, 4, 5)
    up = nn.Upsample
    return [
        layer_case("upsample2d", up(scale_factor=2), image),
        layer_case("upsample2d uneven", up(scale_factor=(3, 1.5)), image),
        layer_case("upsample2d size", up(size=(7, 11)), image),
        layer_case("upsample2d smaller", up(size=(3, 2)), image),
        layer_case("upsample2d bilinear", up(scale_factor=2, mode="bilinear"), image),
        layer_case("upsample2d bilinear uneven", up(scale_factor=(1.7, 3), mode="bilinear"), image),
        layer_case("upsample2d bilinear corners", up(scale_factor=2, mode="bilinear", align_corners=True), image),
        layer_case("upsample2d bilinear size", up(size=(7, 1), mode="bilinear"), image),
        layer_case("upsample2d bilinear size corners", up(size=(3, 1), mode="bilinear", align_corners=True), image),
    ]


def dice(probabilities, targets, axes, smooth=1e-5):
    """One minus the Dice coefficient as in MONAI's DiceLoss, the mean over examples and what is left of the axes."""
    common = (probabilities * targets).sum(axes)
    both = probabilities.sum(axes) + targets.sum(axes)
    return (1 - (2 * common + smooth) / (both + smooth)).mean()


def pixel_losses():
    """Losses of images, with numbers of their own."""
    generator.manual_seed(23)
    logits, labels = numbers(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5), generator=generator)
    labels[1] = labels[1].clamp(max=1)  # An example without the last class.
    shares = torch.softmax(numbers(2, 3, 4, 5), 1)
    scores, masks = numbers(2, 2, 4, 5), torch.randint(0, 2, (2, 2, 4, 5), generator=generator).double()
    masks[1, 0] = 0
    rows = numbers(2, 4, 3)
    hot = lambda t: F.one_hot(t, 3).permute(0, 3, 1, 2).double()
    masked = lambda axes, **o: lambda x, t: dice(x.sigmoid(), t, axes, **o)
    return [
        loss_case("crossEntropy of pixels", nn.CrossEntropyLoss(), logits, labels),
        loss_case("crossEntropy of pixels soft smoothed", nn.CrossEntropyLoss(label_smoothing=0.2), logits, shares),
        loss_case("dice", masked((1, 2, 3)), scores, masks),
        loss_case("dice apart", masked((2, 3)), scores, masks),
        loss_case("dice smooth", masked((1, 2, 3), smooth=1.0), scores, masks),
        loss_case("dice of classes", lambda x, t: dice(x.softmax(1), hot(t), (2, 3)), logits, labels),
        loss_case("dice of shares", lambda x, t: dice(x.softmax(1), t, (2, 3)), logits, shares),
        loss_case("dice without background", lambda x, t: dice(x.softmax(1)[:, 1:], hot(t)[:, 1:], (2, 3)), logits, labels),
        loss_case("dice of rows", lambda x, t: dice(x.softmax(-1), F.one_hot(t, 3).double(), 1), rows, labels[:, 0, :4]),
    ]


def main():
    result = {
        "torch": torch.__version__.split("+")[0],
        "layers": layers(),
        "losses": losses(),
        "trainings": trainings(),
    }
    result["layers"] += later_layers() + upsamplings()
    result["losses"] += pixel_losses()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_values.json")
    with open(path, "w") as file:
        json.dump(result, file, separators=(",", ":"))


main()
