"""The pages and their static files, and the table of their addresses.

Pages load nothing from outside and run no script that stands in the page itself; the
Content-Security-Policy says so to the browser. Text of a flow never becomes markup.
"""

from __future__ import annotations

import functools
import mimetypes
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from waflows.api.links import PREVIEW_PATH, LinkQuery, previewed
from waflows.api.route import Call, NoQuery, Reply, Route, Scope
from waflows.errors import NotFound

if TYPE_CHECKING:
    import jinja2

_STATIC = resources.files("waflows.console") / "static"
_HTML = "text/html"
_COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{inline}; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)


async def home(call: Call[NoQuery, None]) -> Reply:
    """Where whoever opens the server's address is sent."""
    return Reply(None, 307, {"Location": "/docs", "Cache-Control": "no-store"})


async def docs(call: Call[NoQuery, None]) -> Reply:
    """The API's documentation."""
    # Swagger UI sets style attributes on what it draws, hence the inline styles.
    return _page("docs.html", _POLICY.format(inline=" 'unsafe-inline'", ancestors="'none'"))


async def preview(call: Call[LinkQuery, None]) -> Reply:
    """A flow as its preview link shows it."""
    flow, text = await previewed(call)
    # The link is meant to be embedded in other pages, as Meta's is.
    policy = _POLICY.format(inline="", ancestors="*")
    return _page("preview.html", policy, flow=flow, flow_json=_indented(text))


async def static_file(call: Call[NoQuery, None]) -> Reply:
    """A file that a page needs."""
    name = call.path["file"]
    found = {entry.name: entry for entry in _STATIC.iterdir()} if _STATIC.is_dir() else {}
    if name not in found or name.startswith("."):
        raise NotFound(f"There is no file {name!r} here.")
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = _COMMON_HEADERS | {"Cache-Control": "public, max-age=86400"}
    return Reply(found[name].read_bytes(), headers=headers, content_type=content_type)


def _page(template: str, policy: str, **values: object) -> Reply:
    from waflows import __version__

    html = _templates().get_template(template).render(version=__version__, **values)
    headers = _COMMON_HEADERS | {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return Reply(html.encode("utf-8"), headers=headers, content_type=_HTML)


@functools.cache
def _templates() -> jinja2.Environment:
    # Imported for the first page: a server's start need not wait for it.
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("waflows.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _indented(text: str | None) -> str:
    """A Flow JSON laid out for reading: new line breaks and blanks, every token as it was."""
    if text is None:
        return ""
    try:
        return msgspec.json.format(text.removeprefix("\ufeff"), indent=2)
    except (msgspec.DecodeError, RecursionError):
        return text


PAGES: list[Route] = [
    Route(method="GET", path="/", handler=home, scope=Scope.PUBLIC, tag="Pages",
          name="home", summary="Leads to the documentation", documented=False),
    Route(method="GET", path="/docs", handler=docs, scope=Scope.PUBLIC, tag="Pages",
          name="docs", summary="The API's documentation", documented=False),
    Route(method="GET", path=PREVIEW_PATH, handler=preview, scope=Scope.PUBLIC, tag="Pages",
          name="previewPage", summary="A flow's preview", query=LinkQuery, documented=False),
    Route(method="GET", path="/static/{file}", handler=static_file, scope=Scope.PUBLIC,
          tag="Pages", name="staticFile", summary="A file of a page", documented=False),
]  # fmt: skip
