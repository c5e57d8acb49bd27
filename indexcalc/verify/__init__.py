"""Numerical verification of derived and emitted programs."""

from .check import check, verify
from .point import Task
from .report import Row, Verification

__all__ = ["Row", "Task", "Verification", "check", "verify"]
