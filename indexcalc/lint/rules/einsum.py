"""Einsum strings: what no library takes, and labels that are lost, doubled or summed alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ...diagnostics import Diagnostic, did_you_mean, listed
from ...einsum.spec import Axis, Operand
from ...einsum.targets import TARGETS
from ...python.contraction import Contraction, Use, contractions
from ...python.module import Call
from ..registry import lint_rule

_IMPORT = "import numpy as np\n\n"
MIN_NAME = 3  # characters of a name that can be a slip of another one


@lint_rule(
    "IX401",
    name="einsum-unreadable",
    summary="a string that no library can read",
    why="The call raises as soon as it runs. In a branch that tests do not reach, it stays unseen until then. Names "
    "with blanks between them are no labels either for a library whose labels are letters.",
    bad=_IMPORT + "C = np.einsum('...ir,rj...->...ij...', B, A)",
    good=_IMPORT + "C = np.einsum('...ir,rj->...ij', B, A)",
    severity="error",
    subject="call",
    language="python",
)
def unreadable(call: Call) -> Iterator[Diagnostic]:
    """Strings that do not parse, and operands with two ellipses."""
    problem = call.problem
    if problem is not None and (call.library or call.complete):
        span = call.place(problem.start, max(problem.end, problem.start))
        yield Diagnostic("IX401", f"not readable: {problem.message}", span, problem.hint)
    for c in contractions(call):
        for operand in c.spec.operands:
            dots = [axis for axis in operand.axes if axis.is_ellipsis]
            if len(dots) > 1:
                where = "the result" if operand is c.output else "one operand"
                yield c.finding(
                    "IX401", f"{where} has more than one ellipsis", dots[1], severity="error",
                    others=[(dots[0], "the first")], why="One `...` stands for all axes that are not named; with two, "
                    "it cannot be told where the first ends.", hint="keep one `...`, and name the other axes",
                )  # fmt: skip


@lint_rule(
    "IX402",
    name="einsum-output-unknown",
    summary="the result has a label that no operand has",
    why="Nothing says how long that axis is or what stands along it. The usual reason is a typing slip.",
    bad=_IMPORT + "C = np.einsum('ij,jk->il', A, B)",
    good=_IMPORT + "C = np.einsum('ij,jk->ik', A, B)",
    severity="error",
    subject="call",
    language="python",
)
def unknown_output(call: Call) -> Iterator[Diagnostic]:
    """Labels behind the arrow that stand nowhere before it."""
    for c in contractions(call):
        for axis in c.output.axes if c.output else ():
            if axis.is_label and axis.name not in c.uses:
                lost = [use.axis for use in c.summed_alone]
                fix = c.rewritten(axis, lost[0].name) if len(lost) == 1 else None
                hint = f"`{fix}`" if fix else did_you_mean(axis.name, c.uses) or "drop it, or name it in an operand"
                others = [(lost[0], "no other operand has this, and the result lacks it")] if fix else []
                message = f"the result has `{axis.name}`, which no operand has"
                yield c.finding("IX402", message, axis, severity="error", others=others, hint=hint, fix=fix)


@lint_rule(
    "IX403",
    name="einsum-operand-count",
    summary="the string describes another number of operands than are given",
    why="Each part between commas describes one operand. The call raises.",
    bad=_IMPORT + "C = np.einsum('ij,jk->ik', A)",
    good=_IMPORT + "C = np.einsum('ij,jk->ik', A, B)",
    severity="error",
    subject="call",
    language="python",
)
def operand_count(call: Call) -> Iterator[Diagnostic]:
    """Calls that show all their operands, and too few or too many."""
    for c in contractions(call):
        said, given = len(c.inputs), len(call.operands)
        if not call.complete or said == given or call.dialect == "sublist":
            continue
        if (given == 1 and call.library in ("torch", "")) or given == 0:
            continue  # a list of operands in a variable; the call of a function that adds them
        message = f"the string describes {_operands(said)}, but {given} {'is' if given == 1 else 'are'} given"
        part = Operand((), 0, c.inputs[-1].end)
        parts = [word for o in c.inputs for word in c.spec.text[o.start : o.end].split()]
        hint = "one part between commas for each operand"
        if call.dialect == "einsum" and len(parts) == given > said:
            hint = f"blanks mean nothing between letters, commas part operands: `{','.join(parts)}`"
        yield c.finding("IX403", message, part, severity="error", hint=hint)


def _operands(count: int) -> str:
    return f"{count} operand{'s' if count != 1 else ''}"


@lint_rule(
    "IX404",
    name="einsum-summed-alone",
    summary="a label is summed in one operand only",
    why="A label that one operand has and the result lacks is summed before anything is multiplied: the product is "
    "with the sums of that operand, and whatever the axis told apart is lost. Nearly always another label was meant.",
    bad="import jax.numpy as jnp\n\noutput = jnp.einsum('...MN,...NC->...NC', attention, values)",
    good="import jax.numpy as jnp\n\noutput = jnp.einsum('...MN,...NC->...MC', attention, values)",
    severity="error",
    subject="call",
    language="python",
    right="For a product with row sums. `A.sum(axis)` says so, and reads the operand once.",
    fix="Where one operand only scales the other, the label is put into the result in place of the one both have "
    "(unsafe: it changes what is computed).",
)
def summed_alone(call: Call) -> Iterator[Diagnostic]:
    """Labels of one operand that the result lacks.  An error where that operand then only scales another."""
    for c in contractions(call):
        if _meant_as_matmul(c) is not None or any(name not in c.uses for name in c.result):
            continue
        if len(set(c.result)) < len(c.result):
            continue  # IX412 says which label is lost
        slip = _slip(c)
        if slip is not None:
            yield _slipped(c, *slip)
            continue
        if not c.result and not any(a.is_open for o in c.inputs for a in o.axes):
            continue  # one number: everything is summed, whatever is shared
        alone = [
            use for use in c.summed_alone if use.axis.name != "1" or call.dialect == "sublist"
        ]  # 1: an axis of size 1
        for k in sorted({use.operand for use in alone}):
            if any(o.labels for n, o in enumerate(c.inputs) if n != k):  # else times a number: an ordinary sum
                yield _summed_alone(c, [use for use in alone if use.operand == k])


def _slip(c: Contraction) -> tuple[Axis, Axis] | None:
    """Two names, each summed alone in its operand, of which the second may be a slip of the first."""
    lone = [use for use in c.summed_alone if len(use.axis.name) >= MIN_NAME]
    for k, second in enumerate(lone):
        for first in lone[:k]:
            if first.operand != second.operand and did_you_mean(second.axis.name, [first.axis.name]):
                return first.axis, second.axis
    return None


def _slipped(c: Contraction, first: Axis, second: Axis) -> Diagnostic:
    return c.finding(
        "IX404", f"`{second.name}` and `{first.name}` are each summed in one operand only", second, severity="error",
        label=f"a slip of `{first.name}`?", others=[(first, "")], fix=c.rewritten(second, first.name),
        why="Two labels that differ in a letter are two axes: nothing is contracted, and each is summed by itself.",
    )  # fmt: skip


def _summed_alone(c: Contraction, lone: Sequence[Use]) -> Diagnostic:
    use, label = lone[0], lone[0].axis.name
    names = listed([f"`{u.axis.name}`" for u in lone])
    one = len(lone) == 1
    message = f"{'index' if one else 'indices'} {names} {'is' if one else 'are'} summed in one operand only"
    scaled = _scaled(c, use)
    if scaled is None:
        return c.finding(
            "IX404", message, use.axis, label=f"only {c.name(use.operand)} has {names}, and the result does not",
            others=[(u.axis, "") for u in lone[1:]],
            why=f"{c.name(use.operand)} is summed over {names} before it is multiplied with anything.",
            hint=f"put {names} into the result or another operand; for a plain sum, write .sum(…) on the operand",
        )  # fmt: skip
    other, kept = scaled
    assert c.output is not None
    spot = next(axis for axis in c.output.axes if axis.name == kept)
    places = [(axis, "") for k in (use.operand, other) for axis in c.inputs[k].axes if axis.name == kept]
    return c.finding(
        "IX404", message, use.axis, severity="error", others=places, fix=c.rewritten(spot, label),
        label=f"summed here; the result keeps `{kept}` instead",
        why=f"{c.name(other)} is only scaled by sums of {c.name(use.operand)} over `{label}`; nothing is contracted.",
    )  # fmt: skip


def _scaled(c: Contraction, use: Use) -> tuple[int, str] | None:
    """The operand that this one's sums only scale, and the label that stands in the place of the lost one.

    That is so where the two contract nothing, the result is as the other operand, which has an axis of its own, and
    one label in common is kept besides those of the batch, with which both begin.
    """
    if len(c.inputs) != 2 or c.output is None:
        return None
    other = 1 - use.operand
    own, theirs = c.inputs[use.operand].labels, c.inputs[other].labels
    common = [x for x in own if x in theirs]
    if not common or any(x not in c.result for x in common) or set(c.result) != set(theirs):
        return None
    if set(theirs) <= set(own):
        return None
    batch = {x for k, x in enumerate(own) if theirs[: k + 1] == own[: k + 1]}
    free = [x for x in common if x not in batch]
    lost = [x for x in own if x not in theirs]
    return (other, free[0]) if len(free) == 1 and len(lost) == 1 else None


@lint_rule(
    "IX410",
    name="einsum-not-a-matmul",
    summary="`ij,jk->ij` keeps the label that a matrix product sums",
    why="The result keeps i and j, so j is not contracted: each A[i, j] is multiplied with the sum of row j of B. "
    "A matrix product is `ij,jk->ik`.",
    bad=_IMPORT + "C = np.einsum('ij,jk->ij', A, B)",
    good=_IMPORT + "C = np.einsum('ij,jk->ik', A, B)",
    severity="error",
    subject="call",
    language="python",
    right="To scale the columns of A by the row sums of B; `A * B.sum(1)` says so.",
    fix="The result becomes that of the matrix product (unsafe: it changes what is computed).",
)
def not_a_matmul(call: Call) -> Iterator[Diagnostic]:
    """Two operands that meet as in a matrix product, and the first one's labels as the result."""
    for c in contractions(call):
        found = _meant_as_matmul(c)
        if found is None or c.output is None:
            continue
        inner, outer = found
        kept = next(axis for axis in c.output.axes if axis.name == inner)
        yield c.finding(
            "IX410", f"no matrix product: the result keeps `{inner}`, and `{outer.name}` is summed in one operand only",
            kept, severity="error", label=f"`{inner}` is kept", others=[(outer, f"`{outer.name}` is summed")],
            why=f"{c.name(0)} is scaled by sums of {c.name(1)} over `{outer.name}`; nothing is contracted.",
            fix=c.rewritten(kept, outer.name),
        )  # fmt: skip


def _meant_as_matmul(c: Contraction) -> tuple[str, Axis] | None:
    """(j, k) of `ij,jk->ij`, with any labels in front that both operands and the result begin with."""
    if len(c.inputs) != 2 or c.output is None:
        return None
    first, second = ([a for a in o.axes if not a.is_number] for o in c.inputs)
    names, others = [a.name for a in first], [a.name for a in second]
    if len(names) != len(others) or len(names) < 2 or [a.name for a in c.output.axes] != names:
        return None
    meets = names[-1] == others[-2] and names[:-2] == others[:-2]
    lone = others[-1] not in names and names[-2] not in others
    return (names[-1], second[-1]) if meets and lone and len(set(names)) == len(names) else None


@lint_rule(
    "IX405",
    name="einsum-ellipsis-dropped",
    summary="operands have an ellipsis that the result lacks",
    why="All axes that `...` stands for are summed: a batch collapses into one. NumPy refuses that, PyTorch and JAX do "
    "not, and no label shows it.",
    bad="import torch\n\ny = torch.einsum('...ij,...j->i', A, x)",
    good="import torch\n\ny = torch.einsum('...ij,...j->...i', A, x)",
    subject="call",
    language="python",
    right="For a sum over every axis that is not named, as in a product of pytrees' leaves.",
    fix="`...` is put in front of the result (unsafe: it changes what is computed).",
)
def ellipsis_dropped(call: Call) -> Iterator[Diagnostic]:
    """Products whose operands have `...` and whose result has not."""
    for c in contractions(call):
        if c.output is None or len(c.inputs) < 2 or any(a.is_ellipsis for a in c.output.axes):
            continue
        if call.library in TARGETS and not TARGETS[call.library].sums_ellipsis:
            continue  # that library refuses it: IX409
        dots = [axis for operand in c.inputs for axis in operand.axes if axis.is_ellipsis]
        if dots:
            written = c.spec.text[c.output.start :].strip()
            fix = c.spec.text[: c.output.start] + ("... " if " " in written else "...") + written
            yield c.finding(
                "IX405", "the axes of `...` are summed: the result has no ellipsis", c.output, fix=fix,
                others=[(axis, "") for axis in dots],
            )  # fmt: skip


@lint_rule(
    "IX412",
    name="einsum-output-repeated",
    summary="the result has a label twice",
    why="Einsum fills no diagonals: every library refuses a label that stands twice behind the arrow.",
    bad=_IMPORT + "D = np.einsum('i->ii', x)",
    good=_IMPORT + "D = np.diag(x)",
    severity="error",
    subject="call",
    language="python",
)
def output_repeated(call: Call) -> Iterator[Diagnostic]:
    """Labels that stand more than once behind the arrow."""
    for c in contractions(call):
        if c.output is None:
            continue
        for name, count in Counter(c.output.labels).items():
            if count > 1:
                first, *more = (a for a in c.output.axes if a.name == name)
                lost = [x for x in c.summed if len(c.uses[x]) == 1]
                hint = "np.diag or torch.diag_embed makes a diagonal; for an outer product each axis has its own label"
                if lost:
                    hint = f"did you mean {listed([f'`{x}`' for x in lost])}, which the result lacks?"
                yield c.finding(
                    "IX412", f"the result has `{name}` {'twice' if count == 2 else f'{count} times'}", more[-1],
                    severity="error", others=[(first, "here too")], hint=hint,
                )  # fmt: skip


RULES = (
    unreadable, unknown_output, operand_count, summed_alone, ellipsis_dropped, not_a_matmul, output_repeated,
)  # fmt: skip
