"""What a verification found, as data and as a table."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

MAX_NAME = 40  # characters of a row's name that the table shows

Kind = Literal["gradient", "value", "claim"]


@dataclass(frozen=True, slots=True)
class Worst:
    """The component at which two results differ most."""

    component: tuple[int, ...] | str
    found: float
    expected: float

    def __str__(self) -> str:
        where = self.component if isinstance(self.component, str) else f"[{', '.join(map(str, self.component))}]"
        return f"at {where}: {self.found:.17g} against {self.expected:.17g}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two ways to compute the same thing are apart."""

    label: str
    relative_error: float
    tolerance: float
    worst: Worst | None = None

    @property
    def passed(self) -> bool:
        return self.relative_error <= self.tolerance  # False for NaN


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was checked.

    `relative_error` is that of `name` against `method`; `agreements` compare evaluators with each other.  `compared`
    of `total` components were compared.  Where `unverified` says why, nothing was: the row has not passed.
    """

    name: str
    kind: Kind
    method: str
    step: float | None
    relative_error: float
    tolerance: float
    agreements: tuple[Agreement, ...] = ()
    compared: int = 0
    total: int = 0
    sampling: str = "all compared"
    worst: Worst | None = None
    note: str = ""
    unverified: str = ""  # why nothing could be said

    @property
    def passed(self) -> bool:
        return not self.unverified and self.relative_error <= self.tolerance and all(a.passed for a in self.agreements)

    def failures(self) -> list[str]:
        """What went wrong, each with its worst component and both values."""
        found = []
        if self.unverified:
            found.append(f"{self.name}: {self.unverified}")
        elif not self.relative_error <= self.tolerance:
            found.append(_failure(self.name, self.method, self.relative_error, self.tolerance, self.worst))
        for a in self.agreements:
            if not a.passed:
                found.append(_failure(self.name, a.label, a.relative_error, a.tolerance, a.worst))
        return found


def _failure(name: str, what: str, error: float, tolerance: float, worst: Worst | None) -> str:
    place = f", {worst}" if worst else ""
    return f"{name}: {what}: relative error {error:.3g} exceeds {tolerance:.0e}{place}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of `verify`: true when every row passed.  `str()` is the table."""

    rows: tuple[Row, ...]
    seed: int
    sizes: tuple[tuple[str, int], ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return all(row.passed for row in self.rows)

    @property
    def failures(self) -> tuple[str, ...]:
        return tuple(text for row in self.rows for text in row.failures())

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"passed": bool(self), "failures": list(self.failures), **_plain(asdict(self), self)}

    def __str__(self) -> str:
        return verification_text(self)


def _plain(data: dict[str, Any], verification: Verification) -> dict[str, Any]:
    for row, made in zip(verification.rows, data["rows"]):
        made["passed"] = row.passed
    data["sizes"] = dict(verification.sizes)
    return {key: _finite(value) for key, value in data.items()}


def _finite(value: Any) -> Any:
    """NaN and inf as text, which JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, (list, tuple)) else value


def verification_text(v: Verification) -> str:
    """The table, what failed and where, and one line that says it all."""
    lines = _table(v.rows)
    for title, texts in (("FAILED", v.failures), ("note", (*v.notes, *(r.note for r in v.rows if r.note)))):
        lines += [f"{title}  {text}" for text in dict.fromkeys(texts)]
    lines.append(_summary(v))
    return "\n".join(lines)


def _table(rows: tuple[Row, ...]) -> list[str]:
    """Columns as wide as they need; one column per pair of evaluators that some row compares."""
    if not rows:
        return []
    first = {"gradient": "gradient", "value": "value", "claim": "claim"}[rows[0].kind]
    shown = [r.name if len(r.name) <= MAX_NAME else r.name[: MAX_NAME - 1] + "…" for r in rows]
    labels = list(dict.fromkeys(a.label for row in rows for a in row.agreements))
    cells = [[first, "method", "step", "relative error", "tolerance", *labels, ""]]
    for name, row in zip(shown, rows):
        errors = {a.label: _number(a.relative_error) for a in row.agreements}
        step = f"{row.step:.0e}" if row.step is not None else ""
        cells.append([name, row.method, step, _number(row.relative_error), f"{row.tolerance:.0e}"])
        cells[-1] += [errors.get(label, "") for label in labels] + ["ok" if row.passed else "FAILED"]
    widths = [max(len(line[k]) for line in cells) for k in range(len(cells[0]))]
    return ["   ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in cells]


def _number(x: float) -> str:
    return "0" if x == 0 else f"{x:.1e}"


def _summary(v: Verification) -> str:
    parts = []
    gradients = [r for r in v.rows if r.kind == "gradient"]
    if gradients:
        compared, total = sum(r.compared for r in gradients), sum(r.total for r in gradients)
        how = "all compared" if compared == total else "; ".join(dict.fromkeys(r.sampling for r in gradients))
        parts += [_count(len(gradients), "gradient"), f"{_count(total, 'component')} ({how})"]
    for kind in ("value", "claim"):
        if number := sum(r.kind == kind for r in v.rows):
            parts.append(_count(number, kind))
    failed = sum(not r.passed for r in v.rows)
    verdict = "verified" if not failed else f"{failed} of {len(v.rows)} FAILED"
    if not v.rows:
        verdict = "nothing to verify"
    return f"{', '.join([*parts, f'{v.seconds:.1f} s'])}: {verdict}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", "\N{THIN SPACE}")
