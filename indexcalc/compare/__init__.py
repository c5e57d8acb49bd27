"""Whether two formulas say the same, up to renaming: a proof or a counterexample."""
