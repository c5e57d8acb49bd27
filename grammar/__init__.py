"""The grammar files of indexcalc: the only source of its syntax."""
