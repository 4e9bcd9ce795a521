"""A client that asks for the same thing again and again, and says how long each answer took.

Run as a program, in a process of its own, so that what it measures is the server and not the test
beside it. Uses the standard library alone. It asks until its input ends, then prints one line of
JSON: for each request when it was sent (by the machine's monotonic clock), the seconds until the
whole answer was there, and the status; 0 where there was no answer. After the first WARMED_UP of
them it says so with a line of its own.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit

PAUSE_SECONDS = 0.02
WARMED_UP = 20
LONGEST_SECONDS = 60.0


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def main(url: str, method: str, path: str, key: str, body: str) -> None:
    """Asks until the input ends."""
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    address = urlsplit(url)
    headers = {"Authorization": f"Bearer {key}"}
    if body:
        headers["Content-Type"] = "application/json"
    samples = []
    while not ended.wait(PAUSE_SECONDS):
        started = time.monotonic()
        # A new connection each time: whoever cannot connect is not served either.
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=LONGEST_SECONDS
        )
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        samples.append((started, time.monotonic() - started, status))
        if len(samples) == WARMED_UP:
            print("warmed up", flush=True)
    print(json.dumps(samples))


if __name__ == "__main__":
    main(*sys.argv[1:])
