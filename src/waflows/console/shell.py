"""What every page of the console has around it: the sections, the notice, the error page.

A part of the console adds its line to `SECTIONS` and draws its pages with `show`.
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
    """An entry of the bar at the top."""

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
"""What `done=` in an address says on the page it leads to."""

_HEADERS = {
    # With no referrer at all, browsers would send "Origin: null" with a form.
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
    """A page of the console for whoever is signed in.

    `style` is one more source of styles that the page's policy allows, such as a nonce.
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
    """A page for whoever asks, without anything of an account on it."""
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
    """An error as a page."""
    sections = _sections(settings, None) if signed_in else []
    return plain("error.html", sections=sections, refusal=refusal)


def _sections(settings: Settings, principal: Principal | None) -> list[Section]:
    """The sections that are there, for whoever may see them as far as that is known."""
    phone = settings.simulated_phone and (principal is None or principal.sees_whole_chats)
    return [each for each in SECTIONS if phone or each.id != _PHONE]


def flow_path(flow_id: str) -> str:
    """The address of a flow's own page."""
    return FLOW_PATH.format(flowId=flow_id)


def see(path: str, **query: str) -> Reply:
    """Leads the browser on to another page, after a form was done."""
    target = f"{path}?{urlencode(query)}" if query else path
    return Reply(None, 303, {"Location": target, "Cache-Control": "no-store"})
