"""The part of an emitted source that is worth a screen."""

from __future__ import annotations


def core_of(source: str, most: int = 40) -> str:
    """The imports and the function, without the quoted program and the helpers; long bodies lose their middle.

    >>> core_of("# of y\\nimport numpy as np\\n\\n\\ndef _f():\\n    pass\\n\\n\\ndef run(inputs):\\n    return 1\\n")
    'import numpy as np\\n\\ndef run(inputs):\\n    return 1'
    """
    lines = source.rstrip("\n").split("\n")
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    start = next(n for n, line in enumerate(lines) if line.startswith("def run("))
    body = lines[start:]
    if len(body) > most:
        cut = len(body) - most + 1
        head = most - most // 4
        body = [*body[:head], f"    # ... {cut} more lines ...", *body[head + cut :]]
    return "\n".join([*imports, "", *body])
