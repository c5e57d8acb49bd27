"""The linter: rules with their pages, the run over files and texts, suppressions."""
