"""`waflows serve` with uvicorn's own HTTP protocol instead of the one that waflows builds on it.

Takes the arguments of the `waflows` command. Every answer goes the ordinary way of an ASGI
application, as it would under any other server.
"""

from __future__ import annotations

import sys

from waflows.cli import main, serving

COMMAND = [sys.executable, "-m", "bench.references.plain"]

if __name__ == "__main__":
    serving.HTTP_PROTOCOL = "httptools"
    main()
