"""Writes the ema.pt.zst of a shallow baseline as the trainers of the paper's reference do (trainers.py: torch.save of the state dict, in zstd),
for CheckpointImportTest: the image side alone, under the names that the TPU trainer's wrapping leaves.

    python reference_baseline.py fusion/src/test/resources/saved_pipelines/baseline-dit trainer/src/test/resources/starting/baseline.pt.zst

The values are those of the saved pipeline's transformer. Needs torch, safetensors and zstandard. Made with torch 2.10.
"""

import io
import sys
from collections import OrderedDict
from pathlib import Path

import torch
import zstandard
from safetensors.torch import load_file


def main(pipeline, target):
    state = load_file(Path(pipeline) / "transformer" / "model.safetensors")
    wrapped = OrderedDict(("_orig_module." + name.replace(".mlp.", ".mlp._orig_module."), value) for name, value in state.items())
    buffer = io.BytesIO()
    torch.save(wrapped, buffer)
    Path(target).write_bytes(zstandard.compress(buffer.getvalue()))


if __name__ == "__main__":
    main(*sys.argv[1:])
