"""All workloads, by name."""

from __future__ import annotations

from .attention import ATTENTION
from .cross_entropy import CROSS_ENTROPY
from .gaussian import GAUSSIAN
from .gpt_step import GPT
from .layer_norm import LAYER_NORM
from .libraries import own
from .swiglu import SWIGLU
from .workload import Contender, Workload

WORKLOADS = {w.name: w for w in (*ATTENTION, *GAUSSIAN, LAYER_NORM, SWIGLU, CROSS_ENTROPY, GPT)}


def contenders(workload: Workload) -> dict[str, Contender]:
    """Our backends, then the peers."""
    return {**own(), **workload.peers}
