"""The demo: what indexcalc does, shown on causal attention and on a small language model."""
