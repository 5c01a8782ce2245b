"""Makes resources/goldens/pt/torchscript*.pt: files of torch.jit.save, and of each the state dict in torch.save's form.

Run with torch 2.10: python torchscript_golden.py ../resources/goldens/pt

torchscript.pt has attributes of all kinds beside its weights, a module that is there under two names, a constant tensor, and weights that are
views of one storage; torchscript_traced.pt is traced. torchscript_setstate.pt has an object that only its own code can unpack: it is to be refused.
"""
import pathlib
import sys
from typing import Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn

folder = pathlib.Path(sys.argv[1])
torch.manual_seed(20261201)


class Norm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.beta = nn.Parameter(torch.randn(width))
        self.register_buffer("mean", torch.randn(width))
        self.register_buffer("var", torch.rand(width))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.batch_norm(x, self.mean, self.var, None, self.beta, False, 0.0, 1e-3)


class Conv(nn.Module):
    sizes: List[int]

    def __init__(self, wide: int, narrow: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(narrow, wide, 1, 3).transpose(2, 3))
        self.norm = Norm(narrow)
        self.sizes = [1, 3]

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(nn.functional.conv2d(x, self.weight))


class Net(nn.Module):
    names: Dict[str, int]
    scales: List[float]
    flags: List[bool]
    pair: Tuple[int, str]
    parts: List[Tensor]
    nothing: Optional[Tensor]

    def __init__(self):
        super().__init__()
        both = torch.randn(6, 4)
        self.upper = nn.Parameter(both[:3])
        self.lower = nn.Parameter(both[3:])
        self.layers = nn.Sequential(Conv(2, 3), Conv(3, 4))
        self.again = self.layers[1]
        self.names, self.scales, self.flags, self.pair = {"one": 1, "two": 2}, [0.5, 1.5], [True, False], (7, "seven")
        self.parts, self.nothing = [], None
        self.small = nn.Parameter(torch.randn(2).half(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) + torch.tensor([1.0, 2.0])[0] + self.upper.sum() + self.lower.sum() + self.small.float().sum()


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.ones(2)

    @torch.jit.export
    def __getstate__(self) -> Tuple[Tensor, int]:
        return self.weight, 1

    @torch.jit.export
    def __setstate__(self, state: Tuple[Tensor, int]):
        self.weight = state[0]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight


net = Net().eval()
torch.jit.save(torch.jit.script(net), folder / "torchscript.pt")
torch.save({name: value.contiguous() for name, value in net.state_dict().items()}, folder / "torchscript_state.pt")
traced = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2, bias=False)).eval()
torch.jit.save(torch.jit.trace(traced, torch.ones(1, 4)), folder / "torchscript_traced.pt")
torch.save(traced.state_dict(), folder / "torchscript_traced_state.pt")
torch.jit.save(torch.jit.script(Packed()), folder / "refused" / "torchscript_setstate.pt")
