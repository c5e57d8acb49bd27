"""PyTorch at run time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..base import Run
from ..emitted import Emitted
from ..function import load as load_text
from ..memory import free_host_memory


class TorchLibrary:
    """Answers for PyTorch tensors."""

    title = "PyTorch"
    convert = "torch.as_tensor(…)"
    floating = frozenset(("float16", "bfloat16", "float32", "float64"))
    failures = (torch.linalg.LinAlgError,)

    def is_array(self, x: object) -> bool:
        return isinstance(x, torch.Tensor)

    def plain(self, x: Any) -> Any:
        return x

    def signature(self, x: Any) -> object | None:
        return (x.shape, x.dtype, x.device) if isinstance(x, torch.Tensor) else None

    def shape(self, x: Any) -> tuple[int, ...]:
        return tuple(x.shape)

    def dtype(self, x: Any) -> str:
        return str(x.dtype).removeprefix("torch.")

    def device(self, x: Any) -> str:
        return str(x.device)

    def of_number(self, value: complex, like: Any | None) -> Any:
        if like is None:
            return torch.tensor(value, dtype=torch.float64)
        return torch.tensor(value, dtype=like.dtype, device=like.device)

    def widened(self, x: Any, dtype: str) -> Any:
        return x.to(getattr(torch, dtype))

    def unwritable(self, x: Any) -> str:
        if x.requires_grad:
            return "requires a gradient"
        shared = x.numel() and any(n > 1 and not s for n, s in zip(x.shape, x.stride()))
        return "has elements that share memory" if shared else ""

    def overlap(self, x: Any, y: Any) -> bool:
        same: bool = x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
        return same and bool(x.numel() and y.numel())

    def write(self, x: Any, value: Any) -> None:
        x.copy_(value)

    def free_memory(self, like: Any | None) -> int | None:
        if like is not None and like.is_cuda:
            unused = int(torch.cuda.memory_reserved(like.device) - torch.cuda.memory_allocated(like.device))
            return int(torch.cuda.mem_get_info(like.device)[0]) + unused
        return free_host_memory() if like is None or like.device.type == "cpu" else None

    def bounds(self, x: Any) -> tuple[int, int]:
        low, high = torch.aminmax(x)
        return int(low), int(high)


LIBRARY = TorchLibrary()


def is_autocast(device: str) -> bool:
    """Whether torch.autocast is on for this type of device."""
    return bool(torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device))


def load(emitted: Emitted) -> Run:
    """The text's function.  It computes in its inputs' type: autocast would change that of single steps."""
    run = load_text(emitted.source, "<indexcalc torch>")

    def outside_autocast(inputs: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
        device = next((x.device.type for x in inputs.values()), "cpu")
        if not is_autocast(device):
            return run(inputs, sizes)
        with torch.autocast(device, enabled=False):
            return run(inputs, sizes)

    return outside_autocast
