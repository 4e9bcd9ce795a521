"""One delivery to one webhook: the request, its credentials, and what the answer means.

Any status of 200 to 299 within the time is a delivery, whatever the body says.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import time
from urllib.parse import quote

import msgspec

from waflows.security import webhook_signatures
from waflows.upstream.calls import CallFailed, HttpAnswer
from waflows.upstream.egress import Egress
from waflows.upstream.oauth import ClientCredentials, NoToken, Tokens

CALL_SECONDS = 5.0
"""8x8's limit for a webhook's answer."""

_MOST_ANSWER_BYTES = 16 * 1024
_EXCERPT = 200
_LONGEST_WAIT_SECONDS = 3600


class Target(msgspec.Struct, frozen=True):
    """Where a delivery goes and what it carries; at most one of the two kinds of authorization.

    `key` stands for the target and the state of its settings, to keep tokens under.
    """

    key: tuple[str, int]
    url: str
    authorization: str
    oauth: ClientCredentials | None
    secrets: list[bytes]


class Result(msgspec.Struct, frozen=True):
    """How a try ended. `error` is empty for a delivery; `status` 0 means no answer.

    `wait` is for how many seconds the receiver asked to be left alone.
    """

    status: int
    seconds: float
    error: str = ""
    answer: str = ""
    wait: int = 0


class Sender:
    """Sends deliveries through the guarded door."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._tokens = Tokens(egress)

    async def send(self, target: Target, event_id: str, body: bytes) -> Result:
        """Tries once. With OAuth a refused token is replaced and the request sent again."""
        started = time.monotonic()
        try:
            answer, authorization = await self._send(target, event_id, body)
        except CallFailed as error:
            return Result(0, time.monotonic() - started, error.message)
        except NoToken as error:
            return Result(0, time.monotonic() - started, error.message)
        return _result(answer, time.monotonic() - started, _hidden(target, authorization))

    async def _send(self, target: Target, event_id: str, body: bytes) -> tuple[HttpAnswer, str]:
        """The answer, and the authorization it was asked with."""
        if target.oauth is None:
            answer = await self._post(target, event_id, body, target.authorization)
            return answer, target.authorization
        token = await self._tokens.get(target.key, target.oauth)
        answer = await self._post(target, event_id, body, f"Bearer {token}")
        if answer.status != 401:
            return answer, f"Bearer {token}"
        token = await self._tokens.get(target.key, target.oauth, instead_of=token)
        return await self._post(target, event_id, body, f"Bearer {token}"), f"Bearer {token}"

    async def _post(
        self, target: Target, event_id: str, body: bytes, authorization: str
    ) -> HttpAnswer:
        # Receivers compare the time with their own clocks, so it is never the movable clock's.
        headers = webhook_signatures.headers(target.secrets, event_id, int(time.time()), body)
        headers["Content-Type"] = "application/json"
        if authorization:
            headers["Authorization"] = authorization
        return await self._egress.send(
            "POST",
            target.url,
            body,
            headers,
            seconds=CALL_SECONDS,
            max_answer_bytes=_MOST_ANSWER_BYTES,
            cut_off=True,
            kind="webhook",
        )


def _result(answer: HttpAnswer, seconds: float, hidden: list[str]) -> Result:
    if 200 <= answer.status < 300:
        return Result(answer.status, seconds)
    error = f"The webhook answered {answer.status}"
    if 300 <= answer.status < 400:
        error += ", a redirect, which is not followed: save the address it leads to"
    return Result(answer.status, seconds, f"{error}.", _excerpt(answer.body, hidden), _wait(answer))


def _hidden(target: Target, authorization: str) -> list[str]:
    """What a receiver that repeats its request must not bring into the log, the longest first."""
    secrets = [authorization, authorization.partition(" ")[2]]
    if target.oauth is not None:
        secrets.append(target.oauth.client_secret)
    with contextlib.suppress(ValueError):
        # Of Basic authorization some receivers repeat the password alone.
        pair = base64.b64decode(secrets[1], validate=True).decode()
        secrets += [pair, pair.partition(":")[2]]
    written = {form for one in secrets if one for form in _forms(one)}
    return sorted(written, key=len, reverse=True)


def _forms(secret: str) -> list[str]:
    """A secret as plain text, JSON, HTML and URLs have it."""
    return [secret, json.dumps(secret)[1:-1], html.escape(secret), quote(secret, safe="")]


def _excerpt(body: bytes, hidden: list[str]) -> str:
    """The beginning of a refusal, without secrets.

    They are struck out before it is cut; of one that is cut in two, a half would be left.
    """
    text = body.decode("utf-8", "replace")
    if hidden and len(body) >= _MOST_ANSWER_BYTES:
        # It was cut there already.
        text = text[: -len(hidden[0])]
    for secret in hidden:
        text = text.replace(secret, "***")
    return "".join(char if char.isprintable() else " " for char in text[:_EXCERPT]).strip()


def _wait(answer: HttpAnswer) -> int:
    """Seconds named by Retry-After (RFC 9110, 10.2.3), where they are a number."""
    said = answer.headers.get("retry-after", "").strip()
    if answer.status not in {429, 503} or not (said.isascii() and said.isdecimal()):
        return 0
    return min(int(said[:9]), _LONGEST_WAIT_SECONDS)
