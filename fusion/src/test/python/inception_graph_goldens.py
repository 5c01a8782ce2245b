"""Golden case of the FID's Inception v3 by the names of the TorchScript inception-2015-12-05.pt: python inception_graph_goldens.py FOLDER [FILE] (torch 2.10)

The network is written down here from the TensorFlow graph's nodes: five convolutions and two pools, then mixed .. mixed_10; a convolution's
tensors are weight, beta, mean and var, its batch norm has no scale. Weights are made from a formula, so that they need not be stored: number i
of a tensor is u = sqrt(12) (fraction(i * i * 0.6180339887 + 0.1 h) - 0.5), where h is the CRC-32 of its name modulo 1000, in f64; weights are
u sqrt(2 / fan in), beta and mean 0.1 u, var 1 + 0.1 u. The input is the same wave of the name "input". graph.pt has the shape of every tensor
by its name, and the features. With FILE, the whole network is written there by torch.jit.script.
"""
import sys
import zlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Conv(nn.Module):
    def __init__(self, wide: int, narrow: int, size, stride: int = 1, same: bool = True):
        super().__init__()
        size = (size, size) if isinstance(size, int) else size
        self.weight = nn.Parameter(torch.empty(narrow, wide, *size))
        self.beta = nn.Parameter(torch.empty(narrow))
        self.register_buffer("mean", torch.empty(narrow))
        self.register_buffer("var", torch.empty(narrow))
        self.stride = stride
        self.down = size[0] // 2 if same else 0
        self.across = size[1] // 2 if same else 0

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, None, [self.stride, self.stride], [self.down, self.across])
        return F.relu(F.batch_norm(x, self.mean, self.var, None, self.beta, False, 0.0, 0.001))


class Pool(nn.Module):
    def __init__(self, kind: str):
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "halve":
            return F.max_pool2d(x, [3, 3], [2, 2])
        if self.kind == "max":
            return F.max_pool2d(x, [3, 3], [1, 1], [1, 1])
        return F.avg_pool2d(x, [3, 3], [1, 1], [1, 1], False, False)


def tower(*convs, pool=None):
    parts = {} if pool is None else {"pool": Pool(pool)}
    for i, conv in enumerate(convs):
        parts["conv" if i == 0 else f"conv_{i}"] = conv
    layers = nn.Sequential()
    for name, part in parts.items():
        layers.add_module(name, part)
    return layers


class A(nn.Module):
    def __init__(self, wide: int, pooled: int):
        super().__init__()
        self.conv = Conv(wide, 64, 1)
        self.tower = tower(Conv(wide, 48, 1), Conv(48, 64, 5))
        self.tower_1 = tower(Conv(wide, 64, 1), Conv(64, 96, 3), Conv(96, 96, 3))
        self.tower_2 = tower(Conv(wide, pooled, 1), pool="average")

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), self.tower(x), self.tower_1(x), self.tower_2(x)], 1)


class B(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = Conv(288, 384, 3, 2, False)
        self.tower = tower(Conv(288, 64, 1), Conv(64, 96, 3), Conv(96, 96, 3, 2, False))
        self.pool = Pool("halve")

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), self.tower(x), self.pool(x)], 1)


class C(nn.Module):
    def __init__(self, inner: int):
        super().__init__()
        self.conv = Conv(768, 192, 1)
        self.tower = tower(Conv(768, inner, 1), Conv(inner, inner, (1, 7)), Conv(inner, 192, (7, 1)))
        self.tower_1 = tower(Conv(768, inner, 1), Conv(inner, inner, (7, 1)), Conv(inner, inner, (1, 7)), Conv(inner, inner, (7, 1)),
                             Conv(inner, 192, (1, 7)))
        self.tower_2 = tower(Conv(768, 192, 1), pool="average")

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), self.tower(x), self.tower_1(x), self.tower_2(x)], 1)


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = tower(Conv(768, 192, 1), Conv(192, 320, 3, 2, False))
        self.tower_1 = tower(Conv(768, 192, 1), Conv(192, 192, (1, 7)), Conv(192, 192, (7, 1)), Conv(192, 192, 3, 2, False))
        self.pool = Pool("halve")

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.tower(x), self.tower_1(x), self.pool(x)], 1)


class E(nn.Module):
    def __init__(self, wide: int, pool: str):
        super().__init__()
        self.conv = Conv(wide, 320, 1)
        self.tower_conv = Conv(wide, 384, 1)
        self.tower_mixed_conv = Conv(384, 384, (1, 3))
        self.tower_mixed_conv_1 = Conv(384, 384, (3, 1))
        self.tower_1_conv = Conv(wide, 448, 1)
        self.tower_1_conv_1 = Conv(448, 384, 3)
        self.tower_1_mixed_conv = Conv(384, 384, (1, 3))
        self.tower_1_mixed_conv_1 = Conv(384, 384, (3, 1))
        self.tower_2_pool = Pool(pool)
        self.tower_2_conv = Conv(wide, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.tower_conv(x)
        two = self.tower_1_conv_1(self.tower_1_conv(x))
        return torch.cat([self.conv(x), self.tower_mixed_conv(one), self.tower_mixed_conv_1(one), self.tower_1_mixed_conv(two),
                          self.tower_1_mixed_conv_1(two), self.tower_2_conv(self.tower_2_pool(x))], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential()
        for name, layer in {
                "conv": Conv(3, 32, 3, 2, False), "conv_1": Conv(32, 32, 3, 1, False), "conv_2": Conv(32, 64, 3), "pool0": Pool("halve"),
                "conv_3": Conv(64, 80, 1), "conv_4": Conv(80, 192, 3, 1, False), "pool1": Pool("halve"), "mixed": A(192, 32),
                "mixed_1": A(256, 64), "mixed_2": A(288, 64), "mixed_3": B(), "mixed_4": C(128), "mixed_5": C(160), "mixed_6": C(160),
                "mixed_7": C(192), "mixed_8": D(), "mixed_9": E(1280, "average"), "mixed_10": E(2048, "max")}.items():
            self.layers.add_module(name, layer)
        self.output = nn.Linear(2048, 1008)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).mean([2, 3])


def wave(name, shape):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    mixed = i * i * 0.6180339887 + 0.1 * (zlib.crc32(name.encode()) % 1000)
    return (12 ** 0.5 * (mixed - mixed.floor() - 0.5)).view(shape)


@torch.no_grad()
def main(folder, file=None):
    net = Net().eval()
    for name, value in net.state_dict().items():
        drawn = wave(name, value.shape)
        value.copy_((2 / value[0].numel()) ** 0.5 * drawn if value.dim() > 1 else 1 + 0.1 * drawn if name.endswith("var") else 0.1 * drawn)
    if file:
        torch.jit.save(torch.jit.script(net), file)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {name: list(value.shape) for name, value in net.state_dict().items()}
    torch.save({"shapes": shapes, "features": net(wave("input", (1, 3, 299, 299)).float())}, folder / "graph.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
