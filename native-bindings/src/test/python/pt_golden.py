"""Makes resources/goldens/pt: files of torch.save in more forms than goldens/checkpoints has, what their tensors are, and some to refuse.

Run with torch 2.10, safetensors: python pt_golden.py ../resources/goldens/pt
"""
import collections
import pathlib
import sys

import torch
from safetensors.torch import save_file

folder = pathlib.Path(sys.argv[1])
torch.manual_seed(20261123)

model = torch.nn.Sequential(collections.OrderedDict(fc=torch.nn.Linear(4, 3), norm=torch.nn.BatchNorm1d(3), out=torch.nn.Linear(3, 2, bias=False)))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
model(torch.randn(5, 4)).square().mean().backward()
optimizer.step()

base = torch.randn(6, 5, 4)
views = {
    "strided": base[::2, 1:, ::3], "permuted": base.permute(2, 0, 1), "column": base[:, 2, 1], "expanded": base[:1, :1].expand(3, 5, 4),
    "diagonal": base[:4, :4, 0].diagonal(), "zero_width": base[:, 2:2], "bytes": torch.randint(0, 256, (3, 3), dtype=torch.uint8).t(),
    "one": base[5, 4, 3], "int16": torch.arange(6, dtype=torch.int16).reshape(2, 3).t(), "int32": torch.arange(4, dtype=torch.int32), "int8": torch.arange(-3, 3, dtype=torch.int8),
    "nan": torch.tensor([float("nan"), float("inf"), -0.0]), "half": base.half()[1:, 1:, 1:], "brain": base.bfloat16()[:, 0].t(),
}
run = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "shape": base.shape, "dtype": torch.bfloat16, "big": 1 << 70, "negative": -(1 << 40), "bytes": b"raw",
       "tuple": (1, (2.5, None), "grüße"), 7: torch.nn.Parameter(torch.ones(2), requires_grad=False)}


def flat(value, name=""):
    if isinstance(value, torch.Tensor):
        return {name: value.detach().clone().contiguous()}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size) else ()
    return {k: v for key, item in items for k, v in flat(item, f"{name}.{key}" if name else str(key)).items()}


for protocol in (2, 3, 4, 5):
    torch.save(views, folder / f"views_protocol{protocol}.pt", pickle_protocol=protocol)
torch.save(views, folder / "views_legacy.pt", _use_new_zipfile_serialization=False)
torch.save({k: v for k, v in run.items() if k != "bytes"}, folder / "run.pt")
torch.save(run, folder / "run_protocol4.pt", pickle_protocol=4)
torch.save({k: v for k, v in run.items() if k != "bytes"}, folder / "run_legacy.pt", _use_new_zipfile_serialization=False)
torch.save(base, folder / "tensor.pt")
torch.save([base, {"a": base[0]}], folder / "list.pt")
complexes = {"c64": torch.complex(torch.arange(3.0), -torch.arange(3.0) / 4), "c128": torch.complex(torch.tensor(0.1).double(), torch.tensor(-2.0).double())}
torch.save(complexes, folder / "complex.pt")
torch.save(complexes, folder / "complex_legacy.pt", _use_new_zipfile_serialization=False)
save_file({"c64": complexes["c64"]}, folder / "complex.safetensors")
save_file(flat(views), folder / "views.safetensors")
save_file(flat(run), folder / "run.safetensors")

refused = folder / "refused"
refused.mkdir(exist_ok=True)
torch.save(model, refused / "whole_module.pt")
torch.save(model, refused / "whole_module_legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"x": torch.eye(3).to_sparse()}, refused / "sparse.pt")
torch.save({"x": torch.ones(2, dtype=torch.complex32)}, refused / "complex32.pt")
torch.save({"x": torch.complex(torch.ones(2), torch.ones(2)).conj()}, refused / "conjugate.pt")
torch.save({"x": base.numpy()}, refused / "numpy.pt")
torch.save({"x": torch.ones(2).to(torch.float8_e4m3fn)}, refused / "float8.pt")
torch.save({"x": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, refused / "quantised.pt")
torch.save({"x": torch.device("cpu")}, refused / "device.pt")
torch.save({"x": torch.tensor([1, 2], dtype=torch.uint16)}, refused / "uint16.pt")
