"""What people see: derivations, programs and findings as text, Markdown, LaTeX and JSON.  Logic lives elsewhere."""
