"""The page of a flow's JSON: a code editor that checks while typing and saves the draft.

Without scripts the editor is a text field, and the findings are those of the last saved text.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import msgspec

from waflows.console import language, shell
from waflows.console.resource import OnPage
from waflows.errors import InvalidFlowJson, WaflowsError
from waflows.flowjson.diagnostics import MOST_FAULTS, Diagnostic
from waflows.flowjson.layout import CannotLayOut, lay_out
from waflows.flowjson.linter import Report
from waflows.http import limits
from waflows.http.reading import WholeNumber
from waflows.http.refusals import Refusal
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.flows import editing
from waflows.storage.flows import Flow, Status

# Rendering longer texts takes more than a few milliseconds, too long for the event loop.
_SHORT = 64 * 1024
_STAY, _PUBLISH = "stay", "publish"


class TextQuery(msgspec.Struct, frozen=True):
    """The notice to show; see `shell`."""

    done: str = ""


class TextForm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A text to save, and the revision it is based on.

    `then` is `publish` to continue to publishing, `stay` for a script that stays on the page.
    """

    flow_json: str = ""
    revision: WholeNumber = 0
    then: str = ""


class CheckBody(msgspec.Struct, frozen=True, rename="camel"):
    """A text to check."""

    flow_json: str


class Formatted(msgspec.Struct, frozen=True, rename="camel"):
    """A formatted text."""

    flow_json: str


class Place(msgspec.Struct, frozen=True):
    """The position of a finding; lines and columns count code points from 1, ends are inclusive."""

    line: int
    column: int
    last_line: int
    last_column: int
    path: str


class Finding(msgspec.Struct, frozen=True):
    """A finding as the editor shows it."""

    severity: str
    code: str
    message: str
    help: str
    places: list[Place]


class CheckedText(msgspec.Struct, frozen=True):
    """The findings on a text, errors and warnings, in the order of the text.

    `complete` is false when there are more findings than these.
    """

    faults: list[Finding]
    complete: bool


class SavedText(msgspec.Struct, frozen=True):
    """A saved text, and what prevents the flow from being published."""

    revision: int
    unmet: list[str]


async def show_flow(call: Call[TextQuery, None]) -> Reply:
    """Shows a flow and its JSON."""
    flow, checked, text = await call.state.db.read_slow(
        editing.opened, call.principal, call.flow_id
    )
    found = await _stored_findings(call, text or "", checked.findings)
    return await _render(call, flow, text or "", flow.revision, found)


async def save_text(call: Call[NoQuery, TextForm]) -> Reply:
    """Saves a text as the draft's next revision."""
    form = call.body
    try:
        text = await call.state.checker.check(call.account_id, form.flow_json)
        flow, unmet = await call.state.db.run(
            editing.save_text, call.principal, call.flow_id, text, form.revision
        )
    except WaflowsError as error:
        raise OnPage(error, await _with_text(call, form)) from error
    if form.then == _STAY:
        return Reply(SavedText(flow.revision, unmet))
    path = shell.flow_path(flow.id)
    return shell.see(f"{path}/publish") if form.then == _PUBLISH else shell.see(path, done="saved")


async def check(call: Call[NoQuery, CheckBody]) -> Reply:
    """Validates a text with the rules that apply to publishing."""
    report = await call.state.checker.report(call.account_id, call.body.flow_json)
    return Reply(_checked(report))


async def layout(call: Call[NoQuery, CheckBody]) -> Reply:
    """Formats a text, changing white space only."""
    text = call.body.flow_json.removeprefix("\ufeff")
    try:
        formatted = await asyncio.to_thread(lay_out, text)
    except CannotLayOut:
        raise InvalidFlowJson("Only valid JSON can be formatted; fix the text first.") from None
    return Reply(Formatted(formatted))


async def language_json(call: Call[NoQuery, None]) -> Reply:
    """Returns the words of Flow JSON, which the editor suggests."""
    headers = {"Cache-Control": "private, max-age=3600"}
    return Reply(language.vocabulary(), headers=headers)


def findings_of(diagnostics: list[Diagnostic]) -> list[Finding]:
    """Returns findings as the editor and the list beside it show them."""
    return [
        Finding(
            found.severity,
            found.code,
            found.message,
            found.help,
            [
                Place(p.line_start, p.column_start, p.line_end, p.column_end, p.path)
                for p in found.pointers
            ],
        )
        for found in diagnostics
    ]


def _checked(report: Report) -> CheckedText:
    return CheckedText(findings_of(report.diagnostics), report.complete)


async def _stored_findings(
    call: Call[Any, Any], text: str, stored: list[Diagnostic]
) -> CheckedText:
    """The findings stored with a text, and whether they are all of them.

    Only the findings are stored, so a list as long as the validator ever returns is checked again.
    """
    complete = len(stored) < MOST_FAULTS
    if not complete:
        complete = (await call.state.checker.report(call.account_id, text)).complete
    return CheckedText(findings_of(stored), complete)


async def _with_text(call: Call[NoQuery, TextForm], form: TextForm) -> Any:
    """Returns a function that renders the page again with the text that could not be saved."""
    flow, _, _ = await call.state.db.read(editing.opened, call.principal, call.flow_id)
    report = await call.state.checker.report(call.account_id, form.flow_json)
    found = _checked(report)

    def draw(refusal: Refusal) -> Reply:
        return _page(call, flow, form.flow_json, form.revision, found, refusal)

    return draw


async def _render(
    call: Call[Any, Any], flow: Flow, text: str, revision: int, found: CheckedText
) -> Reply:
    if len(text) <= _SHORT:
        return _page(call, flow, text, revision, found)
    return await asyncio.to_thread(_page, call, flow, text, revision, found)


def _page(
    call: Call[Any, Any],
    flow: Flow,
    text: str,
    revision: int,
    found: CheckedText,
    refusal: Refusal | None = None,
) -> Reply:
    # The editor adds styles at run time, which the nonce allows.
    nonce = secrets.token_urlsafe(16)
    return shell.show(
        call,
        "flow_text.html",
        "flows",
        style=f"'nonce-{nonce}'",
        nonce=nonce,
        flow=flow,
        tab="text",
        text=text,
        revision=revision,
        faults=found.faults,
        complete=found.complete,
        writable=flow.status is Status.DRAFT and call.principal.may_change_flows,
        refusal=refusal,
    )


_console = RouteGroup("/console", tag="Console", prefix="console", documented=False)
_flow = RouteGroup(shell.FLOW_PATH, tag="Console", prefix="console", documented=False)
ROUTES: list[Route] = [
    _flow.get("", show_flow, "Show a flow and its JSON", name="consoleFlow", query=TextQuery),
    _flow.post(
        "",
        save_text,
        "Save a draft's Flow JSON",
        body=TextForm,
        max_body=limits.FLOW_JSON,
        whole_channel=True,
    ),
    _console.post(
        "/check",
        check,
        "Check a Flow JSON while it is typed",
        scope=Scope.READ,
        body=CheckBody,
        max_body=limits.FLOW_JSON,
    ),
    _console.post(
        "/layout",
        layout,
        "Format a Flow JSON",
        scope=Scope.READ,
        body=CheckBody,
        max_body=limits.FLOW_JSON,
    ),
    _console.get(
        "/language.json", language_json, "List the words of Flow JSON", name="consoleLanguage"
    ),
]
