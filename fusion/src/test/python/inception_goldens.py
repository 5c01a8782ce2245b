"""Golden case of the FID's Inception v3: python inception_goldens.py FOLDER (torchvision 0.25, torch 2.10, Pillow, CPU)

The network is torchvision's with the four changes of the TensorFlow graph that the FID is defined by (as pytorch-fid makes them: average pools
that do not count their padding, in the last block a max pool), with random weights, which are made from a formula so that they need not be
stored: number i of a tensor is u = sqrt(12) (fraction(i * i * 0.6180339887 + 0.1 h) - 0.5), where h is the CRC-32 of its name modulo 1000, in
f64; weights are u sqrt(2 / fan in), biases and means 0.1 u, scales and variances 1 + 0.1 u. Images are resized as clean-fid does: each channel in f32 by Pillow's bicubic filter, to 299 x 299, cut at 0 and 255, (x - 128) / 128.
"""
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torchvision.models import inception


class A(inception.InceptionA):
    def _forward(self, x):
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        pool = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return [self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)), double, self.branch_pool(pool)]


class C(inception.InceptionC):
    def _forward(self, x):
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = x
        for part in (self.branch7x7dbl_1, self.branch7x7dbl_2, self.branch7x7dbl_3, self.branch7x7dbl_4, self.branch7x7dbl_5):
            double = part(double)
        return [self.branch1x1(x), seven, double, self.branch_pool(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))]


class E(inception.InceptionE):
    last = False

    def _forward(self, x):
        three = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pool = F.max_pool2d(x, 3, 1, 1) if self.last else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return [self.branch1x1(x), torch.cat([self.branch3x3_2a(three), self.branch3x3_2b(three)], 1),
                torch.cat([self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double)], 1), self.branch_pool(pool)]


def network():
    net = inception.Inception3(num_classes=1008, aux_logits=False, init_weights=False, inception_blocks=[
        inception.BasicConv2d, A, inception.InceptionB, C, inception.InceptionD, E, inception.InceptionAux])
    net.Mixed_7c.last = True
    return net.eval()


@torch.no_grad()
def fill(net):
    for name, value in net.state_dict().items():
        if value.dtype != torch.float32:
            continue
        i = torch.arange(value.numel(), dtype=torch.float64)
        mixed = i * i * 0.6180339887 + 0.1 * (zlib.crc32(name.encode()) % 1000)
        wave = (12 ** 0.5 * (mixed - mixed.floor() - 0.5)).view(value.shape)
        if value.dim() > 1:
            value.copy_((2 / value[0].numel()) ** 0.5 * wave)
        elif name.endswith(("bias", "mean")):
            value.copy_(0.1 * wave)
        else:
            value.copy_(1 + 0.1 * wave)


def resized(image):
    channels = [np.asarray(Image.fromarray(image[:, :, c].astype(np.float32), mode="F").resize((299, 299), Image.Resampling.BICUBIC))
                for c in range(3)]
    return np.clip(np.stack(channels), 0, 255)


@torch.no_grad()
def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    net = network()
    fill(net)
    net.fc = torch.nn.Identity()
    random = np.random.default_rng(3)
    small, large = random.integers(0, 256, (32, 48, 3), dtype=np.uint8), random.integers(0, 256, (340, 310, 3), dtype=np.uint8)
    io = {}
    for name, image in (("small", small), ("large", large)):
        pixels = resized(image)
        io |= {name + ".image_u8": torch.from_numpy(image), name + ".resized": torch.from_numpy(pixels[:, ::23, ::23].copy()),
               name + ".features": net((torch.from_numpy(pixels)[None] - 128) / 128)}
    save_file({k: v.contiguous() for k, v in io.items()}, folder / "io.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
