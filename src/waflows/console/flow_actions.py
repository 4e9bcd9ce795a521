"""Actions on a whole flow: publish, deprecate, delete, export, open its preview.

An action that cannot be undone has a page of its own that says so and asks for confirmation.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from waflows.console import shell
from waflows.console.resource import OnPage
from waflows.errors import NotFound, WaflowsError
from waflows.http.downloads import attachment
from waflows.http.reading import WholeNumber
from waflows.http.refusals import Refusal
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.flows import browsing, editing, endpoint_health, preview_access
from waflows.storage.flows import Flow

_UNFIT_FOR_FILES = re.compile(r"[^A-Za-z0-9]+")


class Question(msgspec.Struct, frozen=True):
    """The question on the page that confirms an action."""

    action: str
    title: str
    warning: str
    button: str
    dangerous: bool = True


class ConfirmForm(msgspec.Struct, frozen=True):
    """The confirmation; `revision` is the text that the page was about, where that matters."""

    revision: WholeNumber = 0


_PUBLISH = Question(
    "publish",
    "Publish",
    "Publishing is final: a published flow can be neither changed nor deleted. It can be"
    " deprecated, and cloned into a new draft.",
    "Publish for good",
    dangerous=False,
)
_DEPRECATE = Question(
    "deprecate",
    "Deprecate",
    "Deprecating is final: the flow stays listed, and can be neither sent nor published again.",
    "Deprecate for good",
)
_DELETE = Question(
    "delete",
    "Delete",
    "Deleting is final: the draft goes with its whole history.",
    "Delete permanently",
)


async def publish_page(call: Call[NoQuery, None]) -> Reply:
    """Asks whether to publish, and lists what prevents it."""
    return await _ask(call, _PUBLISH)


async def publish(call: Call[NoQuery, ConfirmForm]) -> Reply:
    """Publishes a draft."""
    return await _carry_out(
        call,
        _PUBLISH,
        lambda: endpoint_health.checked(
            call.state.outside, editing.publish, call.principal, call.flow_id, call.body.revision
        ),
        shell.see(shell.flow_path(call.flow_id), done="published"),
    )


async def deprecate_page(call: Call[NoQuery, None]) -> Reply:
    """Asks whether to deprecate."""
    return await _ask(call, _DEPRECATE)


async def deprecate(call: Call[NoQuery, ConfirmForm]) -> Reply:
    """Deprecates a published flow."""
    return await _carry_out(
        call,
        _DEPRECATE,
        lambda: call.state.db.run(editing.deprecate, call.principal, call.flow_id),
        shell.see(shell.flow_path(call.flow_id), done="deprecated"),
    )


async def delete_page(call: Call[NoQuery, None]) -> Reply:
    """Asks whether to delete."""
    return await _ask(call, _DELETE)


async def delete(call: Call[NoQuery, ConfirmForm]) -> Reply:
    """Deletes a draft."""
    return await _carry_out(
        call,
        _DELETE,
        lambda: call.state.db.run(editing.delete, call.principal, call.flow_id),
        shell.see(shell.HOME, done="deleted"),
    )


async def export(call: Call[NoQuery, None]) -> Reply:
    """Returns the Flow JSON as a file, byte for byte."""
    flow, _, text = await call.state.db.read(editing.opened, call.principal, call.flow_id)
    if text is None:
        raise NotFound("This flow has no Flow JSON yet.")
    name = _UNFIT_FOR_FILES.sub("-", flow.name).strip("-").lower() or "flow"
    return Reply(text.encode("utf-8"), headers=attachment(f"{name[:60]}-{flow.id}.json"))


async def preview(call: Call[NoQuery, None]) -> Reply:
    """Redirects to the flow's preview."""
    state = call.state
    flow = await state.db.read(browsing.find, call.principal, call.flow_id)
    preview = await preview_access.get_preview(
        state.db,
        flow.account_id,
        flow.channel_id,
        flow.id,
        state.settings.preview_hours,
        replace=False,
    )
    grant = preview_access.grant_to(call.principal)
    return shell.see(preview_access.link_to(preview, state.secret, call.base_url, grant).url)


async def _ask(call: Call[Any, Any], question: Question) -> Reply:
    flow, unmet = await _find(call, question)
    return _page(call, question, flow, unmet)


async def _carry_out(
    call: Call[Any, Any], question: Question, do: Callable[[], Awaitable[object]], then: Reply
) -> Reply:
    flow, unmet = await _find(call, question)
    try:
        await do()
    except WaflowsError as error:
        raise OnPage(error, lambda refusal: _page(call, question, flow, unmet, refusal)) from error
    return then


async def _find(call: Call[Any, Any], question: Question) -> tuple[Flow, list[str]]:
    if question is _PUBLISH:
        return await endpoint_health.checked(
            call.state.outside, editing.unmet, call.principal, call.flow_id
        )
    return await call.state.db.read(browsing.find, call.principal, call.flow_id), []


def _page(
    call: Call[Any, Any],
    question: Question,
    flow: Flow,
    unmet: list[str],
    refusal: Refusal | None = None,
) -> Reply:
    return shell.show(
        call,
        "flow_confirm.html",
        "flows",
        question=question,
        flow=flow,
        unmet=unmet,
        refusal=refusal,
    )


_flow = RouteGroup(shell.FLOW_PATH, tag="Console", prefix="console", documented=False)
_final = RouteGroup(
    shell.FLOW_PATH,
    tag="Console",
    prefix="console",
    scope=Scope.WRITE,
    whole_channel=True,
    documented=False,
)
ROUTES: list[Route] = [
    _final.get("/publish", publish_page, "Ask whether to publish"),
    _final.post("/publish", publish, "Publish a draft", body=ConfirmForm),
    _final.get("/deprecate", deprecate_page, "Ask whether to deprecate"),
    _final.post("/deprecate", deprecate, "Deprecate a published flow", body=ConfirmForm),
    _final.get("/delete", delete_page, "Ask whether to delete"),
    _final.post("/delete", delete, "Delete a draft", body=ConfirmForm),
    _flow.get("/export", export, "Download the Flow JSON"),
    _flow.get("/preview", preview, "Open a flow's preview"),
]
