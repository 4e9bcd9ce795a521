"""The Flow JSON files that a command is given: files, folders and standard input, as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from waflows.cli import flow_files, flow_folders
from waflows.cli.flow_files import STANDARD, UnusableFile


def list_files(inputs: tuple[str, ...]) -> Iterator[str | tuple[str, str]]:
    """The names of the files, folders searched; a folder that has none is a pair with the reason.

    A name may be listed twice.
    """
    for given in inputs:
        if given == STANDARD or not Path(given).is_dir():
            yield given if given == STANDARD else str(Path(given))
            continue
        try:
            found = [str(path) for path in flow_folders.flows_below(Path(given))]
        except OSError as error:
            yield given, f"Cannot read {given}: {error.strerror}."
            continue
        if not found:
            yield given, f"No Flow JSON found in {given}; pass a file by name to check it anyway."
        yield from found


def read_text(file: str, name: str) -> str:
    """The text of a file or of standard input, called `name` in errors; raises UnusableFile."""
    content = flow_files.read(file)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableFile(_not_utf8(name, content, error.start)) from None


def _not_utf8(name: str, content: bytes, at: int) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"{name} is UTF-16; save it as UTF-8."
    line = content.count(b"\n", 0, at) + 1
    return f"{name} is not UTF-8: byte 0x{content[at]:02x} in line {line}; save it as UTF-8."
