"""The made-up files that endpoints are given links to, encrypted as WhatsApp's are.

The link's token is the only permission needed; the file is useless without the keys that were
sent to the endpoint with it.
"""

from __future__ import annotations

from waflows.errors import NotFound
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.endpoint import made_up_files

_HEADERS = {"Cache-Control": "private, max-age=3600"}


async def download_media(call: Call[NoQuery, None]) -> Reply:
    """Returns a file of a simulated phone by its link.

    It is encrypted, as WhatsApp encrypts uploaded files for an endpoint. It stands in for the file
    that was picked, which never leaves the browser.
    """
    file = made_up_files.cdn_file(call.state.secret, call.path["token"])
    if file is None:
        raise NotFound("This link is not valid: it has expired, or this server did not issue it.")
    return Reply(file, headers=dict(_HEADERS), content_type="application/octet-stream")


_links = RouteGroup("", tag="Links", scope=Scope.PUBLIC)
ROUTES: list[Route] = [
    _links.get(
        made_up_files.PATH,
        download_media,
        "Fetch a file of a simulated phone",
        answers=str,
        produces="application/octet-stream",
    ),
]
