"""The pages that need no sign-in and the static files."""

from __future__ import annotations

import hashlib
import mimetypes
from importlib import resources

from waflows.console.html import COMMON_HEADERS, page, policy
from waflows.errors import NotFound
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup

_STATIC = resources.files("waflows.console") / "static"


async def home(call: Call[NoQuery, None]) -> Reply:
    """Redirects from the server's root to the console."""
    return Reply(None, 307, {"Location": "/console", "Cache-Control": "no-store"})


async def docs(call: Call[NoQuery, None]) -> Reply:
    """Shows the API's documentation."""
    # Swagger UI sets style attributes, which need inline styles.
    return page("docs.html", policy(style="'unsafe-inline'"))


async def static_file(call: Call[NoQuery, None]) -> Reply:
    """Returns a file that a page needs."""
    return read_static(call.path["file"])


def read_static(name: str) -> Reply:
    """Returns a static file by its name; raises NotFound."""
    found = {entry.name: entry for entry in _STATIC.iterdir()} if _STATIC.is_dir() else {}
    if name not in found or name.startswith("."):
        raise NotFound(f"There is no file {name!r} here.")
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    content = found[name].read_bytes()
    # Revalidated each time, so that a page never gets a script of another version.
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = COMMON_HEADERS | {"Cache-Control": "public, no-cache", "ETag": etag}
    return Reply(content, headers=headers, content_type=content_type)


_pages = RouteGroup("", tag="Pages", scope=Scope.PUBLIC, documented=False)
ROUTES: list[Route] = [
    _pages.get("/", home, "Lead to the console"),
    _pages.get("/docs", docs, "Show the API's documentation"),
    _pages.get("/static/{file}", static_file, "Return a file of a page"),
]
