"""Why an endpoint does not work: the steps of its exchanges one by one, and the cure for each.

`examine` asks for a sign of life and then for a first screen, and reports every step as data; who
prints it is for others to say.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from waflows.upstream.answers import Failed, NextScreen, Step, TokenDead
from waflows.upstream.endpoint import DataEndpoint, Exchange

Call = Literal["ping", "INIT"]
State = Literal["passed", "failed", "skipped"]


class Check(msgspec.Struct, frozen=True):
    """One step of one call."""

    call: Call
    step: Step
    state: State
    message: str = ""
    cure: str = ""
    """What to do, for a step that failed."""


class Report(msgspec.Struct, frozen=True):
    """What the examination of an endpoint found."""

    url: str
    checks: list[Check]
    exchanges: list[Exchange]

    @property
    def failing(self) -> Check | None:
        """The step to mend; None for an endpoint that works."""
        return next((check for check in self.checks if check.state == "failed"), None)


async def examine(
    endpoint: DataEndpoint, flow_token: str, entry_screens: Collection[str] = ()
) -> Report:
    """Asks an endpoint `ping` and then `INIT`, and names the step at which it fails.

    With `entry_screens` the first screen must be one of them, as WhatsApp demands.
    """
    ping = await endpoint.ping()
    fault = ping.outcome if isinstance(ping.outcome, Failed) else None
    checks = _checks("ping", endpoint.url, fault, ping)
    if fault:
        skipped = [Check("INIT", step, "skipped") for step in _REPEATED]
        return Report(endpoint.url, checks + skipped, [ping])
    init = await endpoint.init(flow_token)
    checks += _checks("INIT", endpoint.url, _fault_of_init(init, entry_screens), init)
    return Report(endpoint.url, checks, [ping, init])


def _fault_of_init(init: Exchange, entry_screens: Collection[str]) -> Failed | None:
    outcome = init.outcome
    if isinstance(outcome, Failed):
        return outcome
    # A made-up token may well be refused: the exchange itself has worked.
    if isinstance(outcome, TokenDead):
        return None
    if not isinstance(outcome, NextScreen):
        message = "INIT was answered with SUCCESS: a flow cannot be done before it has begun."
        return Failed(Step.SHAPE, "invalid-screen-transition", message)
    if entry_screens and outcome.screen not in entry_screens:
        names = ", ".join(sorted(entry_screens))
        message = f"INIT was answered with {outcome.screen}, which is no entry screen: {names}."
        return Failed(Step.SHAPE, "invalid-screen-transition", message)
    return None


def _checks(call: Call, url: str, fault: Failed | None, exchange: Exchange) -> list[Check]:
    """Every step of a call: passed up to the one that failed, skipped behind it."""
    # The way to the endpoint is proved by the first call; a second may lose it all the same.
    repeated = fault.step in _REPEATED if fault else True
    steps = _REPEATED if call == "INIT" and repeated else list(Step)
    place = steps.index(fault.step) if fault else len(steps)
    checks = [_passed(call, url, step, exchange) for step in steps[:place]]
    if fault:
        checks.append(Check(call, fault.step, "failed", fault.message, _cure(fault)))
    return checks + [Check(call, step, "skipped") for step in steps[place + 1 :]]


def _passed(call: Call, url: str, step: Step, exchange: Exchange) -> Check:
    if step == Step.TLS and not url.startswith("https:"):
        return Check(call, step, "skipped", "not used on this machine itself")
    return Check(call, step, "passed", _note(step, exchange))


def _cure(fault: Failed) -> str:
    if fault.error_key == "invalid-screen-transition":
        return _FIRST_SCREEN
    return CURES[fault.step]


def _note(step: Step, exchange: Exchange) -> str:
    if step == Step.HTTP and exchange.status is not None:
        return f"{exchange.status} after {exchange.seconds * 1000:.0f} ms"
    if step == Step.SHAPE and isinstance(exchange.outcome, TokenDead):
        return "the flow token of the trial was refused (427); give a living one to see a screen"
    if step == Step.SHAPE and isinstance(exchange.outcome, NextScreen):
        return f"screen {exchange.outcome.screen}"
    return ""


_REPEATED = [Step.HTTP, Step.SIGNATURE, Step.RSA, Step.BASE64, Step.AES, Step.JSON, Step.SHAPE]

CURES = {
    Step.URL: "Give the flow an endPointUri such as https://flows.example.org/booking.",
    Step.KEY: (
        "Make a key pair, give its public key to the channel and its private key to the endpoint:"
        " `waflows keys --help`."
    ),
    Step.DNS: "Look for a typing mistake in the host, and for its DNS record.",
    Step.ADDRESS: (
        "The host must be on the public internet. For an endpoint on your own machine use the"
        " development server, or a tunnel with a public https:// address."
    ),
    Step.CONNECT: "Start the endpoint, and open its port in every firewall on the way.",
    Step.TLS: (
        "Install a certificate for this very host by a public authority, with all intermediate"
        " certificates; self-signed ones are not accepted."
    ),
    Step.HTTP: (
        "The endpoint must answer a POST at this exact URL with status 200 within 10 seconds,"
        " without a redirect. Its own log says why it did not."
    ),
    Step.SIGNATURE: (
        "Give both sides the same app secret, and let the endpoint compute the signature over the"
        " bytes of the body as they came, before parsing."
    ),
    Step.RSA: (
        "The endpoint's private key must belong to the channel's public key: compare the"
        " fingerprints. Decrypt with RSA-OAEP, with SHA-256 for both the hash and MGF1."
    ),
    Step.BASE64: (
        "Answer with nothing but the Base64 text of the encrypted bytes, as text/plain: no JSON,"
        " no quotes, no compression."
    ),
    Step.AES: (
        "Encrypt the answer with AES-128-GCM, the AES key of the request, and its 16-byte IV with"
        " every bit flipped; append the 16-byte tag."
    ),
    Step.JSON: "Encrypt JSON text in UTF-8.",
    Step.SHAPE: (
        'Answer ping with {"data": {"status": "active"}}, and other requests with'
        ' {"screen": "…", "data": {…}}.'
    ),
}
"""What to do about a failure at each step."""

_FIRST_SCREEN = (
    "Answer INIT with an entry screen of the flow: one to which no other leads in its"
    " routing model."
)
