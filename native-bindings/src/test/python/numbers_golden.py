"""Writes numbers.json: what PyTorch makes of a tensor and a number, for every dtype and both ranks.

Run by hand from native-bindings/ with Python torch 2.10: python src/test/python/numbers_golden.py
Values are doubles (exact for every dtype here except large i64, which are given as decimal strings).
"""
import json
import pathlib

import torch

DTYPES = dict(f64=torch.float64, f32=torch.float32, bf16=torch.bfloat16, f16=torch.float16, i64=torch.int64, i32=torch.int32,
              i16=torch.int16, i8=torch.int8, u8=torch.uint8, bool=torch.bool)
SMALL = [0, 1, 2, 3, 5, 7, 100, 120]
INPUTS = dict(
    f64=[0.1, -1.5, 2.0, 3.25, 1e-3, 123456789.125, 16777217.0, -0.0],
    f32=[0.1, -1.5, 2.0, 3.25, 1e-3, 1234.5, 16777216.0, -0.0],
    bf16=[0.1, -1.5, 2.0, 3.25, 1e-3, 100.5, 255.0, -0.0],
    f16=[0.1, -1.5, 2.0, 3.25, 1e-3, 100.5, 2047.0, -0.0],
    i64=[0, 1, -2, 3, 16777217, -16777219, 9007199254740993, 100],
    i32=[0, 1, -2, 3, 16777217, -16777219, 2000000000, 100],
    i16=[0, 1, -2, 3, 300, -32000, 32767, 100],
    i8=[0, 1, -2, 3, 5, -128, 127, 100],
    u8=[0, 1, 2, 3, 5, 128, 255, 100],
    bool=[False, True, False, True, True, False, True, False],
)
INTS = [0, 1, 2, 3, -1, 100, 16777217]
DOUBLES = [0.5, 2.0, -0.25, 0.1, 1e-8, 16777217.0, 123456789.123456789]
MASK = [True, False, True, False, False, False, True, True]

OPS = dict(
    add=lambda x, n: x + n, sub=lambda x, n: x - n, mul=lambda x, n: x * n, div=lambda x, n: x / n, pow=lambda x, n: x ** n,
    eq=lambda x, n: x == n, ne=lambda x, n: x != n, lt=lambda x, n: x < n, le=lambda x, n: x <= n, gt=lambda x, n: x > n, ge=lambda x, n: x >= n,
    clamp=lambda x, n: x.clamp(n, n + 3), maskedFill=lambda x, n: x.masked_fill(torch.tensor(MASK[: x.numel()]).reshape(x.shape), n),
)


def encode(t):
    t = t.detach()
    return [str(v) for v in t.reshape(-1).tolist()] if t.dtype == torch.int64 else [
        {float("inf"): "inf", float("-inf"): "-inf"}.get(v, "nan" if v != v else v) for v in t.reshape(-1).double().tolist()]


def main():
    cases = []
    names = {v: k for k, v in DTYPES.items()}
    for dtype, torch_dtype in DTYPES.items():
        full = torch.tensor(INPUTS[dtype], dtype=torch_dtype)
        for rank in (0, 1):
            x = full if rank == 1 else full[4]
            for op, f in OPS.items():
                for number in INTS + DOUBLES:
                    if op == "pow" and number == DOUBLES[-1]:
                        continue  # the exponent as f32 is another number here and there
                    try:
                        y = f(x, number)
                    except RuntimeError:
                        continue  # refused by PyTorch
                    cases.append(dict(op=op, dtype=dtype, rank=rank, integer=isinstance(number, int), number=str(number),
                                      result=names[y.dtype], values=encode(y)))
    inputs = {k: encode(torch.tensor(v, dtype=DTYPES[k])) for k, v in INPUTS.items()}
    out = pathlib.Path("src/test/resources/goldens/numbers.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    out.write_text('{"torch":"%s",\n"mask":%s,\n"inputs":%s,\n"cases":[\n%s\n]}\n' % (torch.__version__, json.dumps(MASK), json.dumps(inputs), lines))
    print(len(cases), "cases,", out.stat().st_size, "bytes")


main()
