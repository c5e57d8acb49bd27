"""Matrix notation: index expressions of rank at most 2 as products of matrices, transposes, traces and norms."""
