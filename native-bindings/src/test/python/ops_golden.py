"""Writes ../resources/goldens/ops.json: what PyTorch gives for each method of Tensor, on inputs that the Java test makes too.

Run with torch 2.10 on the CPU: python ops_golden.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float32)


def grid(*shape, scale=0.37, start=-1.5):
    n = 1
    for s in shape:
        n *= s
    return torch.tensor([start + scale * ((i * 7) % 11) - 0.05 * i for i in range(n)], dtype=torch.float64).to(torch.float32).reshape(shape)


x = grid(3, 4)
y = grid(3, 4, scale=0.21, start=0.3)
p = x.abs() + 0.1
row = grid(4, scale=0.5, start=-0.7)
cube = grid(2, 3, 4)
ids = torch.tensor([2, 0, 1, 2])
image = grid(2, 4, 6, 5)
kernel = grid(3, 4, 3, 3, scale=0.11, start=-0.4)
table = grid(3, 4)
mask = x > 0

ops = {
    "add": x + y, "addRow": x + row, "sub": x - y, "addScaled": x + 0.3 * y, "mul": x * y, "div": x / p, "pow": p ** y, "powNumber": p ** 2.5,
    "neg": -x, "abs": x.abs(), "sign": x.sign(), "square": x.square(), "reciprocal": p.reciprocal(), "exp": x.exp(), "expm1": x.expm1(), "log": p.log(),
    "log1p": p.log1p(), "sqrt": p.sqrt(), "rsqrt": p.rsqrt(), "sin": x.sin(), "cos": x.cos(), "tanh": x.tanh(), "sigmoid": x.sigmoid(), "erf": x.erf(),
    "floor": x.floor(), "ceil": x.ceil(), "round": (x * 2).round(), "relu": x.relu(), "silu": F.silu(x), "gelu": F.gelu(x),
    "geluTanh": F.gelu(x, approximate="tanh"), "maximum": torch.maximum(x, y), "minimum": torch.minimum(x, y), "clamp": x.clamp(-0.5, 0.75),
    "lerp": x.lerp(y, torch.tensor(0.3)), "floorDiv": torch.tensor([-7, 7, 5, -5]).div(3, rounding_mode="floor").float(),
    "remainder": torch.tensor([-7, 7, 5, -5]).remainder(3).float(),
    "eq": (x == x.round()).float(), "lt": (x < y).float(), "ge": (x >= 0).float(), "logical": (mask & ~(y > 1) | (x < -1)).float(),
    "logicalXor": (mask ^ (y > 1)).float(), "where": torch.where(mask, x, y), "maskedFill": x.masked_fill(mask, -2.5),
    "sum": x.sum(), "sumDim": cube.sum((0, 2), keepdim=True), "mean": x.mean(), "meanDim": cube.mean(-1), "var": cube.var(1, unbiased=True),
    "varBiased": cube.var(1, unbiased=False), "max": x.max(), "min": x.min(), "amax": cube.amax(1), "amin": cube.amin((0, 1), keepdim=True),
    "argmax": x.argmax(1).float(), "argmin": x.argmin(0).float(), "any": (x > 5).any().float(), "all": (p > 0).all().float(), "cumsum": x.cumsum(1),
    "logSumExp": x.logsumexp(1), "norm": x.norm(), "normDim": cube.norm(dim=2, keepdim=True), "softmax": cube.softmax(1), "logSoftmax": x.log_softmax(-1),
    "topk": x.topk(2, 1).values, "topkIndices": x.topk(2, 1).indices.float(), "sort": x.sort(1, descending=True).values,
    "reshape": cube.reshape(4, -1), "transpose": cube.transpose(0, 2), "permute": cube.permute(2, 0, 1), "flatten": cube.flatten(1, 2),
    "unsqueeze": x.unsqueeze(1), "squeeze": x.unsqueeze(0).squeeze(0), "expand": row.expand(3, -1), "narrow": x.narrow(1, 1, 2), "slice": x[:, 0:4:2],
    "sliceNegative": x[-2:], "select": cube.select(1, -1), "get": cube[1], "indexSelect": x.index_select(0, ids), "gather": x.gather(0, ids.unsqueeze(0)),
    "cat": torch.cat([x, y], 1), "stack": torch.stack([x, y], 1), "split": torch.split(x, [1, 3], 1)[1], "chunk": x.chunk(2, 1)[0], "repeat": x.repeat(2, 1),
    "repeatInterleave": x.repeat_interleave(2, 0), "flip": cube.flip(0, 2), "roll": x.roll(1, 1), "tril": x.tril(-1), "triu": x.triu(1),
    "pad": F.pad(x, (1, 0, 2, 1), value=0.5), "matmul": x @ y.T, "matmulBatch": cube @ row, "bmm": cube.bmm(cube.transpose(1, 2)),
    "linear": x.unsqueeze(0) @ y.T + row[:3], "embedding": F.embedding(ids, table), "rmsNorm": F.rms_norm(cube, [4], row, 1e-6),
    "layerNorm": F.layer_norm(cube, [4], row, row + 1, 1e-5), "groupNorm": F.group_norm(image, 2, row, row - 1, 1e-5), "conv2d": F.conv2d(image, kernel, row[:3], 2, 1),
    "avgPool2d": F.avg_pool2d(image, 2), "upsampleNearest2d": F.interpolate(image, size=(12, 7)),
    "upsampleBilinear2d": F.interpolate(image, size=(9, 8), mode="bilinear", align_corners=False),
    "upsampleBilinear2dShrink": F.interpolate(image, size=(3, 2), mode="bilinear", align_corners=False, antialias=True),
    "upsampleBicubic2d": F.interpolate(image, size=(9, 8), mode="bicubic", align_corners=False),
    "crossEntropy": F.cross_entropy(table, torch.tensor([1, -100, 3])), "mseLoss": F.mse_loss(x, y), "einsum": torch.einsum("bnd,bmd->bnm", cube, cube),
    "eye": torch.eye(3), "full": torch.full((2, 2), 0.1),
}
here = pathlib.Path(__file__).parent
target = here.parent / "resources" / "goldens" / "ops.json"
target.parent.mkdir(parents=True, exist_ok=True)
lines = ['"%s": {"shape": %s, "values": %s}' % (k, list(v.shape), json.dumps(v.flatten().tolist())) for k, v in ops.items()]
target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(len(ops), "ops", target.stat().st_size, "bytes")
