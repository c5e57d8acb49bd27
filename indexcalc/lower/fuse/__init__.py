"""Fusion: groups of graph values become kernels that never store the large arrays between them."""
