"""Makes resources/goldens/gguf: a GGUF file with a small random tensor of every type that is read, and what the gguf package makes of them.

    pip install gguf==0.19.0 safetensors==0.8.0 numpy
    python gguf_golden.py ../resources/goldens/gguf

With two more arguments it holds a real file against what another program made of it, bit for bit:

    python gguf_golden.py --compare model.gguf model.safetensors
"""
import sys

import numpy as np
from gguf import GGMLQuantizationType as T, GGUFReader, GGUFWriter
from gguf.quants import dequantize
from safetensors.numpy import load_file, save_file

# Where the half-precision scales lie in a block, and the block's bytes and values.
QUANTISED = {T.Q4_0: ((0,), 18, 32), T.Q5_0: ((0,), 22, 32), T.Q8_0: ((0,), 34, 32), T.Q4_K: ((0, 2), 144, 256), T.Q5_K: ((0, 2), 176, 256), T.Q6_K: ((208,), 210, 256)}


def random_blocks(rng, kind, rows, blocks):
    """Any bytes are valid blocks; only the scales have to be finite numbers."""
    scales, size, _ = QUANTISED[kind]
    raw = rng.integers(0, 256, (rows * blocks, size), dtype=np.uint8)
    for at in scales:
        raw[:, at:at + 2] = rng.normal(0, 0.1, (rows * blocks, 1)).astype(np.float16).view(np.uint8)
    return raw.reshape(rows, blocks * size)


def make(folder):
    rng = np.random.default_rng(20261123)
    writer = GGUFWriter(folder + "/small.gguf", "golden")
    writer.add_string("golden.text", "grüße")
    writer.add_uint8("golden.u8", 200)
    writer.add_int32("golden.i32", -7)
    writer.add_float32("golden.f32", 0.5)
    writer.add_bool("golden.bool", True)
    writer.add_uint64("golden.u64", 1 << 40)
    writer.add_array("golden.words", ["a", "", "▁word"])
    writer.add_array("golden.numbers", [1, 2, 3])
    expected = {}
    for kind in QUANTISED:
        raw = random_blocks(rng, kind, 5, 3)
        writer.add_tensor(kind.name, raw, raw_dtype=kind)
        expected[kind.name] = dequantize(raw, kind)
    plain = rng.normal(0, 1, (3, 32)).astype(np.float32)
    half = plain.astype(np.float16)
    brain = (plain.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    writer.add_tensor("F32", plain)
    writer.add_tensor("F16", half)
    writer.add_tensor("BF16", brain, raw_dtype=T.BF16)
    expected |= {"F32": plain, "F16": dequantize(half, T.F16), "BF16": dequantize(brain, T.BF16)}
    for kind in (np.int8, np.int16, np.int32, np.int64):
        name = "I%d" % (8 * np.dtype(kind).itemsize)
        expected[name] = rng.integers(-100, 100, (2, 3)).astype(kind)
        writer.add_tensor(name, expected[name])
    expected["F64"] = rng.normal(0, 1, (2, 2, 3))
    writer.add_tensor("F64", expected["F64"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, folder + "/expected.safetensors")


def compare(gguf, safetensors):
    """safetensors has every tensor as f32."""
    ours = load_file(safetensors)
    tensors = GGUFReader(gguf).tensors
    assert {t.name for t in tensors} == set(ours), "other names"
    worst, values = 0.0, 0
    for t in tensors:
        theirs = dequantize(t.data, t.tensor_type)
        mine = ours[t.name]
        assert theirs.shape == mine.shape, (t.name, theirs.shape, mine.shape)
        worst = max(worst, float(np.abs(theirs - mine).max()))
        assert np.array_equal(theirs.view(np.uint32), mine.view(np.uint32)), t.name
        values += theirs.size
    kinds = sorted({t.tensor_type.name for t in tensors})
    print(f"{len(tensors)} tensors, {values} values of {', '.join(kinds)}: largest difference {worst}, all bits equal")


if sys.argv[1] == "--compare":
    compare(*sys.argv[2:])
else:
    make(sys.argv[1])
