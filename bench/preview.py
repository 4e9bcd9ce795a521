"""A keystroke in the preview: over HTTP beside a bare server, and in a browser up to its frame.

The keystroke's event goes to a server that answers what the next screen is. Beside it, a request
of the same size to an application of six lines, which answers as many bytes. In the browser it is
measured from the input to the frame in which its effect stands on the page; an aim of the product
is that this takes no more than a frame longer than the request alone. The browser's part needs
Chromium; without one it is left out.
"""

from __future__ import annotations

import http.client
import json
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from playwright.sync_api import Page, sync_playwright

from bench.databases import Filled, databases
from bench.flowjson import document
from bench.processes import WAFLOWS, free_port, running
from bench.references.bare import Answer
from bench.references.bare import command as bare_command
from bench.rounds import in_turn, ratio, spread
from bench.tables import Table, at_most, number

_ROUNDS = 5
_KEYSTROKES = 60
_FRAME_MS = 1000 / 60
_FLOWS = {"10 KB": 10_000, "100 KB": 100_000, "1 MB": 1_000_000}
_CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_HEADERS = {"Content-Type": "application/json"}


class Flow(msgspec.Struct, frozen=True):
    """A flow on a server, by its preview link, and a keystroke in its first screen."""

    link: str
    keystroke: bytes
    answer: bytes

    @property
    def events(self) -> str:
        """Where events are sent."""
        parts = urlsplit(self.link)
        return f"{parts.path}/events?{parts.query}"


def measure() -> list[Table]:
    """The keystroke over HTTP and in the browser, and the opening of flows."""
    with databases() as available:
        filled = available.filled("SQLite", 1)
        port = free_port()
        command = [*WAFLOWS, "serve", "--database-url", filled.database_url, "--port", str(port)]
        with running(command, port, "/readyz", WAFLOWS_DATA=str(available.folder)) as server:
            flows = {name: _flow(server.url, filled, size) for name, size in _FLOWS.items()}
            tables = [_over_http(server.url, flows, available.folder)]
            if _CHROMIUM is not None:
                tables += _in_browser(flows)
            return tables


def _flow(url: str, filled: Filled, size: int) -> Flow:
    with _connection(url) as connection:
        body = {"name": f"{size}", "categories": ["OTHER"], "flowJson": document(size)}
        headers = _HEADERS | filled.headers
        made = _ask(connection, "POST", filled.path, json.dumps(body).encode(), headers)
        flow = json.loads(made)["id"]
        path = f"{filled.path}/{flow}/preview"
        link = json.loads(_ask(connection, "GET", path, b"", filled.headers))["preview_url"]
        parts = urlsplit(link)
        events = f"{parts.path}/events?{parts.query}"
        opened = json.loads(_ask(connection, "POST", events, b'{"event": {"event": "open"}}'))
        event = {"event": "type", "name": "city", "text": "Porto"}
        keystroke = json.dumps({"state": opened["state"], "event": event}).encode()
        return Flow(link, keystroke, _ask(connection, "POST", events, keystroke))


def _over_http(url: str, flows: dict[str, Flow], folder: Path) -> Table:
    rows: list[list[str]] = []
    for name, flow in flows.items():
        file = folder / f"bare-{len(rows)}"
        length = (b"content-length", str(len(flow.answer)).encode())
        file.write_bytes(msgspec.msgpack.encode(Answer([length], flow.answer)))
        port = free_port()
        with running(bare_command(port, 1, file), port) as bare:
            measures: dict[str, Callable[[], float]] = {
                "waflows": partial(_median, url, flow.events, flow.keystroke),
                "bare": partial(_median, bare.url, "/", flow.keystroke),
            }
            found = in_turn(_ROUNDS, measures)
        rows.append(
            [
                name,
                number(spread(found["waflows"]), 2),
                number(spread(found["bare"]), 2),
                number(ratio(found["waflows"], found["bare"]), 1),
                f"{len(flow.answer) / 1000:.1f}",
            ]
        )
    columns = ["flow", "waflows ms", "bare ms", "times the bare", "answer KB"]
    return Table("A keystroke over HTTP", columns, rows, "The median of 60 in each round.")


def _median(url: str, path: str, body: bytes) -> float:
    """Milliseconds of a request, over one connection."""
    taken = []
    with _connection(url) as connection:
        for _ in range(_KEYSTROKES):
            begun = time.perf_counter()
            _ask(connection, "POST", path, body)
            taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


@contextmanager
def _connection(url: str) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    yield connection
    connection.close()


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str] = _HEADERS,
) -> bytes:
    connection.request(method, path, body or None, headers)
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content[:300]
    return content


# --- in the browser

_TYPED = """
async ([count]) => {
  const player = window.waflowsPreview;
  const root = document.querySelector(".glass").shadowRoot;
  const field = root.querySelector("input[name=city]");
  const caption = (text) => [...root.querySelectorAll(".text")].some((e) => e.textContent === text);
  const frame = () => new Promise(requestAnimationFrame);
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const type = (text) => {
    set.call(field, text);
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  };
  const { pathname, searchParams } = new URL(location.href);
  const events = `${pathname}/events?token=${encodeURIComponent(searchParams.get("token"))}`;
  const headers = { "Content-Type": "application/json" };
  const typed = [];
  const asked = [];
  for (let at = 0; at < count; at += 1) {
    await frame();
    const word = at % 2 ? "Porto" : "Faro";
    let begun = performance.now();
    type(word);
    await player.idle();
    // What is on the page when a frame begins, is what that frame shows.
    await frame();
    typed.push(performance.now() - begun);
    if (caption("Lisbon") !== (word === "Porto")) throw new Error(`${word} had no effect`);
    await frame();
    const event = { event: "type", name: "city", text: word };
    const body = JSON.stringify({ state: player.state, event });
    begun = performance.now();
    await (await fetch(events, { method: "POST", headers, body })).json();
    asked.push(performance.now() - begun);
  }
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  return [median(typed), median(asked)];
}
"""
"""Types into the first field; its screen has a caption that stands there for `Porto` alone."""


def _in_browser(flows: dict[str, Flow]) -> list[Table]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        typed = [_typed(page, name, flow) for name, flow in flows.items()]
        opened = [_opened(page, name, flow) for name, flow in flows.items()]
        browser.close()
    columns = ["flow", "input to frame ms", "the request alone ms", "more ms (aim a frame, 16.7)"]
    return [
        Table("A keystroke in the browser", columns, typed),
        Table("Opening a flow in the browser", ["flow", "link to screen ms"], opened),
    ]


def _typed(page: Page, name: str, flow: Flow) -> list[str]:
    _open(page, flow)
    found = [page.evaluate(_TYPED, [_KEYSTROKES]) for _ in range(_ROUNDS)]
    more = [typed - asked for typed, asked in found]
    return [
        name,
        number(spread([typed for typed, _ in found]), 1),
        number(spread([asked for _, asked in found]), 1),
        at_most(spread(more), _FRAME_MS, 1),
    ]


def _opened(page: Page, name: str, flow: Flow) -> list[str]:
    return [name, number(spread([_open(page, flow) for _ in range(_ROUNDS)]))]


def _open(page: Page, flow: Flow) -> float:
    """Milliseconds from the request of the link to the first screen on the page."""
    begun = time.perf_counter()
    page.goto(flow.link)
    shown: Any = None
    while not shown:
        shown = page.evaluate("Boolean(window.waflowsPreview && window.waflowsPreview.screen)")
    return (time.perf_counter() - begun) * 1000
