"""What msgspec knows of each Struct, worked out before several threads want it.

msgspec analyses a type when it is first used and keeps the result in the class. A second thread
that uses the class meanwhile finds a half-made result, and the process ends with SIGSEGV. So a
process that decodes on several threads calls `build_struct_caches` first, when its modules are
imported.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec


def build_struct_caches() -> int:
    """Analyses every Struct of the modules imported so far; returns how many were decodable."""
    built = 0
    for struct in set(_subclasses(msgspec.Struct)):
        # A few hold what cannot come from JSON, such as functions; nobody decodes those.
        with contextlib.suppress(TypeError, NameError):
            msgspec.json.Decoder(struct)
            built += 1
    return built


def _subclasses(of: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in of.__subclasses__():
        yield each
        yield from _subclasses(each)
