"""Python source, read and never run: einsum calls and what the file says about their operands' shapes."""
