"""The `indexcalc` command: a door without logic of its own."""
