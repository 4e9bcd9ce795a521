"""Find the files in a folder that are Flow JSON, or are meant to be.

A repository holds much other JSON, some of it with comments or broken on purpose; checking a folder
must not report on those files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from waflows.flowjson.spec.objects import MAX_BYTES

SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__"})
"""Folders that are skipped, besides hidden ones."""
# Top-level properties that few other kinds of document have.
_TELLING = frozenset({"screens", "routing_model", "data_api_version"})
_KEY = re.compile(rb'"(screens|routing_model|data_api_version|version|layout)"\s*:')
_BESIDE = frozenset({b"version", b"layout"})


def flows_below(folder: Path) -> Iterator[Path]:
    """Every `*.json` below a folder that is, or seems meant to be, Flow JSON, sorted by path.

    Skips hidden files and folders, SKIPPED_FOLDERS, links to folders, and files larger than Flow
    JSON can be. Includes unreadable files, since they may be Flow JSON. Raises OSError if the
    folder itself cannot be listed.
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
    """Whether a text is Flow JSON, valid or not, or looks like a broken one.

    JSON counts if its top level has a property that only Flow JSON has. Invalid JSON counts if it
    has such a key together with `version` or `layout`.
    """
    # Without its null bytes, UTF-16 text can be searched like UTF-8.
    keys = set(_KEY.findall(text.replace(b"\0", b"")))
    if not keys - _BESIDE:
        return False
    try:
        top = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        # Valid JSON of another kind, such as an array.
        return False
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return bool(keys & _BESIDE)
    return not _TELLING.isdisjoint(top)


def _is_flow_file(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= MAX_BYTES and is_flow(path.read_bytes())
    except OSError:
        return True
