"""Modules of torch.nn of every kind, with an input for each: what people export to ONNX."""

import math

import torch
from torch import nn
from torch.nn import functional as F

VECTORS = (3, 8)
SIGNALS = (3, 4, 9)
IMAGES = (3, 4, 8, 8)
SEQUENCES = (3, 5, 8)


class Call(nn.Module):
    """A module out of a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Attention(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.inner = nn.MultiheadAttention(8, 2, batch_first=True, **options)

    def forward(self, x):
        return self.inner(x, x, x, need_weights=False)[0]


class Causal(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        heads = [part(x).unflatten(-1, (2, 4)).transpose(1, 2) for part in (self.q, self.k, self.v)]
        y = F.scaled_dot_product_attention(*heads, is_causal=True)
        return y.transpose(1, 2).flatten(2)


class Residual(nn.Module):
    def __init__(self, channels, stride=1):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, stride, 1), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1), nn.BatchNorm2d(channels))
        self.skip = nn.Conv2d(channels, channels, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.skip(x))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(4, 6, 3, 2, 1)
        self.up = nn.ConvTranspose2d(6, 4, 2, 2)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        return self.out(torch.cat([x, F.relu(self.up(F.relu(self.down(x))))], 1))


class Inverted(nn.Module):
    """A block of MobileNet V3: depthwise convolution, squeeze and excitation, hard swish."""

    def __init__(self):
        super().__init__()
        self.expand, self.depth = nn.Conv2d(4, 8, 1), nn.Conv2d(8, 8, 3, 1, 1, groups=8)
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 8, 1), nn.Hardsigmoid())
        self.act, self.project = nn.Hardswish(), nn.Conv2d(8, 4, 1)

    def forward(self, x):
        y = self.act(self.depth(self.act(self.expand(x))))
        return x + self.project(y * self.squeeze(y))


class Patches(nn.Module):
    """A small vision transformer."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(4, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.position = nn.Parameter(torch.randn(1, 5, 8))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        tokens = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), tokens], 1) + self.position
        return self.head(self.layer(x)[:, 0])


class Positions(nn.Module):
    """Sines and cosines of positions, added to a sequence."""

    def forward(self, x):
        at = torch.arange(x.shape[1], dtype=torch.float32).unsqueeze(1)
        rates = torch.exp(torch.arange(0, 8, 2) * (-math.log(10000.0) / 8))
        table = torch.stack([torch.sin(at * rates), torch.cos(at * rates)], -1).flatten(1)
        return x + table


class Rotary(nn.Module):
    def forward(self, x):
        angles = torch.outer(torch.arange(5.0), torch.tensor([1.0, 0.1, 0.01, 0.001]))
        cos, sin = torch.cos(angles), torch.sin(angles)
        a, b = x[..., :4], x[..., 4:]
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class RmsNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(8))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.scale


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.inner = kind(8, 6, batch_first=True)

    def forward(self, x):
        return self.inner(x)[0]


def tokens(*shape):
    return torch.arange(math.prod(shape)).reshape(shape) % 7


def mlp(*middle):
    return nn.Sequential(nn.Linear(8, 16), *middle, nn.Linear(16, 3))


def call(function, shape=VECTORS):
    return (lambda: Call(function)), shape


ACTIVATIONS = [
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Sigmoid, nn.Tanh, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish, nn.Hardshrink, nn.Softshrink, nn.Tanhshrink,
    nn.Softplus, nn.Softsign, nn.LogSigmoid,
]

KINDS = {
    **{kind.__name__: (kind, VECTORS) for kind in ACTIVATIONS},
    "Threshold": (lambda: nn.Threshold(0.1, -3.0), VECTORS),
    "GELU tanh": (lambda: nn.GELU("tanh"), VECTORS),
    "Softmax": (lambda: nn.Softmax(1), VECTORS),
    "LogSoftmax": (lambda: nn.LogSoftmax(1), VECTORS),
    "Softmin": (lambda: nn.Softmin(1), VECTORS),
    "Softmax2d": (nn.Softmax2d, IMAGES),
    "GLU": (nn.GLU, VECTORS),
    "Linear": (lambda: nn.Linear(8, 3), VECTORS),
    "Linear without bias": (lambda: nn.Linear(8, 3, bias=False), SEQUENCES),
    "Bilinear": (lambda: Call(lambda x, inner=nn.Bilinear(4, 4, 3): inner(x[:, :4].contiguous(), x[:, 4:].contiguous())), VECTORS),
    "Embedding": (lambda: nn.Embedding(7, 4), ("tokens", 3, 5)),
    "EmbeddingBag": (lambda: nn.EmbeddingBag(7, 4, mode="mean"), ("tokens", 3, 5)),
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3), SIGNALS),
    "Conv1d dilated": (lambda: nn.Conv1d(4, 6, 3, padding=2, dilation=2), SIGNALS),
    "Conv1d same": (lambda: nn.Conv1d(4, 6, 4, padding="same"), SIGNALS),
    "Conv2d": (lambda: nn.Conv2d(4, 6, 3, 2, 1), IMAGES),
    "Conv2d grouped": (lambda: nn.Conv2d(4, 8, 3, groups=2), IMAGES),
    "Conv2d depthwise": (lambda: nn.Conv2d(4, 4, 3, groups=4), IMAGES),
    "Conv2d reflect": (lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), IMAGES),
    "Conv2d circular": (lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular"), IMAGES),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(4, 6, 3, 2), SIGNALS),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1), IMAGES),
    "Conv3d": (lambda: nn.Conv3d(2, 3, 2), (2, 2, 4, 4, 4)),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), SIGNALS),
    "MaxPool2d": (lambda: nn.MaxPool2d(3, 2, 1), IMAGES),
    "MaxPool2d ceil": (lambda: nn.MaxPool2d(3, 2, ceil_mode=True), IMAGES),
    "MaxPool2d dilated": (lambda: nn.MaxPool2d(2, dilation=2), IMAGES),
    "AvgPool1d": (lambda: nn.AvgPool1d(2), SIGNALS),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), IMAGES),
    "AvgPool2d ceil": (lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), IMAGES),
    "LPPool2d": (lambda: nn.LPPool2d(2, 2), IMAGES),
    "AdaptiveAvgPool2d 1": (lambda: nn.AdaptiveAvgPool2d(1), IMAGES),
    "AdaptiveAvgPool2d 4": (lambda: nn.AdaptiveAvgPool2d(4), IMAGES),
    "AdaptiveMaxPool2d 2": (lambda: nn.AdaptiveMaxPool2d(2), IMAGES),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(8), VECTORS),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4), IMAGES),
    "BatchNorm2d without statistics": (lambda: nn.BatchNorm2d(4, track_running_stats=False), IMAGES),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(4), SIGNALS),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(4, affine=True), IMAGES),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), IMAGES),
    "LayerNorm": (lambda: nn.LayerNorm(8), SEQUENCES),
    "LayerNorm of images": (lambda: nn.LayerNorm([4, 8, 8]), IMAGES),
    "RMSNorm": (lambda: nn.RMSNorm(8), SEQUENCES),
    "RMSNorm by hand": (RmsNorm, SEQUENCES),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(2), IMAGES),
    "Dropout": (lambda: nn.Dropout(0.5), VECTORS),
    "Flatten": (nn.Flatten, IMAGES),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 4)), VECTORS),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), IMAGES),
    "PixelUnshuffle": (lambda: nn.PixelUnshuffle(2), IMAGES),
    "ChannelShuffle": (lambda: nn.ChannelShuffle(2), IMAGES),
    "Upsample nearest": (lambda: nn.Upsample(scale_factor=2), IMAGES),
    "Upsample bilinear": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), IMAGES),
    "Upsample bilinear corners": (lambda: nn.Upsample(size=(5, 7), mode="bilinear", align_corners=True), IMAGES),
    "Upsample bicubic": (lambda: nn.Upsample(scale_factor=2, mode="bicubic"), IMAGES),
    "interpolate to a size": call(lambda x: F.interpolate(x, size=(5, 6), mode="bilinear"), IMAGES),
    "ZeroPad2d": (lambda: nn.ZeroPad2d((1, 2, 0, 1)), IMAGES),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d(2), IMAGES),
    "ReplicationPad2d": (lambda: nn.ReplicationPad2d(2), IMAGES),
    "ConstantPad1d": (lambda: nn.ConstantPad1d(2, 3.5), SIGNALS),
    "CircularPad2d": (lambda: nn.CircularPad2d(1), IMAGES),
    "Fold": (lambda: Call(lambda x: F.fold(F.unfold(x, 2, stride=2), (8, 8), 2, stride=2)), IMAGES),
    "CosineSimilarity": (lambda: Call(lambda x: F.cosine_similarity(x[:, :4], x[:, 4:]).unsqueeze(1)), VECTORS),
    "MultiheadAttention": (Attention, SEQUENCES),
    "scaled_dot_product_attention": (Causal, SEQUENCES),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), SEQUENCES),
    "TransformerEncoderLayer of gelu": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu", norm_first=True), SEQUENCES),
    "TransformerEncoder": (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), SEQUENCES),
    "LSTM": (lambda: Recurrent(nn.LSTM), SEQUENCES),
    "GRU": (lambda: Recurrent(nn.GRU), SEQUENCES),
    "RNN": (lambda: Recurrent(nn.RNN), SEQUENCES),
    "mlp": (lambda: mlp(nn.ReLU()), VECTORS),
    "mlp with batch norm and dropout": (lambda: mlp(nn.BatchNorm1d(16), nn.GELU(), nn.Dropout(0.2)), VECTORS),
    "residual network": (lambda: nn.Sequential(Residual(4), Residual(4, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)), IMAGES),
    "LeNet": (lambda: nn.Sequential(nn.Conv2d(4, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 10), nn.ReLU(), nn.Linear(10, 3)), IMAGES),
    "U-Net": (UNet, IMAGES),
    "MobileNet block": (Inverted, IMAGES),
    "vision transformer": (Patches, IMAGES),
    "sine positions": (Positions, SEQUENCES),
    "rotary positions": (Rotary, SEQUENCES),
    "max over time": call(lambda x: x.max(dim=1).values, SEQUENCES),
    "argmax": call(lambda x: x.argmax(dim=1, keepdim=True).float()),
    "topk": call(lambda x: x.topk(3, dim=1).values),
    "sort": call(lambda x: x.sort(dim=1).values),
    "cumsum": call(lambda x: x.cumsum(1)),
    "cumprod": call(lambda x: x.cumprod(1)),
    "einsum": call(lambda x: torch.einsum("bij,bkj->bik", x, x), SEQUENCES),
    "gather": call(lambda x: x.gather(1, torch.tensor([[0, 2], [1, 1], [7, 3]])[: x.shape[0]])),
    "tril": call(lambda x: torch.tril(x @ x.transpose(1, 2)), SEQUENCES),
    "masked_fill": call(lambda x: x.masked_fill(x > 0.5, float("-inf")).softmax(1)),
    "where": call(lambda x: torch.where((x > 0) & (x < 1) | (x < -1), x, torch.zeros_like(x))),
    "clamp": call(lambda x: x.clamp(-0.5, 1)),
    "norm": call(lambda x: F.normalize(x, dim=1)),
    "std": call(lambda x: (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True)),
    "logsumexp": call(lambda x: torch.logsumexp(50 * x, 1, keepdim=True)),
    "powers": call(lambda x: torch.cat([x**5, x**0, x**-2, x.abs() ** 0.3], 1)),
    "round, floor, ceil": call(lambda x: torch.round(x * 3) + torch.floor(x * 3) + torch.ceil(x * 3)),
    "remainder and fmod": call(lambda x: torch.remainder(x, 0.7) + torch.fmod(x, 0.7)),
    "erf, sin, cos": call(lambda x: torch.erf(x) + torch.sin(x) * torch.cos(x)),
    "chunk and split": call(lambda x: torch.cat([part.tanh() for part in x.chunk(2, 1)] + list(x.split([3, 5], 1)), 1)),
    "roll and flip": call(lambda x: torch.roll(x, 2, 1) + torch.flip(x, [1])),
    "one_hot": call(lambda x: F.one_hot(x.argmax(1), 8).float()),
    "repeat and expand": call(lambda x: x.repeat(1, 2) + x[:, :1].expand(-1, 16)),
    "unbind and stack": call(lambda x: torch.stack(x.unbind(1)[::-1], 1), SEQUENCES),
    "isnan": call(lambda x: torch.nan_to_num(torch.sqrt(x), nan=0.0)),
    "var of the batch": call(lambda x: (x - x.mean(0)) / (x.var(0) + 0.1)),
    "batched products": call(lambda x: torch.baddbmm(x[:, :, :5], x, x.transpose(1, 2)), SEQUENCES),
}
