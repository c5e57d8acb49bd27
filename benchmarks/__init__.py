"""Timings beside those of peers, in one run: `make bench`."""
