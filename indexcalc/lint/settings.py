"""What a run of the linter is asked for: profile, targets, codes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic

if TYPE_CHECKING:
    from .registry import LintRule

PROFILES = ("ml", "einstein", "chemistry", "strict")
TARGETS = ("numpy", "torch", "jax", "tensorflow", "cupy", "opt_einsum", "einops")


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's settings.

    `profile` says how a community writes: a rule may have another severity there, or be off.  `targets` are the
    libraries that a spec should also work with, besides the one that is called.  `select` and `ignore` are codes or
    their beginnings ("IX4"); without `select` every rule of the profile runs.
    """

    profile: str = "ml"
    targets: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False

    def wants(self, code: str) -> bool:
        """Whether findings of this code are told.

        >>> Settings(select=("IX4",), ignore=("IX404",)).wants("IX404")
        False
        """
        return (not self.select or code.startswith(self.select)) and not (self.ignore and code.startswith(self.ignore))

    def told(self, finding: Diagnostic) -> Diagnostic | None:
        """The finding at the severity that the profile gives its rule; None where it is not told."""
        if not self.wants(finding.code):
            return None
        severity = self.severity(finding.code)
        if severity is None or severity == finding.severity:
            return finding
        return None if severity == OFF else replace(finding, severity=severity)

    def severity(self, code: str) -> str | None:
        """What the profile says of the code's severity ("off" included); None where it leaves it as it is."""
        from .registry import rules  # loads every page, which a run without findings never needs

        rule = rules().get(code)
        return rule.profiles.get(self.profile) if rule is not None else None


OFF = "off"
DEFAULT = Settings()


def settings_showing(rule: LintRule) -> Settings:
    """Settings under which the rule's examples show it: the default, or `strict` for a rule that is off otherwise."""
    return replace(DEFAULT, profile="strict") if rule.profiles.get(DEFAULT.profile) == OFF else DEFAULT
