"""The whole loop on one machine: from a flow that does not exist to an answer in a spreadsheet.

    python examples/whole_loop.py

Starts a waflows server with an empty database and the data endpoint of examples/endpoint. Then, by
the public API alone: gives the channel a key, creates and publishes the flow, tells the server
where webhooks go, sends the flow to a made-up user, plays that user, receives and verifies the
webhook, and exports the answers as CSV. Everything is on loopback and gone at the end.
"""

# ruff: noqa: S603, T201 - it starts servers of its own and tells what happens

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import queue
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

EXAMPLES = Path(__file__).resolve().parent
USER = "+12025550123"
PATIENCE = 30.0


def main() -> None:
    """Goes once round the loop."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(waflows_server(folder))
        api = stack.enter_context(closing(Api(server)))
        say(f"A waflows server is ready at {server['url']}")

        private_key, public_key, app_secret = key_pair()
        key = api.post(f"{api.channel}/endpointKey", publicKey=public_key, appSecret=app_secret)
        say(f"The channel has the public key {key['key']['fingerprint'][:16]}…")
        endpoint = stack.enter_context(workshop_endpoint(private_key, app_secret))
        say(f"The data endpoint answers at {endpoint}")

        flow_json = (EXAMPLES / "endpoint" / "workshop.json").read_text("utf-8")
        flow = api.post(
            f"{api.channel}/flows",
            name="Pottery workshops",
            categories=["APPOINTMENT_BOOKING"],
            flowJson=flow_json,
            endPointUri=endpoint,
        )["id"]
        api.post(f"{api.channel}/flows/{flow}/publish")
        say(f"Flow {flow} is created and published: its endpoint passed the health check")

        receiver = stack.enter_context(closing(WebhookReceiver()))
        api.post_list(f"{api.account}/webhooks", receiver.configuration())
        made = api.post(f"{api.account}/webhooks/*/MSG/secrets")
        receiver.signing_secret = made["secret"]
        say(f"Webhooks go to {receiver.url}, with a signature")

        phone = f"{api.channel}/phones/{USER}"
        api.post(f"{phone}/say", text="Do you have workshops?", name="Ines")
        say(f"{USER} wrote: {receiver.next()['payload']['content']['text']!r}")
        sent = api.post(f"/api/v1/subaccounts/{server['subAccountId']}/messages", **message(flow))
        say(f"The flow is sent in message {sent['umid']}")

        screen = api.post(f"{phone}/open")
        say("The user opens it, and the endpoint says what to show:", screen["text"])
        api.post(f"{phone}/choose", label="Workshop", items=["Glazing"])
        api.post(f"{phone}/fill", label="Seats", value="2")
        screen = api.post(f"{phone}/tap", label="Continue")
        say("The user picks a workshop and two seats:", screen["text"])
        finished = api.post(f"{phone}/tap", label="Book")
        booking = finished["response"]["booking"]
        say(f"The user books; the endpoint's number for it is {booking}")

        answer = receiver.next()["payload"]
        response = json.loads(answer["content"]["interactive"]["nfmReply"]["responseJson"])
        assert answer["replyToUmid"] == sent["umid"], "the answer names the message it answers"
        assert response["booking"] == booking, "the webhook brings what the user sent"
        say("The webhook came, signed as it should be:", json.dumps(response, indent=2))

        csv = api.get(f"{api.account}/submissions.csv", flowId=flow)
        assert booking in csv, "the export has the answer"
        say("The answers as CSV:", csv)
        say("The loop is closed.")


def say(line: str, more: str = "") -> None:
    """Tells what happened, and below it what was shown."""
    print(f"• {line}")
    for each in more.splitlines():
        print(f"    {each}")
    sys.stdout.flush()


def message(flow: str) -> dict[str, Any]:
    """A message whose button opens the flow; its endpoint says which screen is first."""
    parameters = {"flowId": flow, "flowCta": "Find a seat", "flowAction": "data_exchange"}
    interactive = {
        "type": "flow",
        "body": {"text": "Pick a workshop."},
        "action": {"parameters": parameters},
    }
    return {
        "user": {"msisdn": USER},
        "type": "interactive",
        "content": {"interactive": interactive},
    }


class Api:
    """The server's API, as a program in any language would call it."""

    def __init__(self, server: dict[str, Any]) -> None:
        self.account = f"/api/v1/accounts/{server['accountId']}"
        self.channel = f"{self.account}/channels/{server['channelId']}"
        self._http = httpx2.Client(
            base_url=server["url"],
            headers={"Authorization": f"Bearer {server['apiKey']}"},
            timeout=PATIENCE,
            trust_env=False,
        )

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def post(self, path: str, **body: Any) -> Any:
        """What the server answers to a request with a JSON object."""
        return self._read(self._http.post(path, json=body))

    def post_list(self, path: str, body: list[Any]) -> None:
        """The same with a JSON array."""
        self._read(self._http.post(path, json=body))

    def get(self, path: str, **query: str) -> str:
        """A text the server answers."""
        response = self._http.get(path, params=query)
        self._read(response)
        return response.text

    def _read(self, response: httpx2.Response) -> Any:
        if response.status_code >= 400:
            sys.exit(f"{response.request.method} {response.request.url} failed: {response.text}")
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return response.json() if is_json and response.content else None


class WebhookReceiver:
    """Where the server tells what happened; a real one is a web service of the business.

    It trusts a webhook only with the right Authorization header and signature, and answers at once:
    what is to be done about an event comes later, since the server waits no more than five seconds.
    """

    def __init__(self) -> None:
        self.signing_secret = ""
        self._authorization = f"Bearer {secrets.token_urlsafe(16)}"
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._seen: set[str] = set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.take(dict(self.headers.items()), body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/events"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Ends the receiver."""
        self._server.shutdown()
        self._server.server_close()

    def configuration(self) -> list[dict[str, Any]]:
        """The webhook to register: inbound messages of every sub-account."""
        return [
            {
                "subAccountId": "*",
                "type": "MSG",
                "url": self.url,
                "httpAuthorization": self._authorization,
            }
        ]

    def next(self) -> dict[str, Any]:
        """The next event; each comes once, however often it was delivered."""
        return self._events.get(timeout=PATIENCE)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Checks a webhook and keeps its event; the status to answer."""
        given = {name.lower(): value for name, value in headers.items()}
        if not hmac.compare_digest(given.get("authorization", ""), self._authorization):
            return 401
        event_id = given["webhook-id"]
        signed = f"{event_id}.{given['webhook-timestamp']}.".encode() + body
        if abs(time.time() - int(given["webhook-timestamp"])) > 300 or not self._signed(
            signed, given["webhook-signature"]
        ):
            return 401
        if event_id not in self._seen:
            self._seen.add(event_id)
            self._events.put(json.loads(body))
        return 200

    def _signed(self, content: bytes, signatures: str) -> bool:
        """As Standard Webhooks say; while a secret is changed, there are two signatures."""
        key = base64.b64decode(self.signing_secret.removeprefix("whsec_"))
        mac = hmac.new(key, content, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(mac).decode()
        return any(hmac.compare_digest(wanted, each) for each in signatures.split())


def key_pair() -> tuple[str, str, str]:
    """A private key, which only the endpoint gets, its public half, and an app secret."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode(), secrets.token_urlsafe(24)


@contextmanager
def waflows_server(folder: Path) -> Iterator[dict[str, Any]]:
    """A development server on a free port, and what it says when it is ready."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAFLOWS_")}
    command = [sys.executable, "-m", "waflows", "dev", "--json", "--port", "0"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder)], stdout=subprocess.PIPE, stderr=log, env=kept
        )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            sys.exit((folder / "server.log").read_text("utf-8"))
        yield json.loads(first)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def workshop_endpoint(private_key: str, app_secret: str) -> Iterator[str]:
    """The data endpoint of examples/endpoint on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLES / "endpoint")),
                *("workshop:endpoint", "--log-level", "warning"),
                *("--fd", str(listening.fileno())),
            ],
            env={**os.environ, "PRIVATE_KEY": private_key, "APP_SECRET": app_secret},
            pass_fds=[listening.fileno()],
        )
        try:
            # The socket listens already: who asks too early waits until the endpoint is there.
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
