"""Einsum strings and patterns of NumPy, PyTorch, JAX, opt_einsum, einops and einx: reading, verdicts, shapes."""
