"""For people who write data endpoints of WhatsApp Flows: a few functions make an ASGI application.

    endpoint = Endpoint(os.environ["PRIVATE_KEY"], app_secret=os.environ["APP_SECRET"])

    @endpoint.init
    def start(request: Request) -> NextScreen:
        return NextScreen("PICK_DAY", {"days": open_days()})

    @endpoint.data_exchange("PICK_DAY")
    def picked(request: Request) -> Completion:
        return Completion({"booking": book(request.data["day"])})

Run it with `uvicorn module:endpoint`, or mount it in an application of yours. Decrypting, checking
signatures, health checks, encrypting and the documented statuses are done by the kit. Tests call
`endpoint.answer(request)`, which takes and gives plain text. Read `app.py` first. Of waflows it
imports nothing but the encryption, in `waflows.security`.
"""

from __future__ import annotations

from waflows.endpoint.app import Endpoint, Refused
from waflows.endpoint.values import (
    Answer,
    Completion,
    ErrorNotice,
    FlowTokenDead,
    NextScreen,
    Request,
    UnfitData,
)
from waflows.security.flow_crypto import MediaRefused, MediaValue
from waflows.security.key_pairs import UnusableKey

__all__ = [
    "Answer",
    "Completion",
    "Endpoint",
    "ErrorNotice",
    "FlowTokenDead",
    "MediaRefused",
    "MediaValue",
    "NextScreen",
    "Refused",
    "Request",
    "UnfitData",
    "UnusableKey",
]
