"""Formulas in comments of Python source, held against the code that they stand at."""
