"""Requests that are not even HTTP get the error envelope too.

uvicorn answers those itself, in plain text, before any application sees them; this class only
changes what it says.
"""

from __future__ import annotations

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from waflows.api.errors import refuse
from waflows.errors import MalformedHttp


class EnvelopeProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with waflows' words for requests that cannot be parsed."""

    def send_400_response(self, msg: str) -> None:
        """Answers a malformed request and closes the connection."""
        error = MalformedHttp(f"The request is not well-formed HTTP. {msg}")
        refusal = refuse(error, "reference")
        body = msgspec.json.encode(refusal.envelope)
        head = (
            f"HTTP/1.1 {refusal.status} Bad Request\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
