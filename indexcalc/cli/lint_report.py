"""What `indexcalc lint` prints: findings as they come or all at the end, changes, and the last line."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

from ..diagnostics import Diagnostic, IndexCalcError
from ..lint.parallel import Job, Outcome
from ..present.findings import concise_text, count_text, finding_text, findings_data, statistics_text, summary_text
from ..present.github import github_text
from ..present.look import Look, look_of
from .output import look, write, write_error, write_json, write_text

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
FORMATS = ("full", "concise", "json", "github", "sarif", "text")


class Report:
    """Everything that one run has to say.  `findings` are those that count for the exit code."""

    def __init__(self, shape: str, *, diff: bool = False, silent: bool = False, quiet: bool = False) -> None:
        self._shape, self._diff, self._silent, self._quiet = shape, diff, silent, quiet
        self._look, self._known = look(), Counter[tuple[str, str, str]]()
        self._baseline_folder: str | None = None
        self.findings: list[Diagnostic] = []
        self.fixed, self.changed = 0, 0
        self._noun = "file"
        self._to_stdout = False  # a fixed text goes there, and findings to standard error

    @property
    def would_change(self) -> bool:
        """Whether `--diff` showed anything."""
        return self.changed > 0

    def know(self, path: str) -> None:
        """Leave out what the baseline knows."""
        from ..lint.baseline import read_baseline

        try:
            self._known = read_baseline(path)
            self._baseline_folder = os.path.dirname(os.path.abspath(path))
        except IndexCalcError as error:
            self.take(error.diagnostics)

    def has_news(self, outcome: Outcome) -> bool:
        """Whether something will be written right away."""
        return bool(outcome.findings or outcome.fixed)

    def outcome(self, job: Job, outcome: Outcome) -> None:
        """What came of one job: its changes are written, or shown, and its findings told."""
        if job.source is not None:
            self._noun = "source"
        if outcome.before != outcome.after:
            if self._diff:
                self._show(job.path, outcome)
            elif job.source is None and not self._written(job.path, outcome):
                return
            self.fixed += outcome.fixed
            self.changed += 1
        if self._diff:
            return
        if job.source is not None and job.fix:
            self._to_stdout = True
            text = outcome.after or job.source.text
            write_text(f"{text}\n" if job.source.name == "<input>" else text)
        self.take(outcome.findings)

    def _written(self, path: str, outcome: Outcome) -> bool:
        """Write the text after the fixes; a file that cannot be written is a finding."""
        from ..lint.write import rewrite

        try:
            rewrite(path, outcome.before, outcome.after)
        except IndexCalcError as error:
            self.take(error.diagnostics)
        except OSError as error:
            message = f"cannot be written: {error.strerror or error}"
            self.take([Diagnostic("IX011", message, None, "nothing was changed in it", file=path)])
        else:
            return True
        return False

    def _show(self, path: str, outcome: Outcome) -> None:
        from difflib import unified_diff

        # Lines as `patch` has them: only a line feed ends one, and a carriage return before it is part of the line.
        before, after = (_LINE.findall(text) for text in (outcome.before, outcome.after))
        for line in unified_diff(before, after, path, path):
            shown = line.removesuffix("\n")
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[0])
            write(self._look.paint(shown, style) if style and not line.startswith(("+++", "---")) else shown)
            if not line.endswith("\n"):
                write("\\ No newline at end of file")

    def take(self, findings: Iterable[Diagnostic]) -> None:
        """Tell of findings that the baseline does not know."""
        new = list(findings)
        if self._baseline_folder is not None:
            from ..lint.baseline import without_known

            new = without_known(new, self._known, self._baseline_folder)
        self.findings += new
        if self._silent or self._shape in ("json", "sarif"):
            return
        for text in self._texts(new):
            if self._to_stdout:
                write_error(text)
            else:
                write(text)

    def _texts(self, findings: Iterable[Diagnostic]) -> Iterator[str]:
        for d in findings:
            if self._shape == "concise":
                yield concise_text(d, self._here)
            elif self._shape == "github":
                yield github_text(d)
            else:
                yield finding_text(d, self._here) + "\n"

    @property
    def _here(self) -> Look:
        return look_of(sys.stderr) if self._to_stdout else self._look

    def write_baseline(self, path: str) -> None:
        """Write what was found as the baseline."""
        from ..lint.baseline import write_baseline

        number = write_baseline(path, self.findings)
        if not self._quiet:
            write_error(f"{path} knows {count_text(number, 'finding')} now.")

    def end(self, files: int, *, statistics: bool = False) -> None:
        """What is told once everything is known."""
        if self._shape == "json":
            write_json(findings_data(self.findings, files))
        elif self._shape == "sarif":
            from .. import __version__
            from ..present.sarif import sarif_data

            write_json(sarif_data(self.findings, __version__))
        elif statistics and self.findings:
            write(statistics_text(self.findings, self._noun))
        if self._quiet or self._shape in ("json", "sarif", "github"):
            return
        say = write_error if self._to_stdout or self._diff else write
        if self.changed:
            done = f"{count_text(self.fixed, 'finding')} in {count_text(self.changed, 'file')}"
            say(f"Would take care of {done}." if self._diff else f"Took care of {done}.")
        if not self._diff:
            say(self._look.spell(summary_text(self.findings, files, self._noun)))
        elif not self.changed:
            say("Nothing to fix.")
