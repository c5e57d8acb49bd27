"""CUDA text to machine code, kept in the folder of compiled programs."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..cache import key_of, recalled
from ..sources import identity
from .nvrtc import STANDARD, Compiled, Nvrtc, find_nvrtc
from .resources import Resources, resources_of

_FIELDS = ("architecture", "code", "ptx", "log")


@dataclass(frozen=True, slots=True)
class Cubin:
    """A text's kernels as machine code for one architecture.

    `code` is an ELF file, which a driver loads; `ptx` the assembly before registers were assigned; `kernels` what each
    kernel takes, by its name (`extern "C"` keeps names as they are written).
    """

    architecture: str
    code: bytes
    ptx: str
    log: str
    kernels: Mapping[str, Resources]


def compile_cuda(source: str, architecture: str, options: Sequence[str] = ()) -> Cubin:
    """The text's machine code for `architecture` (sm_80, sm_90, sm_90a, …), from the cache or compiled now.

    `options` are NVRTC's, such as `-DTILE=64`.  No GPU is needed.  Raises IX975 where NVRTC is not installed, IX976
    where it refuses the text, IX977 where it does not know the architecture or an option, IX978 where it fails
    otherwise.
    """
    nvrtc = find_nvrtc()
    key = key_for(nvrtc, source, architecture, options)
    return recalled(key, _read, _written, lambda: _cubin(architecture, nvrtc.compile(source, architecture, options)))


def key_for(nvrtc: Nvrtc, source: str, architecture: str, options: Sequence[str]) -> str:
    """A name for what this compiler makes of the text."""
    return key_of("cubin", identity(str(nvrtc.path)), architecture, source, *STANDARD, *options)


def _cubin(architecture: str, made: Compiled) -> Cubin:
    return Cubin(architecture, made.code, made.ptx, made.log, resources_of(made.log))


def _written(cubin: Cubin) -> bytes:
    code = b64encode(cubin.code).decode("ascii")
    return json.dumps(dict(zip(_FIELDS, (cubin.architecture, code, cubin.ptx, cubin.log)))).encode()


def _read(content: bytes) -> Cubin:
    """What `_written` made; ValueError for anything else."""
    kept = json.loads(content)
    if not isinstance(kept, dict) or tuple(kept) != _FIELDS or not all(isinstance(v, str) for v in kept.values()):
        raise ValueError("not the fields of a cubin")
    return _cubin(kept["architecture"], Compiled(b64decode(kept["code"], validate=True), kept["ptx"], kept["log"]))
