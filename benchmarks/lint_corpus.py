"""How good the linter is on the corpus: bugs found, false alarms, verdicts.  `make lint-corpus` prints the table.

`python -m benchmarks.lint_corpus --show calls` (or bugs, equations) lists the rows behind a figure.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import indexcalc as ic
from indexcalc.diagnostics import Diagnostic

from .corpus_snippets import FORMS, TRANSCRIBED, bug_source, call_source, transcribed_source

CORPUS = Path(__file__).parent / "corpus"
RESULT = Path(__file__).parent / "results" / "lint_corpus.md"
LIBRARIES = ("numpy", "torch", "jax", "opt_einsum")
Row = Mapping[str, Any]
NEEDS = {"string alone": 1.0, "shapes/annotations": 0.8, "operand names": 0.7}


@dataclass(slots=True)
class Figure:
    """One line of the table: a count out of a total, the aim, and the rows that miss it."""

    name: str
    hits: int
    total: int
    aim: str
    rows: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        share = 100 * self.hits / self.total if self.total else 0.0
        return f"| {self.name} | {self.hits} of {self.total} | {share:.2f} % | {self.aim} |"


def rows(name: str) -> list[Row]:
    """The rows of one file of the corpus."""
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def worst(findings: Sequence[Diagnostic]) -> str:
    """The gravest severity among the findings; "" without any."""
    told = {d.severity for d in findings}
    return next((s for s in ("error", "warning", "note") if s in told), "")


# ---- calls -------------------------------------------------------------------------------------------------
def is_valid(row: Row) -> bool:
    """Whether a call is taken as right: outside of tests, and not refused by every library."""
    oracle = row.get("oracle")
    return not row["in_tests"] and (oracle is None or any(isinstance(oracle[b], list) for b in LIBRARIES))


def known_bugs() -> set[str]:
    """Specs that are bugs by bugs.jsonl."""
    return {row["wrong"] for row in rows("bugs")}


def false_alarms() -> Iterator[Figure]:
    """Errors and warnings on valid calls in the profile `ml`; a row whose parts are no expressions makes no source."""
    bugs = known_bugs()
    told: dict[str, list[str]] = defaultdict(list)
    total = 0
    for row in rows("einsum_calls"):
        if not is_valid(row) or row["spec"] in bugs:
            continue
        source = call_source(row)
        if source is None:
            continue
        total += 1
        findings = [d for d in ic.lint(source, kind="python") if d.severity != "note"]
        if findings:
            shown = "; ".join(f"{d.severity} {d.code} {d.message}" for d in findings)
            told[worst(findings)].append(
                f"{row['id']} {row['repo']} {row['call']} {row['spec']!r} {row['operands']}: {shown}"
            )
    yield Figure("valid calls with an error", len(told["error"]), total, "< 1 %", told["error"])
    both = [*told["error"], *told["warning"]]
    yield Figure("valid calls with a warning or an error", len(both), total, "< 3 %", both)


def verdicts() -> Iterator[Figure]:
    """Agreement with each library about validity and output shape."""
    from indexcalc.einsum.parse import SpecError, parse
    from indexcalc.einsum.verdict import Valid, verdict

    with_oracle = [row for row in rows("einsum_calls") if "oracle" in row]
    for library in LIBRARIES:
        wrong = []
        for row in with_oracle:
            said = row["oracle"][library]
            try:
                found = verdict(parse(row["spec"], "einsum"), row["oracle"]["shapes_in"], library)
                ours = list(found.shape) if isinstance(found, Valid) else None
            except SpecError:
                ours = None
            if ours != (said if isinstance(said, list) else None):
                wrong.append(f"{row['id']} {row['spec']!r}: {library} says {said}, we say {ours}")
        yield Figure(f"verdict as {library}'s own", len(with_oracle) - len(wrong), len(with_oracle), "100 %", wrong)


# ---- bugs --------------------------------------------------------------------------------------------------
def bugs_found() -> Iterator[Figure]:
    """Bugs flagged (error or warning; a note where the bug is a matter of style), and their corrections left alone."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows("bugs"):
        groups[row["needs"]].append(row)
    for needs, aim in NEEDS.items():
        missed = [f"{r['id']} {r['kind']} {r['wrong']!r}" for r in groups[needs] if not _flagged(r)]
        yield Figure(
            f"bugs found: {needs}", len(groups[needs]) - len(missed), len(groups[needs]), f"≥ {aim:.0%}", missed
        )
    references = [r for r in groups[next(k for k in groups if k.startswith("reference"))] if r["right"]]
    missed = [f"{r['id']} {r['kind']} {r['wrong']!r}" for r in references if not _contradicted(r)]
    yield Figure(
        "bugs found: with a reference comment", len(references) - len(missed), len(references), "100 %", missed
    )
    corrected = [r for r in rows("bugs") if r["right"] and bug_source(r, "right")]
    alarms = [line for r in corrected for line in _alarms(r)]
    yield Figure("corrections flagged", len(alarms), len(corrected), "0", alarms)


def _flagged(row: Row) -> bool:
    """Whether every form of the source has a finding."""
    told = []
    for form in FORMS:
        source = bug_source(row, "wrong", form)
        if source is None:
            return False
        told.append(worst(ic.lint(source[0], kind=source[1])))
    style = "style" in (row["description"] or "")
    return all(t in ("error", "warning") or (style and t == "note") for t in told)


def _contradicted(row: Row) -> bool:
    """Whether the right formula in a comment makes the wrong call an error, and the right call none."""
    if row["id"] in TRANSCRIBED:
        wrong, right = ((transcribed_source(row["id"], which), "python") for which in ("wrong", "right"))
    else:
        wrong, right = (bug_source(row, which, reference=True) for which in ("wrong", "right"))
    if wrong is None or right is None:
        return False
    return worst(ic.lint(wrong[0], kind="python")) == "error" and worst(ic.lint(right[0], kind="python")) != "error"


def _alarms(row: Row) -> list[str]:
    source = bug_source(row, "right")
    assert source is not None
    findings = [d for d in ic.lint(source[0], kind=source[1]) if d.severity != "note"]
    return [f"{row['id']} {row['right']!r}: {d.severity} {d.code} {d.message}" for d in findings[:1]]


# ---- equations ---------------------------------------------------------------------------------------------
def equations() -> Iterator[Figure]:
    """Correct equations flagged, known issues found; each equation by itself."""
    every = rows("equations")
    right = [r for r in every if not r["known_issue"]]
    wrong = [r for r in every if r["known_issue"]]
    alarms, missed = [], []
    for row in every:
        findings = [d for d in ic.lint(row["latex"], kind="latex") if d.severity != "note"]
        if findings and not row["known_issue"]:
            alarms.append(f"{row['id']} {row['latex']}: {findings[0].code} {findings[0].message}")
        if not findings and row["known_issue"]:
            missed.append(f"{row['id']} {row['latex']}: {row['known_issue']}")
    yield Figure("correct equations flagged", len(alarms), len(right), "< 2 %", alarms)
    yield Figure("equations with a known issue flagged", len(wrong) - len(missed), len(wrong), "100 %", missed)


PARTS = {"verdicts": verdicts, "calls": false_alarms, "bugs": bugs_found, "equations": equations}


def main() -> None:
    """Print the table, or the rows behind a part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", choices=PARTS, help="list the rows that miss the aim of one part")
    parser.add_argument("--write", action="store_true", help=f"also write the table to {RESULT.name}")
    arguments = parser.parse_args()
    if arguments.show:
        for figure in PARTS[arguments.show]():
            print(figure.text, *figure.rows, sep="\n  ")
        return
    lines = ["| what | count | share | aim |", "|---|---|---|---|"]
    lines += [figure.text for part in PARTS.values() for figure in part()]
    print("\n".join(lines))
    if arguments.write:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text("# The linter on the corpus\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
