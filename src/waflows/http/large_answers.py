"""Limits how many bytes of large answers one process holds while they are sent.

Otherwise a client that requests megabytes and reads nothing would make the server hold them for as
long as the connection lasts. A large body is sent in slices, each after the client has received the
one before, and is counted until the last slice is sent. Answers beyond the limit are refused; each
account has a share of it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from starlette.responses import Response
from starlette.types import Scope, Send

from waflows.errors import Overloaded

LARGE_BYTES = 256 * 1024
"""Bodies up to this size are written at once and not counted."""
MOST_BYTES = 40 * 1024 * 1024
MOST_BYTES_OF_ONE = MOST_BYTES // 2


class LargeAnswers:
    """Counts the large bodies that this process is sending."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    @contextlib.contextmanager
    def holding(self, owner: str, size: int) -> Iterator[None]:
        """Counts a body for an account while it is sent; raises Overloaded beyond the limits.

        `owner` is the account that is responsible for the request; empty if there is none.
        """
        self.require_room(owner, size)
        self._held[owner] += size
        try:
            yield
        finally:
            self._held[owner] -= size
            if not self._held[owner]:
                del self._held[owner]

    def require_room(self, owner: str, size: int) -> None:
        """Raises Overloaded if no body of this size can be held for an account now.

        While nothing is held, one body of any size is accepted, and an account that holds nothing
        may exceed its share; otherwise some bodies could never be sent.
        """
        total, own = self._held.total(), self._held[owner]
        if not total:
            return
        if total + size > MOST_BYTES or (own and own + size > MOST_BYTES_OF_ONE):
            raise Overloaded(
                "Too many large answers wait for their clients to read them; try again shortly."
            )


async def send_in_slices(response: Response, scope: Scope, send: Send) -> None:
    """Sends a finished response, never more at once than the client is ready to receive."""
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )
    body = memoryview(response.body)
    if scope["method"] == "HEAD":
        body = body[:0]
    for start in range(0, len(body), LARGE_BYTES):
        slice_ = bytes(body[start : start + LARGE_BYTES])
        await send({"type": "http.response.body", "body": slice_, "more_body": True})
    await send({"type": "http.response.body"})
