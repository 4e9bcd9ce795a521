"""The pages that need no sign-in, the static files, and the routes of both."""

from __future__ import annotations

import hashlib
import mimetypes
from importlib import resources

from waflows.console import preview_page
from waflows.console.html import COMMON_HEADERS, page, policy
from waflows.errors import NotFound
from waflows.http.route import Call, NoQuery, Reply, Route, Scope

_STATIC = resources.files("waflows.console") / "static"


async def home(call: Call[NoQuery, None]) -> Reply:
    """Where whoever opens the server's address is sent."""
    return Reply(None, 307, {"Location": "/console", "Cache-Control": "no-store"})


async def docs(call: Call[NoQuery, None]) -> Reply:
    """The API's documentation."""
    # Swagger UI sets style attributes on what it draws, hence the inline styles.
    return page("docs.html", policy(style="'unsafe-inline'"))


async def static_file(call: Call[NoQuery, None]) -> Reply:
    """A file that a page needs."""
    return read_static(call.path["file"])


def read_static(name: str) -> Reply:
    """A static file by its name; raises NotFound."""
    found = {entry.name: entry for entry in _STATIC.iterdir()} if _STATIC.is_dir() else {}
    if name not in found or name.startswith("."):
        raise NotFound(f"There is no file {name!r} here.")
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    content = found[name].read_bytes()
    # Asked about each time, so that no page meets a script of another version.
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = COMMON_HEADERS | {"Cache-Control": "public, no-cache", "ETag": etag}
    return Reply(content, headers=headers, content_type=content_type)


PAGES: list[Route] = [
    Route(method="GET", path="/", handler=home, scope=Scope.PUBLIC, tag="Pages",
          name="home", summary="Leads to the console", documented=False),
    Route(method="GET", path="/docs", handler=docs, scope=Scope.PUBLIC, tag="Pages",
          name="docs", summary="The API's documentation", documented=False),
    *preview_page.ROUTES,
    Route(method="GET", path="/static/{file}", handler=static_file, scope=Scope.PUBLIC,
          tag="Pages", name="staticFile", summary="A file of a page", documented=False),
]  # fmt: skip
