"""Findings as one line each, for GitHub, and as SARIF that its official schema accepts."""

import json
from pathlib import Path

import jsonschema
import pytest

from indexcalc.diagnostics import Diagnostic, Label, Span
from indexcalc.lint.registry import rules
from indexcalc.present.findings import concise_text, finding_data, finding_text, statistics_text, summary_text
from indexcalc.present.github import github_text
from indexcalc.present.look import Look
from indexcalc.present.sarif import sarif_data

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
PLAIN = Look(unicode=True)
TEXT = "S[i,j] = Q[i,d] K[k,d]\nT = S\n"


def finding(**more: object) -> Diagnostic:
    given = {
        "code": "IX101", "message": "free indices differ", "span": Span.of(TEXT, 0, 6), "hint": "rename k to j",
        "file": "a b/é.idx", "source": TEXT, "label": "has j", "labels": (Label(Span.of(TEXT, 16, 22), "has k"),),
        "fix": "S[i,k]", "why": "because", **more,
    }  # fmt: skip
    return Diagnostic(**given)  # type: ignore[arg-type]


VARIANTS = [
    finding(),
    finding(severity="warning", safe=True, fix_span=Span.of(TEXT, 23, 28)),
    finding(severity="note", fix=None, cell=3, file="book.ipynb"),
    finding(cell=3, file="book.ipynb"),
    finding(span=None, labels=(), fix=None, code="IX012", file="/elsewhere/x.idx"),
    finding(file="<stdin>", span=Span.of(TEXT, 10, 26)),
    finding(code="IX000", why="", hint=""),
]


def validate(log: object) -> None:
    jsonschema.validators.validator_for(SCHEMA)(SCHEMA).validate(log)


@pytest.mark.parametrize("told", [[], VARIANTS, *([v] for v in VARIANTS)])
def test_sarif_is_valid(told: list[Diagnostic]) -> None:
    log = sarif_data(told, "0.1.0")
    validate(json.loads(json.dumps(log)))
    (run,) = log["runs"]
    assert len(run["results"]) == len(told)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_schema_refuses_what_is_wrong() -> None:
    log = sarif_data([finding()], "0.1.0")
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError, match="fatal"):
        validate(log)


def test_sarif_has_a_page_for_every_rule() -> None:
    told = [finding(code=code, severity=rule.severity) for code, rule in rules().items()]
    log = sarif_data(told, "0.1.0")
    validate(log)
    assert [r["id"] for r in log["runs"][0]["tool"]["driver"]["rules"]] == list(rules())
    assert all(r["help"]["markdown"].count("```") >= 4 for r in log["runs"][0]["tool"]["driver"]["rules"])


def test_places_and_fixes_in_sarif() -> None:
    (result,) = sarif_data([finding(safe=True)], "0.1.0")["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/%C3%A9.idx", "uriBaseId": "SRCROOT"}
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 7, "charOffset": 0, "charLength": 6}
    assert place["region"] == region
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startColumn"] == 17
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": region, "insertedContent": {"text": "S[i,k]"}}]
    (cell,) = sarif_data([finding(cell=3)], "0.1.0")["runs"][0]["results"]
    assert "region" not in cell["locations"][0]["physicalLocation"]
    assert cell["locations"][0]["logicalLocations"][0]["name"] == "cell 3, line 1, column 1"
    (outside,) = sarif_data([finding(file="/elsewhere/x.idx")], "0.1.0")["runs"][0]["results"]
    assert outside["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/x.idx"}


def test_a_fingerprint_survives_moved_lines() -> None:
    moved = "\n\n" + TEXT.replace("S[i,j] =", "S[i,j]   =")
    other = TEXT.replace("Q", "R")

    def mark(text: str) -> str:
        at = text.index("S")
        told = [finding(source=text, span=Span.of(text, at, at + 6))]
        return str(sarif_data(told, "0.1.0")["runs"][0]["results"][0]["partialFingerprints"]["indexcalcContext/v1"])

    assert mark(TEXT) == mark(moved) != mark(other)
    twice = sarif_data([finding(), finding()], "0.1.0")["runs"][0]["results"]
    assert twice[0]["partialFingerprints"] != twice[1]["partialFingerprints"]


def test_github_commands() -> None:
    assert github_text(finding(file="a,b:c.idx", message="50 %\nof it", why="", severity="note")) == (
        "::notice file=a%2Cb%3Ac.idx,line=1,col=1,endLine=1,endColumn=7,title=IX101 free-indices-differ::"
        "50 %25%0Aof it%0Ahelp: rename k to j"
    )
    assert github_text(finding(cell=2, why="", hint="")) == (
        "::error file=a b/é.idx,title=IX101 free-indices-differ::cell 2, line 1, column 1: free indices differ"
    )


def test_one_line_each() -> None:
    assert concise_text(finding(), PLAIN) == "a b/é.idx:1:1: error IX101: free indices differ [unsafe fix]"
    assert concise_text(finding(cell=3, safe=True), PLAIN) == (
        "a b/é.idx:cell 3:1:1: error IX101: free indices differ [safe fix]"
    )
    assert concise_text(finding(span=None, fix=None, message="a\nb"), PLAIN) == "a b/é.idx: error IX101: a b"


def test_colour_is_added_and_carries_nothing() -> None:
    import re

    for d in VARIANTS:
        for shown in (finding_text, concise_text):
            coloured = shown(d, Look(unicode=True, colour=True))
            assert "\x1b[" in coloured
            assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown(d, PLAIN)


def test_long_sentences_are_wrapped_below_their_first_word() -> None:
    told = finding(why="one two three four five six seven", hint="eight nine ten eleven twelve", fix=None)
    shown = finding_text(told, Look(width=26)).split("\n")
    assert shown[0] == finding_text(told, PLAIN).split("\n")[0]
    at = next(k for k, line in enumerate(shown) if line.startswith("  why:"))
    assert shown[at : at + 3] == ["  why: one two three four", "       five six seven", "  help: eight nine ten"]
    assert " ".join(" ".join(shown).split()) == " ".join(finding_text(told, PLAIN).split())


def test_the_last_line() -> None:
    assert summary_text([], 3) == "No findings in 3 files."
    assert summary_text([], 1, "source") == "No findings in 1 source."
    told = [finding(fix=None), finding(severity="warning", file="b"), finding(severity="note", safe=True)]
    assert summary_text(told, 3) == (
        "Found 1 error, 1 warning and 1 note in 2 files. Explain: indexcalc explain IX101\n"
        "1 can be fixed with --fix, 1 more with --unsafe-fixes."
    )


def test_statistics() -> None:
    told = [finding(code="IX012", fix=None), finding(), finding(file="b"), finding(fix=None)]
    assert statistics_text(told) == (
        "3  IX101  free-indices-differ  2 files, 2 with a fix\n1  IX012  not-text             1 file"
    )


def test_json_tells_of_fixes() -> None:
    data = finding_data(finding(safe=True))
    assert (data["fix"], data["fix_safe"], data["fix_span"]) == ("S[i,k]", True, data["span"])
    data = finding_data(finding(fix=None))
    assert (data["fix"], data["fix_safe"], data["fix_span"]) == (None, None, None)
