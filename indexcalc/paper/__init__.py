"""Papers: LaTeX, Markdown and notebooks to index equations with their places."""
