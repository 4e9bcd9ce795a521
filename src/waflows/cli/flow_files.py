"""Read and write Flow JSON files byte for byte, and name files after their flows."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from waflows.errors import WaflowsError

if TYPE_CHECKING:
    from waflows.client import FlowSummary

STANDARD = "-"
"""Standard input or output, in place of a file."""
# Characters that some file systems reject in a name.
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]')
_LONGEST_STEM = 200


class UnusableFile(WaflowsError):
    """A file cannot be read or written."""


def read(file: str) -> bytes:
    """Reads a file or standard input; raises UnusableFile."""
    if file == STANDARD:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except IsADirectoryError:
        raise UnusableFile(f"{file} is a folder; pass the files in it.") from None
    except (OSError, ValueError) as error:
        raise UnusableFile(f"Cannot read {file}: {_reason(error)}.") from None


def write(file: Path, text: bytes, *, overwrite: bool) -> None:
    """Writes a file; replaces an existing one only with `overwrite`. Raises UnusableFile."""
    try:
        with file.open("wb" if overwrite else "xb") as stream:
            stream.write(text)
    except FileExistsError:
        raise UnusableFile(f"{file} exists; overwrite it with --force.") from None
    except (OSError, ValueError) as error:
        raise UnusableFile(f"Cannot write {file}: {_reason(error)}.") from None


def replace(file: Path, text: bytes) -> None:
    """Replaces the contents of an existing file at once, keeping its mode; raises UnusableFile.

    A link stays a link. If this is interrupted, the file is as it was.
    """
    part = None
    try:
        target = file.resolve(strict=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as stream:
            part = Path(stream.name)
            stream.write(text)
        shutil.copymode(target, part)
        part.replace(target)
    except (OSError, ValueError) as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise UnusableFile(f"Cannot write {file}: {_reason(error)}.") from None


def write_pieces(file: Path, pieces: Iterable[bytes], *, overwrite: bool) -> int:
    """Writes a file in chunks and returns its length in bytes.

    The file gets its name only when it is complete. Raises UnusableFile, also if it exists and
    `overwrite` is false.
    """
    if file.exists() and not overwrite:
        raise UnusableFile(f"{file} exists; overwrite it with --force.")
    part = file.with_name(f"{file.name}.part")
    size = 0
    try:
        with part.open("wb") as stream:
            for piece in pieces:
                size += stream.write(piece)
        part.replace(file)
    except (OSError, ValueError) as error:
        raise UnusableFile(f"Cannot write {file}: {_reason(error)}.") from None
    finally:
        part.unlink(missing_ok=True)
    return size


def make_folder(folder: Path) -> None:
    """Creates a folder and its parents; raises UnusableFile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise UnusableFile(f"Cannot create the folder {folder}: {_reason(error)}.") from None


def names(flows: Iterable[FlowSummary]) -> dict[str, str]:
    """Maps each flow's id to a file name: the flow's name, so that an upload restores it.

    The id is added if the name is not a valid file name or clashes with another flow's.
    """
    listed = list(flows)
    taken = Counter(_folded(stem) for flow in listed for stem in (_fit(flow.name), _with_id(flow)))
    return {flow.id: f"{_stem(flow, taken)}.json" for flow in listed}


def _stem(flow: FlowSummary, taken: Counter[str]) -> str:
    fit = _fit(flow.name)
    return fit if fit and fit == flow.name and taken[_folded(fit)] == 1 else _with_id(flow)


def _with_id(flow: FlowSummary) -> str:
    return f"{_fit(flow.name)} {_fit(flow.id)}".strip()


def _fit(text: str) -> str:
    """Cuts a text to a name that every file system accepts, in this folder and not hidden."""
    fit = _UNFIT.sub("_", text)
    while len(fit.encode()) > _LONGEST_STEM:
        fit = fit[:-1]
    return fit.strip(" .")


def _folded(stem: str) -> str:
    """The form in which names clash on file systems that ignore case and Unicode composition."""
    return unicodedata.normalize("NFC", stem).casefold()


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
