"""Settings from `[tool.indexcalc]` of the nearest pyproject.toml above a file, checked key by key.

A key or a value that is not understood is a finding with its place (IX015), and the rest holds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..diagnostics import Diagnostic, IndexCalcError, Span, did_you_mean
from .settings import PROFILES, TARGETS, Settings
from .source import decode, not_waiting

if TYPE_CHECKING:
    from .files import Walk

_CODE = re.compile(r"IX\d{0,3}")
MAX_CONFIG = 1_000_000  # bytes of a pyproject.toml


@dataclass(frozen=True, slots=True)
class Config:
    """What one pyproject.toml says.  `values` are fields of `Settings`; paths are relative to `folder`."""

    folder: str = "."
    values: Mapping[str, Any] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    baseline: str | None = None
    findings: tuple[Diagnostic, ...] = ()

    def settings(self, path: str | None, asked: Mapping[str, Any]) -> Settings:
        """The settings for a file: those of the command line before those of the file."""
        settings = Settings(**{**self.values, **asked})
        if settings.profile == "strict":
            settings = replace(settings, strict=True)
        extra: tuple[str, ...] = ()
        if path is not None and self.per_file_ignores:
            from .files import matches

            for pattern, codes in self.per_file_ignores:
                extra += codes if matches(pattern, self.folder, path) else ()
        return replace(settings, ignore=settings.ignore + extra) if extra else settings

    def walk(self, exclude: tuple[str, ...], gitignore: bool) -> Walk:
        """How folders are walked."""
        from .files import Walk

        return Walk(exclude, self.gitignore and gitignore, ".", self.exclude, self.folder)


NONE = Config()


class Configs:
    """The configuration of each folder, read once."""

    def __init__(self, *, isolated: bool = False) -> None:
        self._isolated = isolated
        self._of_folder: dict[str, Config] = {}

    def of(self, folder: str) -> Config:
        """That of the nearest pyproject.toml with a `[tool.indexcalc]` table, in the folder or above it."""
        if self._isolated:
            return NONE
        here, passed = os.path.abspath(folder), []
        while here not in self._of_folder:
            passed.append(here)
            config = read_config(os.path.join(here, "pyproject.toml"))
            parent = os.path.dirname(here)
            if config is not None or parent == here:
                self._of_folder[here] = config or NONE
                break
            here = parent
        for folder in passed:
            self._of_folder[folder] = self._of_folder[here]
        return self._of_folder[here]

    @property
    def findings(self) -> list[Diagnostic]:
        """What is wrong with the files that were read, each told once."""
        by_folder = {c.folder: c for c in self._of_folder.values() if c.findings}
        return [finding for folder in sorted(by_folder) for finding in by_folder[folder].findings]


def read_config(path: str) -> Config | None:
    """What a pyproject.toml says of indexcalc; None where there is no such file, or it says nothing."""
    try:
        with open(path, "rb", opener=not_waiting) as stream:
            data = stream.read(MAX_CONFIG)
    except (OSError, ValueError):
        return None
    if b"indexcalc" not in data:
        return None
    import tomllib

    name = os.path.relpath(path)
    try:
        text = decode(data, name)
    except IndexCalcError as error:
        return Config(os.path.dirname(path), findings=tuple(error.diagnostics))
    try:
        table = tomllib.loads(text).get("tool", {}).get("indexcalc")
    except (tomllib.TOMLDecodeError, AttributeError, RecursionError) as error:
        finding = Diagnostic("IX014", f"no TOML: {error}"[:300], _place(text, str(error)), file=name, source=text)
        hint = "until it is mended, the linter runs without its settings"
        return Config(os.path.dirname(path), findings=(replace(finding, hint=hint),))
    if table is None:
        return None
    return _Reader(text, name, os.path.dirname(path)).config(table)


def _place(text: str, message: str) -> Span | None:
    """Where TOML's reader says that it stopped."""
    found = re.search(r"at line (\d+), column (\d+)", message)
    if found is None:
        return None
    start = sum(len(line) for line in text.splitlines(keepends=True)[: int(found[1]) - 1]) + int(found[2]) - 1
    return Span.of(text, min(start, len(text)), min(start + 1, len(text)))


class _Reader:
    """Checks the table of one file."""

    def __init__(self, text: str, name: str, folder: str) -> None:
        self._text, self._name, self._folder = text, name, folder
        self._findings: list[Diagnostic] = []

    def config(self, table: Any) -> Config:
        if not isinstance(table, dict):
            self._wrong("indexcalc", "`tool.indexcalc` has to be a table", "write [tool.indexcalc] above the settings")
            table = {}
        values: dict[str, Any] = {}
        for key, value in table.items():
            read = _KEYS.get(key)
            if read is None:
                hint = did_you_mean(key.replace("_", "-"), _KEYS) or f"settings: {', '.join(_KEYS)}"
                self._wrong(key, f"no such setting: `{key}`", hint)
                continue
            found = read(self, key, value)
            if found is not None:
                values[key] = found
        settings = {_FIELDS[key]: value for key, value in values.items() if key in _FIELDS}
        return Config(
            self._folder,
            settings,
            values.get("exclude", ()),
            values.get("respect-gitignore", True),
            values.get("per-file-ignores", ()),
            values.get("baseline"),
            tuple(self._findings),
        )

    def profile(self, key: str, value: Any) -> str | None:
        return value if self._one_of(key, value, PROFILES) else None

    def targets(self, key: str, value: Any) -> tuple[str, ...]:
        return tuple(v for v in self.texts(key, value) if self._one_of(key, v, TARGETS))

    def codes(self, key: str, value: Any) -> tuple[str, ...]:
        texts = [v.upper() for v in self.texts(key, value)]
        for text in texts:
            problem = code_problem(text)
            if problem is not None:
                self._wrong(key, *problem)
        return tuple(v for v in texts if code_problem(v) is None)

    def texts(self, key: str, value: Any) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(v, str) for v in listed):
            self._wrong(key, f"`{key}` has to be a list of texts", f'{key} = ["…", "…"]')
            return ()
        return tuple(listed)

    def flag(self, key: str, value: Any) -> bool | None:
        if not isinstance(value, bool):
            self._wrong(key, f"`{key}` has to be true or false", f"{key} = true")
            return None
        return value

    def text(self, key: str, value: Any) -> str | None:
        if not isinstance(value, str):
            self._wrong(key, f"`{key}` has to be a text", f'{key} = "…"')
            return None
        return value

    def per_file(self, key: str, value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
        if not isinstance(value, dict):
            self._wrong(key, f"`{key}` has to be a table", f'write [tool.indexcalc.{key}], then "tests/**" = ["IX404"]')
            return ()
        return tuple((pattern, self.codes(key, codes)) for pattern, codes in value.items())

    def _one_of(self, key: str, value: Any, known: Iterable[str]) -> bool:
        if value in known:
            return True
        said = f"`{value}`" if isinstance(value, str) else "this value"
        hint = did_you_mean(str(value), known) or f"one of {', '.join(known)}"
        self._wrong(key, f"`{key}` cannot be {said}"[:200], hint)
        return False

    def _wrong(self, key: str, message: str, hint: str) -> None:
        self._findings.append(Diagnostic("IX015", message, self._span(key), hint, file=self._name, source=self._text))

    def _span(self, key: str) -> Span | None:
        """Where the key stands, below the table's head."""
        head = re.search(r"^[ \t]*\[+[ \t]*tool\.indexcalc", self._text, re.MULTILINE)
        named = re.compile(
            rf"""^[ \t]*(?:\[tool\.indexcalc\.)?["']?({re.escape(key)})["']?[ \t]*[=.\]]""", re.MULTILINE
        )
        found = named.search(self._text, head.start() if head else 0)
        if found is None:
            return Span.of(self._text, head.start(), head.end()) if head else None
        return Span.of(self._text, *found.span(1))


_KEYS: Mapping[str, Callable[[_Reader, str, Any], Any]] = {
    "profile": _Reader.profile,
    "target": _Reader.targets,
    "select": _Reader.codes,
    "ignore": _Reader.codes,
    "strict": _Reader.flag,
    "exclude": _Reader.texts,
    "respect-gitignore": _Reader.flag,
    "per-file-ignores": _Reader.per_file,
    "baseline": _Reader.text,
}
_FIELDS = {"profile": "profile", "target": "targets", "select": "select", "ignore": "ignore", "strict": "strict"}


def code_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a code, or the beginning of some, and what to write instead; None where nothing is.

    >>> code_problem("IX4"), code_problem("E501")
    (None, ('`E501` is no code of indexcalc', 'codes look like IX404; IX4 means all that begin so'))
    """
    if not _CODE.fullmatch(text):
        return f"`{text[:40]}` is no code of indexcalc", "codes look like IX404; IX4 means all that begin so"
    from .registry import near_codes, rules

    if len(text) <= 3 or any(code.startswith(text) for code in rules()):  # a family may have no rule yet
        return None
    near = near_codes(text)
    return (
        f"no code is or begins with `{text}`",
        f"did you mean {', '.join(near)}?" if near else "`indexcalc explain` lists all codes",
    )
