"""Flow JSON in files: read as it is, written byte for byte, named after its flow."""

from __future__ import annotations

import re
import sys
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
# What no file system, or not every one, takes in a name.
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]')
_LONGEST_STEM = 200


class UnusableFile(WaflowsError):
    """A file cannot be read or written."""


def read(file: str) -> bytes:
    """The content of a file, or of standard input; raises UnusableFile."""
    if file == STANDARD:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except IsADirectoryError:
        raise UnusableFile(f"{file} is a folder; name the files in it.") from None
    except (OSError, ValueError) as error:
        raise UnusableFile(f"Cannot read {file}: {_reason(error)}.") from None


def write(file: Path, text: bytes, *, overwrite: bool) -> None:
    """Writes a file; one that is there already only with `overwrite`. Raises UnusableFile."""
    try:
        with file.open("wb" if overwrite else "xb") as stream:
            stream.write(text)
    except FileExistsError:
        raise UnusableFile(f"{file} exists; overwrite it with --force.") from None
    except (OSError, ValueError) as error:
        raise UnusableFile(f"Cannot write {file}: {_reason(error)}.") from None


def write_pieces(file: Path, pieces: Iterable[bytes], *, overwrite: bool) -> int:
    """Writes a file that comes in pieces; its length in bytes.

    It has its name only when it is whole. Raises UnusableFile, also for one that is there already
    unless `overwrite` says so.
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
    """A folder, with those it lies in; raises UnusableFile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise UnusableFile(f"Cannot make the folder {folder}: {_reason(error)}.") from None


def names(flows: Iterable[FlowSummary]) -> dict[str, str]:
    """A file name for each flow's id: the flow's name, so that uploading gives it back.

    Where the name does not fit into a file name, or is as good as another flow's, the id is added.
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
    """As much of a text as every file system takes; no hidden file, no way to another folder."""
    fit = _UNFIT.sub("_", text)
    while len(fit.encode()) > _LONGEST_STEM:
        fit = fit[:-1]
    return fit.strip(" .")


def _folded(stem: str) -> str:
    """A name as a file system sees it that tells neither case nor composed letters apart."""
    return unicodedata.normalize("NFC", stem).casefold()


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
