"""One file per kind of source: `findings(source, settings)` gives what is wrong with it, unsuppressed and unsorted."""
