"""What an outgoing call comes to: an answer, or how far it came. Knows no HTTP library."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from yarl import URL

from waflows.errors import WaflowsError


class Stage(StrEnum):
    """How far a call came before it failed."""

    URL = "url"
    DNS = "dns"
    ADDRESS = "address"
    CONNECT = "connect"
    TLS = "tls"
    HTTP = "http"


class CallFailed(WaflowsError):
    """A call got no answer.

    `sent` is True when the request may have reached the other side; `timed_out` when it was the
    time that ran out. The message names the host and never the rest of the URL, which may hold a
    secret.
    """

    def __init__(
        self, stage: Stage, message: str, *, sent: bool = False, timed_out: bool = False
    ) -> None:
        super().__init__(message)
        self.stage = stage
        self.sent = sent
        self.timed_out = timed_out


class HttpAnswer(msgspec.Struct, frozen=True):
    """A response as it came, whatever its status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def too_slow(stage: Stage, url: URL, seconds: float, sent: bool) -> CallFailed:
    """The failure of a call whose time ran out at a stage."""
    what = {
        Stage.DNS: f"The name {url.raw_host} did not resolve",
        Stage.CONNECT: f"No connection to {name_of(url)} came about",
    }.get(stage, f"{name_of(url)} did not answer in full")
    return CallFailed(stage, f"{what} within {seconds:g} s.", sent=sent, timed_out=True)


def name_of(url: URL) -> str:
    """Host and port: as much of a URL as a message may tell."""
    return f"{url.raw_host}:{url.port}"
