"""The frame of every page of the console: the sections, the notice, the error page.

A part of the console adds its entry to `SECTIONS` and renders its pages with `show`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from waflows.console.html import page, policy
from waflows.http.refusals import Refusal
from waflows.http.route import Call, Reply
from waflows.services.accounts.accounts import Principal
from waflows.settings import Settings

HOME = "/console/flows"
FLOW_PATH = f"{HOME}/{{flowId}}"


class Section(msgspec.Struct, frozen=True):
    """An entry of the navigation bar."""

    id: str
    title: str
    href: str


_PHONE = "phone"
SECTIONS = [
    Section("flows", "Flows", HOME),
    Section("responses", "Responses", "/console/responses"),
    Section(_PHONE, "Phone", "/console/phone"),
    Section("errors", "Errors", "/console/errors"),
    Section("docs", "API", "/docs"),
]

_NOTICES = {
    "created": "The flow was created.",
    "saved": "The draft was saved.",
    "settings": "The settings were saved.",
    "published": "The flow is published.",
    "deprecated": "The flow is deprecated.",
    "deleted": "The draft was deleted.",
    "forgotten": "The response was deleted.",
    "restored": "The earlier text is the draft's text again.",
}
"""The notices that `done=` in an address shows."""

_HEADERS = {
    # Without any referrer, browsers send "Origin: null" with a form.
    "Referrer-Policy": "same-origin",
}


def show(
    call: Call[Any, Any],
    template: str,
    section: str,
    *,
    style: str = "",
    status: int = 200,
    **values: Any,
) -> Reply:
    """Renders a page for whoever is signed in.

    `style` is an additional source of styles that the page's policy allows, such as a nonce.
    """
    done = getattr(call.query, "done", "")
    return page(
        template,
        policy(forms="'self'", style=style),
        status=status,
        headers=_HEADERS,
        sections=_sections(call.state.settings, call.caller),
        section=section,
        principal=call.caller,
        notice=_NOTICES.get(done, ""),
        **values,
    )


def plain(
    template: str, *, section: str = "", sections: Sequence[Section] = (), **values: Any
) -> Reply:
    """Renders a page for anyone, without any data of an account."""
    return page(
        template,
        policy(forms="'self'"),
        headers=_HEADERS,
        sections=sections,
        section=section,
        principal=None,
        notice="",
        **values,
    )


def error_page(refusal: Refusal, settings: Settings, *, signed_in: bool) -> Reply:
    """Renders an error as a page."""
    sections = _sections(settings, None) if signed_in else []
    return plain("error.html", sections=sections, refusal=refusal)


def _sections(settings: Settings, principal: Principal | None) -> list[Section]:
    """Returns the sections that the caller, if known, may see."""
    phone = settings.simulated_phone and (principal is None or principal.sees_whole_chats)
    return [each for each in SECTIONS if phone or each.id != _PHONE]


def flow_path(flow_id: str) -> str:
    """Returns the address of a flow's page."""
    return FLOW_PATH.format(flowId=flow_id)


def see(path: str, **query: str) -> Reply:
    """Redirects the browser to another page after a form was submitted."""
    target = f"{path}?{urlencode(query)}" if query else path
    return Reply(None, 303, {"Location": target, "Cache-Control": "no-store"})
