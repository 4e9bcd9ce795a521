"""Other processes of this machine, as far as their id tells."""

from __future__ import annotations

import os


def is_running(pid: int) -> bool:
    """Whether a process has this id, whoever owns it. For systems with POSIX signals only."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
