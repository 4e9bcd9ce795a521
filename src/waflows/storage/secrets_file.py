"""The file that holds the key of the vault, beside the database and never in it.

Made once, whole or not at all, readable by its owner only. Several processes may ask at once.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from waflows.errors import OperatorError


def read_or_make(path: Path, fresh: str) -> str:
    """What the file holds; when there is none yet, it is made with `fresh`.

    Raises OperatorError when it can be neither read nor made.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            return path.read_text("ascii").strip()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path, fresh)
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise OperatorError(
            f"Cannot use {path}, which holds the key that seals secrets: {reason}. Mend that, or"
            " set WAFLOWS_SECRETS_KEY."
        ) from None


def _make(path: Path, fresh: str) -> None:
    """Puts a finished file under the name, unless another process was quicker."""
    # A name that is made has the mode 0600 from the start.
    descriptor, part = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{fresh}\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        Path(part).unlink()
