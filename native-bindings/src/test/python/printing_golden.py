"""Writes printing.json: how PyTorch prints tensors, as the values that they are made of and the text.

Run by hand from native-bindings/ with Python torch 2.10: python src/test/python/printing_golden.py
Values are f64 bit patterns (i64 and bool: numbers; complex: real and imaginary part by turns), so that no digit is lost on the way. A case with
fewer values than elements repeats them.
"""
import json
import pathlib
import struct

import torch

NAMES = {torch.float64: "F64", torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.int64: "I64", torch.int32: "I32",
         torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL", torch.complex64: "C64", torch.complex128: "C128"}


def bits(value):
    return struct.pack(">d", value).hex()


def values(t):
    if t.is_complex():
        t = torch.view_as_real(t)
    flat = t.detach().reshape(-1)
    return [bits(v) for v in flat.double().tolist()] if t.is_floating_point() else [int(v) for v in flat.tolist()]


def filled(shape, row):
    count = torch.Size(shape).numel()
    return row.repeat(-(-count // len(row)))[:count].reshape(shape)


def tensors():
    torch.manual_seed(0)
    many = torch.randn(97, dtype=torch.float64)
    special = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.5]
    # shapes: none, one, wrapped lines, several dimensions, summarized in one and in all of them, at the edge of being so
    for shape in [(), (1,), (3,), (6,), (7,), (20,), (1000,), (1001,), (2, 3), (3, 1), (1, 1, 1), (2, 2, 3), (2, 1, 3, 2), (40, 50), (7, 200), (6, 200),
                  (200, 6), (200, 7), (2, 3, 400), (11, 12, 13), (8, 8, 8, 8), (1, 1, 2000)]:
        yield filled(shape, many.float()), many.float()
    # empty
    for shape in [(0,), (0, 3), (2, 0), (2, 0, 4)]:
        for dtype in NAMES:
            yield torch.empty(shape, dtype=dtype)
    # every dtype
    for dtype in NAMES:
        for shape in [(), (4,), (2, 5), (30,), (13, 100)]:
            row = many * 20
            row = torch.complex(row, row.flip(0)) if dtype.is_complex else row.abs() if dtype == torch.uint8 else row > 0 if dtype == torch.bool else row
            yield filled(shape, row.to(dtype)), row.to(dtype)
    # precision and notation
    for row in [[1.0, 2.0, 3.0], [1.0, 2.5, -3.0], [1e-4, 1e-3], [9e-5, 1e-3], [1e8, 1e7], [1.1e8, 1e8], [1.0, 1000.0], [1.0, 1001.0], [1.5, 1500.0],
                [1.5, 1501.0], [0.00012345, 0.1], [123456.789, 1000.0], [1e-30, 1.0], [1e300, -1e-300], [0.5], [0.25, 0.125, 0.0625, 0.03125],
                [1.00005, 1.00015, 1.00025, 2.50005], [0.99995, 0.999949], [9.99995e9, 1.0], [1e22, 3e22], [2.0 ** 60, 1.0], special, special[:3], special[3:5],
                special[1:4], [float("nan")], [-0.0, 0.00004], [1e5, -1e5, float("inf")], [12345678.0, 2.0], [1e-5, 0.0, float("nan")],
                [-1.0, float("nan"), 2.0], [5e-324, 1.0], [1e9, float("-inf"), 0.0]]:
        for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
            yield torch.tensor(row, dtype=torch.float64).to(dtype)
    for row in [[1 + 2j, -1j, -2.5], [1 + 2j, 3 - 4j], [complex(0, -0.0), 1], [1e-9 + 1j, 1e9 - 1e-9j], [complex(float("nan"), float("inf")), 1 - 1.5j]]:
        for dtype in (torch.complex64, torch.complex128):
            yield torch.tensor(row, dtype=dtype)
    yield torch.tensor([2 ** 62, -(2 ** 63), 0])
    yield torch.arange(1001)
    yield torch.arange(100000, 100100).reshape(4, 25)
    # behind the elements
    yield torch.ones(2, requires_grad=True)
    yield torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    yield torch.full((9,), 1.0 / 3, dtype=torch.float64, requires_grad=True)
    yield torch.full((8,), 1.0 / 3, dtype=torch.bfloat16, requires_grad=True)
    yield torch.empty(0, 2, dtype=torch.float16, requires_grad=True)


def main():
    cases = []
    for case in tensors():
        t, row = case if isinstance(case, tuple) else (case, case)
        row = row.reshape(-1)[:t.numel()]
        cases.append(dict(dtype=NAMES[t.dtype], shape=list(t.shape), grad=t.requires_grad, values=values(row), text=str(t)))
    out = pathlib.Path("src/test/resources/goldens/printing.json")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    out.write_text('{"torch":"%s",\n"cases":[\n%s\n]}\n' % (torch.__version__, lines))
    print(len(cases), "cases,", out.stat().st_size, "bytes")


main()
