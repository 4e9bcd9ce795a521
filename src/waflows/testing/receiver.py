"""A webhook receiver on this machine, which keeps what it gets and checks who sent it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

_PREFIX = "whsec_"


class Webhook(msgspec.Struct, frozen=True):
    """A webhook that was received, its signature verified.

    `id` is the same for every delivery of one event; `body` the whole JSON.
    """

    id: str
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def event_type(self) -> str:
        """What happened, such as `inbound_message_received`."""
        return str(self.body.get("eventType", ""))

    @property
    def payload(self) -> dict[str, Any]:
        """What the event says."""
        found: dict[str, Any] = self.body.get("payload", {})
        return found

    @property
    def response(self) -> dict[str, Any]:
        """What a finished flow sent, `flow_token` included; raises KeyError for another event."""
        found: dict[str, Any] = json.loads(
            self.payload["content"]["interactive"]["nfmReply"]["responseJson"]
        )
        return found

    @property
    def is_answer(self) -> bool:
        """Whether a finished flow sent it."""
        content = self.payload.get("content") or {}
        return "nfmReply" in (content.get("interactive") or {})


class Receiver:
    """Answers 200 to every webhook that is signed with one of its secrets, 401 to any other.

    Each event is kept once, however often it is delivered.
    """

    def __init__(self) -> None:
        self.received: list[Webhook] = []
        """What came, in the order in which it came."""
        self.refused: list[str] = []
        """Why others were refused."""
        self.secrets: list[str] = []
        """The signing secrets, `whsec_…`; one of them must have signed."""
        self._ids: set[str] = set()
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="waflows-receiver", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where webhooks are to be sent."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    def close(self) -> None:
        """Ends the receiver."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(
        self, wanted: Callable[[Webhook], bool], start: int, seconds: float
    ) -> tuple[int, Webhook] | None:
        """The first webhook of a kind from a place on, and its place; None when none comes."""
        deadline = time.monotonic() + seconds
        at = start
        with self._news:
            while True:
                for at in range(at, len(self.received)):  # noqa: B020 - it goes on from there
                    if wanted(self.received[at]):
                        return at, self.received[at]
                at = len(self.received)
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    return None

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Keeps a webhook, or refuses it; the status to answer."""
        with self._news:
            fault = _fault(self.secrets, headers, body)
            if fault:
                self.refused.append(fault)
                return 401
            event = headers["webhook-id"]
            if event not in self._ids:
                self._ids.add(event)
                self.received.append(Webhook(event, json.loads(body), headers))
                self._news.notify_all()
        return 200


def _handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing: a test's output is the test's own."""

    return Handler


def _fault(secrets: list[str], headers: dict[str, str], body: bytes) -> str:
    """Why a webhook is not to be trusted; empty for one that is.

    Signed is as Standard Webhooks say (standardwebhooks.com): the id, the time and the body.
    """
    id_, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id_ or not at:
        return "it has no webhook-id or no webhook-timestamp"
    given = headers.get("webhook-signature", "").split()
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix(_PREFIX))
        mac = hmac.new(key, f"{id_}.{at}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(mac).decode()
        if any(hmac.compare_digest(wanted, each) for each in given):
            return ""
    return "no known secret signed it"
