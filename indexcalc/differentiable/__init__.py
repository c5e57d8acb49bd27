"""Programs as functions of PyTorch's autograd."""
