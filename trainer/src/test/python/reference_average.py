"""Writes an ema.pt.zst as the paper's reference does (torch.save of the state dict, in zstd), for StartingWeightsTest.

    python reference_average.py RUN/checkpoints/latest/model.safetensors trainer/src/test/resources/starting/ema.pt.zst

The names and shapes are those of the first file. Element i of the tensor number k, in the order of the names, is i mod 251 / 16 - k.
Needs torch, safetensors and zstandard.
"""

import io
import sys

import torch
import zstandard
from safetensors import safe_open


def main(source, target):
    state = {}
    with safe_open(source, "pt") as file:
        for k, name in enumerate(sorted(file.keys())):
            shape = file.get_slice(name).get_shape()
            count = torch.tensor(shape).prod().item()
            state[name] = (torch.arange(count) % 251 / 16 - k).reshape(shape)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with open(target, "wb") as out:
        out.write(zstandard.compress(buffer.getvalue()))


if __name__ == "__main__":
    main(*sys.argv[1:])
