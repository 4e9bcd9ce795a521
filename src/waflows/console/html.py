"""Rendering a page: a template, and the headers that keep it safe.

Pages load nothing from other servers and run no inline scripts, which the Content-Security-Policy
enforces. Text of a flow never becomes markup.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from waflows import times
from waflows.http.route import Reply

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

HTML = "text/html"
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors {ancestors}"
)


def policy(*, style: str = "", forms: str = "'none'", ancestors: str = "'none'") -> str:
    """Returns the Content-Security-Policy of a page; each argument widens one directive."""
    return _POLICY.format(style=f" {style}" if style else "", forms=forms, ancestors=ancestors)


def page(
    template: str,
    content_policy: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Reply:
    """Renders a template as a page; `headers` are added to the common ones."""
    from waflows import __version__

    html = _templates().get_template(template).render(version=__version__, **values)
    own = {"Content-Security-Policy": content_policy, "Cache-Control": "no-store"}
    return Reply(
        html.encode("utf-8"), status, COMMON_HEADERS | own | (headers or {}), content_type=HTML
    )


@functools.cache
def _templates() -> jinja2.Environment:
    # Imported with the first page, so that it does not slow the server's start.
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("waflows.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["when"] = _when
    templates.filters["size"] = _size
    templates.filters["with_code"] = _with_code
    return templates


def _with_code(text: str) -> Markup:
    """Marks up one of our messages, which name commands `like this`."""
    from markupsafe import Markup, escape

    marked = re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(marked)  # noqa: S704 - escaped above


def _when(at_ms: int) -> Markup:
    """Shows a stored time, in UTC to the minute."""
    from markupsafe import Markup

    exact = times.iso(at_ms)
    shown = f"{exact[:10]} {exact[11:16]}"
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(exact, shown, shown)


def _size(count: int) -> str:
    """Shows a number of bytes in a readable unit."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}".replace(".0 ", " ")
    return f"{count} bytes"
