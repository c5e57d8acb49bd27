"""One file per family of codes.  Each ends in `RULES`."""
