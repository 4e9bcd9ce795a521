"""The folder through which the workers of one server add up their metrics.

It is named after the server's process, so that a later start can tell the folders of servers that
were killed, and remove them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from waflows.telemetry.processes import is_running

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_NAME = re.compile(r"waflows-metrics-(\d+)-.*")


@contextlib.contextmanager
def metrics_folder() -> Iterator[None]:
    """Sets VARIABLE to a folder that is removed at the end; keeps one that was set before."""
    if os.environ.get(VARIABLE):
        yield
        return
    _remove_leftovers()
    folder = tempfile.mkdtemp(prefix=f"waflows-metrics-{os.getpid()}-")
    os.environ[VARIABLE] = folder
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers() -> None:
    """Removes the folders of this user's servers that run no more."""
    if os.name == "nt":
        return
    for folder in Path(tempfile.gettempdir()).glob("waflows-metrics-*"):
        named = _NAME.fullmatch(folder.name)
        with contextlib.suppress(OSError):
            is_own = not folder.is_symlink() and folder.stat().st_uid == os.getuid()
            if named and is_own and not is_running(int(named[1])):
                shutil.rmtree(folder, ignore_errors=True)
