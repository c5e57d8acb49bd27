"""In which order many operands are contracted: networks of labels, what a pair costs, exact and greedy searches."""

from .network import Network
from .search import Path, find_path, fitting_path

__all__ = ["Network", "Path", "find_path", "fitting_path"]
