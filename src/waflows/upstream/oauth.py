"""Access tokens by OAuth 2.0 client credentials (RFC 6749, 4.4), kept until they end.

However many calls need a token, it is fetched once; nobody waits longer than for one fetch.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Hashable
from typing import Any, Literal
from urllib.parse import quote_plus, urlencode

import msgspec

from waflows import bounds
from waflows.errors import WaflowsError
from waflows.upstream.egress import Egress

_SECONDS = 5.0
_MOST_VALUES = 1000
_MOST_BYTES = 64 * 1024
# A token is not used in its last moments, in which it could end on the way.
_LEEWAY_SECONDS = 30.0
_LIFE_WHEN_NOT_SAID = 300.0
_MOST_KEPT = 4096
# RFC 6750, 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class ClientCredentials(msgspec.Struct, frozen=True):
    """What a token is fetched with."""

    url: str
    client_id: str
    client_secret: str
    location: Literal["header", "body"]
    scope: str


class NoToken(WaflowsError):
    """The token endpoint gave no token; the message repeats nothing it answered."""


class _Kept(msgspec.Struct, frozen=True):
    token: str
    until: float


class Tokens:
    """Tokens by the key of whoever needs them."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._kept: dict[Hashable, _Kept] = {}
        self._fetching: dict[Hashable, asyncio.Task[_Kept]] = {}

    async def get(
        self, key: Hashable, credentials: ClientCredentials, *, instead_of: str = ""
    ) -> str:
        """A token, fetched now unless there is one besides `instead_of`, which was refused.

        Raises CallFailed or NoToken.
        """
        kept = self._kept.get(key)
        if kept is not None and kept.until > time.monotonic() and kept.token != instead_of:
            return kept.token
        fetching = self._fetching.get(key)
        if fetching is None:
            fetching = asyncio.create_task(self._fetch(credentials))
            self._fetching[key] = fetching
            fetching.add_done_callback(lambda _: self._fetching.pop(key))
        # Whoever gives up waiting must not take the token from the others.
        kept = await asyncio.shield(fetching)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = kept
        return kept.token

    async def _fetch(self, credentials: ClientCredentials) -> _Kept:
        asked_at = time.monotonic()
        headers, form = _request(credentials)
        answer = await self._egress.send(
            "POST",
            credentials.url,
            urlencode(form).encode(),
            headers,
            seconds=_SECONDS,
            max_answer_bytes=_MOST_BYTES,
            kind="oauth",
        )
        if answer.status != 200:
            raise NoToken(f"The token endpoint answered {answer.status}, not 200.")
        return _read(answer.body, asked_at)


def _request(credentials: ClientCredentials) -> tuple[dict[str, str], dict[str, str]]:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    form = {"grant_type": "client_credentials"}
    if credentials.scope:
        form["scope"] = credentials.scope
    if credentials.location == "body":
        form |= {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
        return headers, form
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    pair = f"{quote_plus(credentials.client_id)}:{quote_plus(credentials.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return headers, form


def _read(body: bytes, asked_at: float) -> _Kept:
    if bounds.holds_more_values(body, _MOST_VALUES):
        raise NoToken("The token endpoint answered far more than a token.")
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NoToken("The token endpoint answered no JSON.") from None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise NoToken("The token endpoint answered no usable access_token.")
    if str(answer.get("token_type", "Bearer")).lower() != "bearer":
        raise NoToken("The token endpoint returned a token that is not a bearer token.")
    life = _life(answer.get("expires_in"))
    return _Kept(token, asked_at + max(life - _LEEWAY_SECONDS, life / 2))


def _life(said: Any) -> float:
    """Seconds for which a token is good; some servers write the number as text."""
    try:
        life = float(said)
    except (TypeError, ValueError):
        return _LIFE_WHEN_NOT_SAID
    return life if 0 < life < 1e9 else _LIFE_WHEN_NOT_SAID
