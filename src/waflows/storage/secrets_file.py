"""The file that holds the key of the vault, beside the database and never in it.

Made once, whole or not at all, readable by its owner only. Several processes may ask at once. A
file that others than the server can read or change is refused: whoever reads it and a backup has
every secret.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import sys
import tempfile
from pathlib import Path

from waflows.errors import OperatorError

_OWNER = 0o600
# A Secret that Kubernetes mounts, or another file that root provides, as PostgreSQL allows it too.
_OF_ROOT = 0o640
# With an fsGroup, Kubernetes gives the group of the pod every file of its volumes at each mount.
_OF_THE_POD = 0o660


def read_or_make(path: Path, fresh: str) -> str:
    """What the file holds; when there is none yet, it is made with `fresh`.

    Raises OperatorError when it can be neither read nor made, or others can get at it.
    """
    found = read(path)
    if found is not None:
        return found
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path, fresh)
    except OSError as error:
        raise _unusable(path, error.strerror) from None
    made = read(path)
    if made is None:
        raise _unusable(path, "it disappeared as soon as it was created")
    return made


def read(path: Path) -> str | None:
    """What the file holds; None when there is none. Raises OperatorError as `read_or_make` does."""
    try:
        # Links are followed, as Secrets are mounted behind some; what counts is what they lead to,
        # and the file that is judged is the one that is read. A pipe must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error.strerror) from None
    problem = _exposure(os.fstat(descriptor))
    if problem is not None:
        os.close(descriptor)
        raise OperatorError(
            f"{path} holds the key that seals secrets, but {problem}. Run `chmod 600"
            f" {shlex.quote(str(path))}` as its owner, or set WAFLOWS_SECRETS_KEY instead. If"
            " someone may have read it, replace the secrets it seals."
        )
    with os.fdopen(descriptor, encoding="ascii") as file:
        try:
            return file.read().strip()
        except UnicodeDecodeError:
            raise _unusable(path, "it is not text") from None
        except OSError as error:
            raise _unusable(path, error.strerror) from None


def _exposure(status: os.stat_result) -> str | None:
    """Who else can get at a file; None when it is private."""
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if sys.platform == "win32":
        return None
    if status.st_uid not in {os.geteuid(), 0}:
        return f"it belongs to another user (uid {status.st_uid}), who can read and change it"
    allowed = _OWNER
    if status.st_uid == 0:
        allowed |= _OF_ROOT
    if "KUBERNETES_SERVICE_HOST" in os.environ and status.st_gid in {os.getegid(), *os.getgroups()}:
        allowed |= _OF_THE_POD
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077 & ~allowed:
        return f"others than its owner can read or change it (mode {mode:04o})"
    return None


def _unusable(path: Path, reason: str | None) -> OperatorError:
    return OperatorError(
        f"Cannot use {path}, which holds the key that seals secrets: {reason}. Correct that, or set"
        " WAFLOWS_SECRETS_KEY."
    )


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
