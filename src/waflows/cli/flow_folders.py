"""Which files of a folder are Flow JSON, or mean to be.

A repository holds much other JSON, some of it with comments or otherwise broken on purpose, and
an author who names a folder wants to hear of none of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from waflows.flowjson.spec.objects import MAX_BYTES

SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__"})
"""Folders never looked into, besides the hidden ones."""
# Top-level properties that hardly any other kind of document has.
_TELLING = frozenset({"screens", "routing_model", "data_api_version"})
_KEY = re.compile(rb'"(screens|routing_model|data_api_version|version|layout)"\s*:')
_BESIDE = frozenset({b"version", b"layout"})


def flows_below(folder: Path) -> Iterator[Path]:
    """Every `*.json` below a folder that is or means to be Flow JSON, in the order of the paths.

    Hidden files and folders, SKIPPED_FOLDERS and links to folders are passed over, and so is what
    is larger than any Flow JSON may be. A file that cannot be read may be Flow JSON, so it is
    among them. Raises OSError when the folder itself cannot be listed.
    """
    os.scandir(folder).close()
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and name[0] != "."]
        found += [
            Path(place, name)
            for name in files
            if name.lower().endswith(".json") and not name.startswith(".")
        ]
    return (path for path in sorted(found) if _is_flow_file(path))


def is_flow(text: bytes) -> bool:
    """Whether a text is Flow JSON, however faulty, or reads like a broken one.

    JSON counts when its top level has a property that only Flow JSON has. Text that is no JSON
    counts when it has such a key, and `version` or `layout` beside it.
    """
    # Without its null characters UTF-16 reads as the rest does.
    keys = set(_KEY.findall(text.replace(b"\0", b"")))
    if not keys - _BESIDE:
        return False
    try:
        top = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        # An array, say: sound JSON of another kind.
        return False
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return bool(keys & _BESIDE)
    return not _TELLING.isdisjoint(top)


def _is_flow_file(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= MAX_BYTES and is_flow(path.read_bytes())
    except OSError:
        return True
