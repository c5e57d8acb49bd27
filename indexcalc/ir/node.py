"""The base of all nodes: frozen, slotted, structurally compared, hashed once, interned where a context asks for it.

Interning makes equality an identity test and shares memory, but correctness never depends on it: outside a context
equal nodes are merely equal.  A context is dropped as a whole, so no table grows for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from .index import Index

_TABLE: ContextVar[dict[Any, Any] | None] = ContextVar("intern_table", default=None)
_set = object.__setattr__
T = TypeVar("T")


@contextmanager
def interning() -> Iterator[None]:
    """Nodes made inside are shared.  Nested contexts use the outer table."""
    if _TABLE.get() is not None:
        yield
        return
    token = _TABLE.set({})
    try:
        yield
    finally:
        _TABLE.reset(token)


class Interned(type):
    """Looks a node up before it makes one."""

    def __call__(cls, *fields: Any) -> Any:
        table = _TABLE.get()
        if table is None:
            return super().__call__(*fields)
        key = (cls, fields)
        found = table.get(key)
        if found is None:
            found = table[key] = super().__call__(*fields)
        return found


class Node(metaclass=Interned):
    """A frozen term.  Fields are positional; tuples, never lists.

    `fields` is the tuple of all fields, `free` the frozenset of free indices.
    """

    __slots__ = ("_free", "_hash", "_text", "fields")
    fields: tuple[Any, ...]
    _names: tuple[str, ...] = ()

    @property
    def free(self) -> frozenset[Index]:
        """Free indices, found once."""
        try:
            return self._free  # type: ignore[attr-defined,no-any-return]
        except AttributeError:
            found = self._find_free()
            _set(self, "_free", found)
            return found

    def _find_free(self) -> frozenset[Index]:
        parts = _free_parts(self.fields)
        return frozenset().union(*parts) if parts else frozenset()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and hash(self) == hash(other) and self.fields == other.fields

    def __hash__(self) -> int:
        try:
            return self._hash  # type: ignore[attr-defined,no-any-return]
        except AttributeError:
            found = hash((type(self).__name__, self.fields))
            _set(self, "_hash", found)
            return found

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.fields))})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.fields


def _free_parts(fields: tuple[Any, ...]) -> list[frozenset[Any]]:
    parts = []
    for field in fields:
        if isinstance(field, Node):
            parts.append(field.free)
        elif isinstance(field, tuple):
            parts += _free_parts(field)
    return parts


@dataclass_transform(frozen_default=True)
def node(cls: type[T]) -> type[T]:
    """Class decorator: annotations become read-only positional fields, each a slot and all of them in one tuple.

    A field may have a default, which must then be last.  Slots are read three times as fast as through the tuple.
    """
    names = tuple(cls.__dict__.get("__annotations__", {}))  # noqa: RUF063 (`inspect` takes 10 ms to import)
    defaults = tuple(cls.__dict__[n] for n in names if n in cls.__dict__)
    body = {k: v for k, v in cls.__dict__.items() if k not in names and k not in ("__dict__", "__weakref__")}
    body["__slots__"] = names
    body["_names"] = names
    count, required = len(names), len(names) - len(defaults)

    def __init__(self: Any, *fields: Any) -> None:  # noqa: N807
        if len(fields) != count:
            if not required <= len(fields) < count:
                raise TypeError(f"{cls.__name__} takes {required} to {count} fields, got {len(fields)}")
            fields += defaults[len(fields) - count :]
        _set(self, "fields", fields)
        for name, field in zip(names, fields):
            _set(self, name, field)

    body["__init__"] = __init__
    return Interned(cls.__name__, cls.__bases__, body)  # type: ignore[return-value]
