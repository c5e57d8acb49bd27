"""Figures that a cubin carries for the driver, read from its ELF sections: an oracle for what the log says."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MACHINE = 190  # EM_CUDA
SYMBOLS = 2  # SHT_SYMTAB
FRAME_SIZE, REGISTER_COUNT = 0x11, 0x2F  # attributes of .nv.info
WITH_SIZE = 4  # the format of attributes whose value has a size before it; others have two bytes


def machine(code: bytes) -> int:
    assert code[:4] == b"\x7fELF"
    return int(struct.unpack_from("<H", code, 18)[0])


def sections(code: bytes) -> Iterator[tuple[str, int, int, bytes]]:
    """(name, type, size, content) of each section, in their order; those without content have none."""
    start, size, count, names = struct.unpack_from("<Q", code, 40)[0], *struct.unpack_from("<HHH", code, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", code, start + n * size) for n in range(count)]
    text = code[headers[names][4] :]
    for name, kind, _, _, offset, length, *_ in headers:
        yield string(text, name), kind, length, b"" if kind == 8 else code[offset : offset + length]


def string(table: bytes, offset: int) -> str:
    return table[offset : table.index(b"\0", offset)].decode()


def symbols(code: bytes) -> list[str]:
    """The names of the symbol table's rows."""
    parts = {name: content for name, _, _, content in sections(code)}
    rows = parts[".symtab"]
    return [string(parts[".strtab"], struct.unpack_from("<I", rows, at)[0]) for at in range(0, len(rows), 24)]


def attributes(code: bytes, wanted: int) -> dict[str, int]:
    """The attribute's value for each function, by name."""
    info = next(content for name, _, _, content in sections(code) if name == ".nv.info")
    names, at, found = symbols(code), 0, {}
    while at < len(info):
        form, attribute, size = struct.unpack_from("<BBH", info, at)
        at += 4
        if form == WITH_SIZE:
            if attribute == wanted:
                symbol, value = struct.unpack_from("<II", info, at)
                found[names[symbol]] = value
            at += size
    return found


def shared(code: bytes) -> dict[str, int]:
    """Bytes of static shared memory for each kernel that has some."""
    start = ".nv.shared."
    return {name.removeprefix(start): size for name, _, size, _ in sections(code) if name.startswith(start)}


def constants(code: bytes) -> dict[str, int]:
    """Bytes of constant memory for each kernel's parameters."""
    start = ".nv.constant0."
    return {name.removeprefix(start): size for name, _, size, _ in sections(code) if name.startswith(start)}
