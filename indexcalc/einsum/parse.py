"""From a spec's text to its parts, in every dialect.  Whether a library takes them is the business of `verdict`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from .dialects import DIALECTS, Dialect
from .letters import read_letters
from .lists import read_lists
from .patterns import read_names
from .spec import Axis, Spec, SpecError

MAX_CHARACTERS = 100_000  # no string that anyone means is longer
_SPLIT = re.compile(r"->|,")
_READERS: Mapping[str, Callable[[str, Dialect], Spec]] = {
    "letters": read_letters,
    "names": read_names,
    "lists": read_lists,
}


def parse(text: str, dialect: str = "einsum") -> Spec:
    """The parts of a spec, each with its place.  Raises `SpecError` for what no library can read.

    >>> parse("b h i d, b h j d -> b h i j", "einops.einsum").inputs[1].labels
    ('b', 'h', 'j', 'd')
    >>> parse("b (h d) -> b h d", "einops.rearrange").inputs[0].items[1].parts[0].name
    'h'
    """
    row = DIALECTS[dialect]
    if len(text) > MAX_CHARACTERS:
        raise SpecError(f"the spec has {len(text)} characters, which is beyond the limit of {MAX_CHARACTERS}", 0, 1)
    reader = row.reader if row.reader != "either" else reader_of(text)
    spec = _READERS[reader](text, row)
    _check_arrow(spec, row)
    if row.reader == "either" and reader == "letters":
        _check_letters(spec)
    return spec


def reader_of(text: str) -> str:
    """Letters or names, as a reader of the text would take it: a blank between two labels makes them names.

    >>> reader_of("ij , jk"), reader_of("b seq, seq d"), reader_of("[0, 1], [1]")
    ('letters', 'names', 'lists')
    """
    if "[" in text:
        return "lists"
    words = [[word for word in operand.split() if word != "..."] for operand in _SPLIT.split(text)]
    named = "_" in text or "(" in text or any(len(operand) > 1 for operand in words)
    return "names" if named else "letters"


def _check_letters(spec: Spec) -> None:
    """That what was read letter by letter was meant so: any letter and any digit, but not a name such as `i1`."""
    for operand in spec.operands:
        before: Axis | None = None
        for axis in operand.axes:
            if not (axis.is_ellipsis or axis.name.isalnum()):
                hint = "labels are letters, or names with blanks between them"
                raise SpecError(f"`{axis.name}` is no label", axis.start, axis.end, hint)
            if axis.name.isdecimal() and before is not None and before.end == axis.start:
                name = spec.text[before.start : axis.end]
                hint = f"between labels of several characters are blanks: `{name} j`"
                raise SpecError(f"`{name}` reads as two labels, or as one name", before.start, axis.end, hint)
            before = axis if axis.name.isalpha() else None


def _check_arrow(spec: Spec, row: Dialect) -> None:
    if row.arrow == "required" and spec.output is None:
        end = len(spec.text)
        raise SpecError(f"{row.name} needs `->` and the output", end, end, "write the order of the result behind `->`")
    if row.arrow == "none" and spec.output is not None:
        at = spec.text.find("->")
        raise SpecError(f"{row.name} takes one list of axes, without `->`", at, at + 2)
    if row.inputs is not None and len(spec.inputs) > row.inputs:
        second = spec.inputs[row.inputs]
        message = f"{row.name} takes {row.inputs} operand, but the pattern describes {len(spec.inputs)}"
        raise SpecError(message, second.start, max(second.end, second.start + 1))


def from_lists(inputs: Sequence[Sequence[object]], output: Sequence[object] | None) -> Spec:
    """The spec of lists of labels, as `einsum(A, [0, 1], B, [1, 2], [0, 2])` gives them; `...` is Python's Ellipsis.

    >>> from_lists([[0, 1], [1, 2]], None).text
    '[0, 1], [1, 2]'
    """
    text = ", ".join(_list_text(labels) for labels in inputs)
    return parse(text if output is None else f"{text} -> {_list_text(output)}", "sublist")


def _list_text(labels: Sequence[object]) -> str:
    return f"[{', '.join(_label_text(label) for label in labels)}]"


def _label_text(label: object) -> str:
    if label is Ellipsis:
        return "..."
    if isinstance(label, str) and label.isidentifier():
        return label
    if isinstance(label, bool) or not hasattr(label, "__index__"):
        message = f"`{label!r}` is no label"
        raise SpecError(message, 0, 0, "a list of labels holds whole numbers, names and ...")
    return str(int(label.__index__()))
