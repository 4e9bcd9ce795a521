"""A client that renames a flow of a channel, so many times a second, and looks whether it shows.

Run as `python -m bench.writer URL KEY RATE SECONDS`, with the address of the channel's flows. After
each acknowledged change it lists the channel, over a connection of its own so that any worker may
answer. Prints one JSON object when done.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

import msgspec


class Written(msgspec.Struct, frozen=True):
    """What the writer did and saw; `stale` lists did not show the change before them."""

    writes: int
    stale: int


def main(url: str, key: str, rate: float, seconds: float) -> Written:
    """Writes for some seconds."""
    parts = urlsplit(url)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    writing = http.client.HTTPConnection(parts.netloc, timeout=10)
    flow = _list(parts.netloc, parts.path, headers)[0]["id"]
    writes = stale = 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        name = f"A flow with a name, number {writes % 1000:03}"
        body = json.dumps({"name": f"{name} changed"})
        writing.request("PUT", f"{parts.path}/{flow}", body, headers)
        response = writing.getresponse()
        response.read()
        assert response.status == 200, response.status
        writes += 1
        stale += _list(parts.netloc, parts.path, headers)[0]["name"] != f"{name} changed"
        time.sleep(max(0.0, begun + writes / rate - time.perf_counter()))
    return Written(writes, stale)


def _list(host: str, path: str, headers: dict[str, str]) -> list[dict[str, str]]:
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", path, headers=headers)
    flows: list[dict[str, str]] = json.loads(connection.getresponse().read())["flows"]
    connection.close()
    return flows


if __name__ == "__main__":
    _, url, key, rate, seconds = sys.argv
    print(msgspec.json.encode(main(url, key, float(rate), float(seconds))).decode())
