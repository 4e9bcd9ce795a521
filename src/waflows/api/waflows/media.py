"""The made-up files that endpoints are given links to, encrypted as WhatsApp's are.

The link's token is all the permission that is needed, and the file is of no use without the keys
that went to the endpoint with it.
"""

from __future__ import annotations

from waflows.errors import NotFound
from waflows.http.route import Call, NoQuery, Reply
from waflows.services.endpoint import made_up_files

_HEADERS = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}


async def download(call: Call[NoQuery, None]) -> Reply:
    """An encrypted file, by its link."""
    file = made_up_files.cdn_file(call.state.secret, call.path["token"])
    if file is None:
        raise NotFound("This link is not valid: it has expired, or was never made here.")
    return Reply(file, headers=dict(_HEADERS), content_type="application/octet-stream")
