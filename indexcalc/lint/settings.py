"""What a run of the linter is asked for: profile, targets, codes."""

from __future__ import annotations

from dataclasses import dataclass

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


DEFAULT = Settings()
