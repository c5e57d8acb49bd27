"""The naive NumPy meaning of every node: slow, plain, and what everything else is compared with."""
