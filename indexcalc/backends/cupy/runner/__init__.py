"""CUDA kernels run on a CPU, one fiber for each CUDA thread: for tests of kernels where there is no GPU."""

from .kernels import Kernels
from .mutate import Mutation, mutations
from .schedule import Schedule, schedules

__all__ = ["Kernels", "Mutation", "Schedule", "mutations", "schedules"]
