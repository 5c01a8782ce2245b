"""Writes ../resources/goldens/scalars.json: what PyTorch makes of every overload with a number that ScalarSubstitutes calls otherwise.

Run with torch 2.10 on the CPU: python scalar_golden.py
Each overload is called by its schema on small tensors of several dtypes and ranks (0-dim ones too) with whole, negative, fractional, boolean
and large numbers. A case is [arguments, results]; an argument is a number, a text, a bool, null, a list, or {"t": name} for an input and
{"o": dtype} for an empty `out`. A result is {"d": dtype, "s": shape, "v": values}, a number, or "refused".
"""
import json
import pathlib
import warnings

import torch

warnings.simplefilter("ignore")
DTYPES = dict(f64=torch.float64, f32=torch.float32, bf16=torch.bfloat16, f16=torch.float16, i64=torch.int64, i32=torch.int32, i8=torch.int8,
              u8=torch.uint8, bool=torch.bool)
NAMES = {v: k for k, v in DTYPES.items()}
FLOATS, INTS = [0.7, -1.5, 3.0], [44, -2, 1]
INPUTS = {d: FLOATS for d in ("f64", "f32", "bf16", "f16")} | {d: INTS for d in ("i64", "i32", "i8")} | dict(u8=[44, 2, 1], bool=[True, False, True])
TENSORS = {d: torch.tensor(v, dtype=DTYPES[d]) for d, v in INPUTS.items()}
TENSORS |= {d + "_0": t[0].clone() for d, t in TENSORS.items()}
TENSORS |= {"other_" + d: torch.tensor([1.25, 0.5, -2.0], dtype=DTYPES[d]) for d in ("f64", "f32", "bf16", "f16")}
TENSORS |= dict(mask=torch.tensor([True, False, True]), mask_0=torch.tensor(True), index=torch.tensor([2, 0]), index_none=torch.tensor([], dtype=torch.int64),
                degree=torch.tensor([0, 1, 4]), degree_0=torch.tensor(2), unit=torch.tensor([0.5, -0.25, 1.0]), unit_0=torch.tensor(0.3),
                unit_f64=torch.tensor([0.5, -0.25, 0.1], dtype=torch.float64))
for d in ("f64", "f32", "i64", "i8"):
    TENSORS["sorted_" + d] = torch.tensor([-2, 1, 2, 5], dtype=DTYPES[d])
ALL = list(DTYPES)
SOME = ["f64", "f32", "bf16", "i64", "i8", "bool"]
RANK0 = ["f64_0", "f32_0", "bf16_0", "i64_0", "i8_0", "bool_0"]
FEW = ["f64", "f32", "bf16", "i8", "f32_0", "i8_0", "bool"]
NUMBERS = [2, -3, 0.1, True, 300]
FEW_NUMBERS = [2, 0.1, 300]
ELEMENTWISE = """__and__ __lshift__ __or__ __rshift__ __xor__ bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor
copysign div divide eq float_power floor_divide fmod ge greater greater_equal gt le less less_equal lt mul multiply ne not_equal pow remainder
special_xlog1py special_xlogy special_zeta true_divide xlogy""".split()
IN_PLACE = ["__iand__", "__ilshift__", "__ior__", "__irshift__", "__ixor__"]
POLYNOMIALS = ["special_" + n for n in """chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w hermite_polynomial_h
hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u
shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w""".split()]
CLAMPS = ["clamp", "clamp_max", "clamp_min", "clip"]
OTHERS = """_foreach_addcdiv _foreach_addcmul _foreach_div _foreach_mul bucketize cumulative_trapezoid fill index_fill isin lerp linspace logspace
masked_fill result_type scatter searchsorted trapezoid where""".split()


class Tensor(str):
    pass


class Out(str):
    pass


def bases():
    for name in ELEMENTWISE + POLYNOMIALS + CLAMPS + OTHERS:
        yield name, name
        yield name + "_", name
    for name in IN_PLACE:
        yield name, name
    yield "add", "add"
    yield "sub", "sub"
    yield "add_", "add"
    yield "sub_", "sub"


def overloads():
    """Every overload with a Scalar argument of the names above."""
    for name, base in bases():
        packet = getattr(torch.ops.aten, name, None)
        for overload in packet.overloads() if packet else []:
            schema = getattr(packet, overload)._schema
            tensors = any("Tensor" in str(a.type) for a in schema.arguments) or name in ("result_type", "linspace", "logspace")
            if tensors and "imname" not in overload and any(is_number(a) for a in schema.arguments):
                yield base, name, overload, schema


def is_number(argument):
    return str(argument.type) in ("number", "Optional[number]")


def combinations(base, name, schema):
    """Lists of arguments, without `out`."""
    arguments = [a for a in schema.arguments if not a.is_out]
    changes = name.endswith("_") and not name.endswith("__") or name in IN_PLACE
    few = changes or any(a.is_out for a in schema.arguments)
    tensors = FEW if few else ALL + RANK0
    numbers = FEW_NUMBERS if few else NUMBERS
    shape = [a.name for a in arguments]
    if base in ELEMENTWISE + IN_PLACE + ["add", "sub"] and not (base in ("add", "sub") and str(arguments[1].type) == "Tensor"):
        for t in tensors:
            for n in numbers:
                row = [n if is_number(a) else Tensor(t) for a in arguments[:2]]
                if "rounding_mode" in shape:
                    yield from (row + [mode] for mode in (["floor"] if few else [None, "trunc", "floor"]))
                elif len(arguments) == 3:
                    yield from (row + [alpha] for alpha in (1, 2))  # the factor of a sum
                else:
                    yield row
    elif base in ("add", "sub"):
        for t in tensors:
            other = "other_" + t if "other_" + t in TENSORS else t
            yield from ([Tensor(t), Tensor(other), alpha] for alpha in (1, 2, 0.5, -1))
            yield [Tensor(t), Tensor("bool"), 1]
    elif base in POLYNOMIALS:
        if is_number(arguments[0]):
            yield from ([n, Tensor(t)] for t in ("degree", "degree_0") for n in (2, 0.1, True))
        else:
            yield from ([Tensor(t), n] for t in ("unit", "unit_0", "unit_f64", "i8", "bool") for n in (3, 2.0, True))
    elif base in ("clamp", "clip"):
        for t in tensors:
            yield from ([Tensor(t)] + pair for pair in ([-1, 2], [0.1, None], [None, 0.5], [0, 300], [1, 2.5], [None, True]))
    elif base in ("clamp_max", "clamp_min", "fill"):
        yield from ([Tensor(t), n] for t in tensors for n in numbers)
    elif base == "lerp":
        yield from ([Tensor(t), Tensor("other_" + t), n] for t in ("f64", "f32", "bf16", "f16") for n in (0.1, 2, 0.75))
        yield from ([Tensor("f32_0"), Tensor("other_f32"), 0.1], [Tensor("f64_0"), Tensor("f64_0"), 0.1], [Tensor("i64"), Tensor("i64"), 1])
    elif base == "masked_fill":
        yield from ([Tensor(t), Tensor("mask_0" if t.endswith("_0") else "mask"), n] for t in tensors for n in numbers)
        yield [Tensor("f32_0"), Tensor("mask"), 2]
    elif base == "index_fill":
        yield from ([Tensor(t), 0, Tensor("index"), n] for t in tensors for n in numbers)
    elif base == "scatter":
        ends = ["add", "multiply"] if "reduce" in shape else [None]
        for end in ends:
            for t in tensors:
                for n in numbers:
                    yield [Tensor(t), 0, Tensor("index"), n] + ([end] if end else [])
            yield [Tensor("f32"), 0, Tensor("index_none"), 2] + ([end] if end else [])
            yield [Tensor("f64"), -1, Tensor("index"), 0.1] + ([end] if end else [])
    elif base == "where":
        for t in tensors + ["f32_0"]:
            for n in numbers:
                if is_number(arguments[1]) and is_number(arguments[2]):
                    yield [Tensor("mask"), n, -1.5]
                    yield [Tensor("mask_0"), n, 7]
                else:
                    yield from ([Tensor(mask)] + [n if is_number(a) else Tensor(t) for a in arguments[1:]] for mask in ("mask", "mask_0"))
    elif base == "isin":
        yield from ([n if is_number(a) else Tensor(t) for a in arguments[:2]] + [False, invert] for t in tensors for n in numbers + [44, 0.7] for invert in (False, True))
    elif base == "bucketize":
        yield from ([n, Tensor(t), int32, not int32] for t in ("sorted_f64", "sorted_f32", "sorted_i64", "sorted_i8", "f32_0") for n in NUMBERS + [1.5]
                    for int32 in (False, True))
    elif base == "searchsorted":
        yield from ([Tensor(t), n, int32, not int32] for t in ("sorted_f64", "sorted_f32", "sorted_i64", "sorted_i8", "f32_0") for n in NUMBERS + [1.5]
                    for int32 in (False, True))
    elif base == "result_type":
        yield from ([n if is_number(a) else Tensor(t) for a in arguments] for t in tensors for n in numbers)
        if is_number(arguments[0]) and is_number(arguments[1]):
            yield from ([n, m] for n in NUMBERS for m in NUMBERS)
    elif base in ("trapezoid", "cumulative_trapezoid"):
        yield from ([Tensor(t), n, -1] for t in ("f64", "f32", "bf16", "i64") for n in (1, 2, 0.1))
    elif base in ("linspace", "logspace"):
        for t in ("f64_0", "f32_0", "i64_0", "f32"):
            for n in (2, 0.1, True):
                ends = [n if is_number(a) else Tensor(t) for a in arguments[:2]]
                yield ends + [4] + ([2.0] if base == "logspace" else [])
    elif base.startswith("_foreach_addc"):
        rows = [["f32", "f64"], ["bf16", "f32_0"], ["i64", "i8"]]
        for row in rows:
            l = [Tensor(t) for t in row]
            yield from ([l, l, l, n] for n in (2, 0.1))
    else:
        for row in (["f32", "f64"], ["bf16", "f32_0"], ["i64", "f64"], ["i8", "bool"], ["i8_0", "bf16_0"]):
            yield from ([[Tensor(t) for t in row], n] for n in NUMBERS)


def value(argument):
    if isinstance(argument, list):
        return [value(a) for a in argument]
    if isinstance(argument, Tensor):
        return TENSORS[argument].clone()
    return argument


def shown(v):
    if isinstance(v, bool) or not isinstance(v, float):
        return v
    return v if v == v and abs(v) != float("inf") else {True: "nan"}.get(v != v, "inf" if v > 0 else "-inf")


def flat(t):
    if t.dtype == torch.float64 or not t.dtype.is_floating_point:
        return [shown(v) for v in t.reshape(-1).tolist()]
    return [shown(v if v != v or abs(v) == float("inf") else float("%.9g" % v)) for v in t.reshape(-1).double().tolist()]


def encode(result):
    if isinstance(result, torch.dtype):
        return NAMES[result]
    if isinstance(result, torch.Tensor):
        return dict(d=NAMES[result.dtype], s=list(result.shape), v=flat(result))
    return [encode(r) for r in result]


def encode_argument(argument):
    if isinstance(argument, list):
        return [encode_argument(a) for a in argument]
    return dict(t=argument) if isinstance(argument, Tensor) else dict(o=argument) if isinstance(argument, Out) else argument


def run(op, schema, name, given):
    """The result; of an op that changes its first argument, or its `out`, that one."""
    values = [value(a) for a in given]
    outs = [a for a in schema.arguments if a.is_out]
    positional = [a for a in schema.arguments if not a.kwarg_only]
    if outs:
        values = values[:-1]
    named = {a.name: v for a, v in zip((a for a in schema.arguments if not a.is_out), values) if a.kwarg_only}
    values = values[: len([a for a in positional if not a.is_out])]
    changed = None
    if outs:
        made = given[-1]
        out = [empty(o) for o in made] if isinstance(made, list) else empty(made)
        named[outs[0].name] = out
        changed = out
    result = op(*values, **named)
    if changed is None and not schema.returns:
        changed = values[0]
    if isinstance(result, int):
        result = [d for d in NAMES if torch.empty(0, dtype=d).dtype == d and code(d) == result][0]
    return encode(changed if changed is not None else result)


def code(dtype):
    return dict(u8=0, i8=1, i16=2, i32=3, i64=4, f16=5, f32=6, f64=7, bool=11, bf16=15)[NAMES[dtype]]


def empty(dtype):
    return torch.empty(0, dtype=DTYPES[dtype])


def main():
    lines, count = [], 0
    for base, name, overload, schema in overloads():
        op = getattr(getattr(torch.ops.aten, name), overload)
        has_out = any(a.is_out for a in schema.arguments)
        cases, seen = [], set()
        for given in combinations(base, name, schema):
            key = json.dumps(encode_argument(given))
            if key in seen:
                continue
            seen.add(key)
            rows = [given]
            if has_out:
                rows = [given + [[Out(t.split("_")[0]) for t in given[0]] if base.startswith("_foreach") else Out(d)]
                        for d in ("f64", "bf16", "i64", "i8", "bool")][:1 if base.startswith("_foreach") else None]
            for row in rows:
                try:
                    result = run(op, schema, name, row)
                except (RuntimeError, NotImplementedError, IndexError, ValueError):
                    result = "refused"
                    if has_out and any(c.endswith('"refused"]') for c in cases[-4:]):
                        continue  # once is enough
                cases.append("[%s,%s]" % (json.dumps(encode_argument(row), separators=(",", ":")), json.dumps(result, separators=(",", ":"))))
        count += len(cases)
        if cases:
            lines.append('{"op":"%s","overload":"%s","cases":[\n%s]}' % (name, "" if overload == "default" else overload, ",\n".join(cases)))
    here = pathlib.Path(__file__).parent
    target = here.parent / "resources" / "goldens" / "scalars.json"
    inputs = {k: encode(v) for k, v in TENSORS.items()}
    target.write_text('{"torch":"%s",\n"inputs":%s,\n"overloads":[\n%s\n]}\n' % (torch.__version__, json.dumps(inputs), ",\n".join(lines)))
    print(len(lines), "overloads", count, "cases", target.stat().st_size, "bytes")


main()
