"""Writes schemas-2.10.txt: operators of PyTorch 2.10 that differ from, or are missing beside, the list of 2.13.

Run by hand with Python torch 2.10 from native-bindings/: python src/test/python/schemas_210.py
"""
import pathlib

import torch

assert torch.__version__.startswith("2.10."), torch.__version__
folder = pathlib.Path("src/main/resources/dev/fusedit/torch/internal/ops")
names = set(torch._C._dispatch_get_all_op_names())
old = {}
for schema in torch._C._jit_get_all_schemas():
    full = schema.name + ("." + schema.overload_name if schema.overload_name else "")
    if full in names and full.split("::")[0] in ("aten", "mkldnn"):
        old[full] = str(schema)
new = {line[: line.index("(")]: line for line in (folder / "schemas.txt").read_text().splitlines()}
lines = [line for full, line in sorted(old.items()) if full in new and new[full] != line]
lines += [f"{full}() missing" for full in sorted(new) if full not in old]
lines.sort()
(folder / "schemas-2.10.txt").write_text("".join(line + "\n" for line in lines))
print(f"{len(old)} operators in 2.10, {len(new)} in 2.13, {len(lines)} lines written")
