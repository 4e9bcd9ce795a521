"""The forms for creating a flow and for changing its name, categories and endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from waflows import samples
from waflows.console import shell
from waflows.console.resource import OnPage
from waflows.errors import Forbidden, InvalidParameter, OutOfRange, WaflowsError
from waflows.http.reading import WholeNumber
from waflows.http.refusals import Refusal
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.endpoint import endpoint_keys
from waflows.services.flows import browsing, editing, lifecycle
from waflows.services.flows.categories import Category
from waflows.services.flows.contents import GivenContent
from waflows.storage.flows import Flow

_BLANK = "blank"
_SAMPLE = "sample:"
_CLONE = "clone:"


class NewQuery(msgspec.Struct, frozen=True):
    """What to fill in: a channel, and a flow to clone."""

    channel: str = ""
    clone: str = ""


class NewForm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A flow to create. `start` is `blank`, `sample:NAME` or `clone:ID`."""

    name: str = ""
    categories: list[str] = []
    channel: str = ""
    start: str = _BLANK
    end_point_uri: str = ""


class SettingsQuery(msgspec.Struct, frozen=True):
    """The notice to show; see `shell`."""

    done: str = ""


class SettingsForm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A draft's name, categories and endpoint; an empty endpoint removes it."""

    name: str = ""
    categories: list[str] = []
    end_point_uri: str = ""
    updated_at: WholeNumber = 0


async def new_flow(call: Call[NewQuery, None]) -> Reply:
    """Shows the form for a new flow."""
    filled_in = NewForm(channel=call.query.channel)
    if call.query.clone:
        source = await call.state.db.read(browsing.find, call.principal, call.query.clone)
        filled_in = NewForm(
            name=f"Copy of {source.name}"[: lifecycle.NAME_LENGTH],
            categories=source.categories,
            channel=source.channel_id,
            start=f"{_CLONE}{source.id}",
            end_point_uri=source.endpoint_uri or "",
        )
    return await _new_form(call, filled_in)


async def create_flow(call: Call[NoQuery, NewForm]) -> Reply:
    """Creates a draft."""
    form = call.body
    draw = await _drawer(call, form)
    try:
        content = await call.state.check_content(call.account_id, _given(form))
        if not call.principal.may_use(form.channel):
            raise Forbidden(f"This API key may not use channel {form.channel}.")
        flow = await call.state.db.run(
            lifecycle.create, call.account_id, form.channel, content, call.principal.channel_ids
        )
    except WaflowsError as error:
        raise OnPage(error, draw) from error
    return shell.see(shell.flow_path(flow.id), done="created")


async def settings(call: Call[SettingsQuery, None]) -> Reply:
    """Shows a flow's name, categories and endpoint."""
    flow = await call.state.db.read(browsing.find, call.principal, call.flow_id)
    form = SettingsForm(
        name=flow.name,
        categories=flow.categories,
        end_point_uri=flow.endpoint_uri or "",
        updated_at=flow.updated_at,
    )
    return (await _settings_drawer(call, flow, form))(None)


async def change_settings(call: Call[NoQuery, SettingsForm]) -> Reply:
    """Changes a draft's name, categories and endpoint."""
    form = call.body
    flow = await call.state.db.read(browsing.find, call.principal, call.flow_id)
    draw = await _settings_drawer(call, flow, form)
    try:
        uri = form.end_point_uri.strip()
        given = GivenContent(
            name=form.name,
            categories=_categories(form.categories),
            endpoint_uri=uri or None,
        )
        content = await call.state.check_content(call.account_id, given)
        # The form has every field, so an empty endpoint means to remove it.
        content = msgspec.structs.replace(content, endpoint_uri=uri)
        await call.state.db.run(
            editing.change_settings, call.principal, call.flow_id, content, form.updated_at
        )
    except WaflowsError as error:
        raise OnPage(error, draw) from error
    return shell.see(f"{shell.flow_path(flow.id)}/settings", done="settings")


def _given(form: NewForm) -> GivenContent:
    flow_json: str | None = None
    clone: str | None = None
    by_name = {sample.name: sample.flow_json for sample in samples.all_samples()}
    if form.start.startswith(_CLONE):
        clone = form.start.removeprefix(_CLONE)
    elif form.start.startswith(_SAMPLE) and form.start.removeprefix(_SAMPLE) in by_name:
        flow_json = by_name[form.start.removeprefix(_SAMPLE)]
    elif form.start == _BLANK:
        flow_json = samples.blank()
    else:
        raise InvalidParameter("Choose what to start from.")
    return GivenContent(
        name=form.name,
        categories=_categories(form.categories),
        flow_json=flow_json,
        clone_flow_id=clone,
        endpoint_uri=form.end_point_uri.strip() or None,
    )


def _categories(names: list[str]) -> list[Category]:
    if not names:
        raise OutOfRange("Choose at least one category.")
    if unknown := [name for name in names if name not in Category.__members__]:
        raise InvalidParameter(f"There is no category {unknown[0]!r}.")
    return [Category(name) for name in names]


async def _new_form(call: Call[Any, Any], form: NewForm) -> Reply:
    draw = await _drawer(call, form)
    return draw(None)


async def _drawer(call: Call[Any, Any], form: NewForm) -> Callable[[Refusal | None], Reply]:
    """Returns a function that renders the form, with or without an error, from data read now."""
    channels = await call.state.db.read(browsing.channels, call.principal)
    source: Flow | None = None
    if form.start.startswith(_CLONE):
        source = await call.state.db.read(
            browsing.find, call.principal, form.start.removeprefix(_CLONE)
        )

    def draw(refusal: Refusal | None) -> Reply:
        return shell.show(
            call,
            "flow_new.html",
            "flows",
            form=form,
            channels=channels,
            categories=list(Category),
            samples=samples.all_samples(),
            source=source,
            refusal=refusal,
        )

    return draw


async def _settings_drawer(
    call: Call[Any, Any], flow: Flow, form: SettingsForm
) -> Callable[[Refusal | None], Reply]:
    """Returns a function that renders the settings, with or without an error."""
    endpoint = await call.state.db.read(
        endpoint_keys.standing, flow.account_id, flow.channel_id, flow.endpoint_uri
    )

    def draw(refusal: Refusal | None) -> Reply:
        return shell.show(
            call,
            "flow_settings.html",
            "flows",
            flow=flow,
            tab="settings",
            form=form,
            categories=list(Category),
            endpoint=endpoint,
            refusal=refusal,
        )

    return draw


_flows = RouteGroup(
    shell.HOME, tag="Console", prefix="console", whole_channel=True, documented=False
)
ROUTES: list[Route] = [
    _flows.get("/new", new_flow, "Show the form for a new flow", scope=Scope.WRITE, query=NewQuery),
    _flows.post("", create_flow, "Create a flow", body=NewForm),
    _flows.get(
        "/{flowId}/settings",
        settings,
        "Show a flow's name, categories and endpoint",
        query=SettingsQuery,
        whole_channel=False,
    ),
    _flows.post(
        "/{flowId}/settings",
        change_settings,
        "Change a draft's name, categories and endpoint",
        body=SettingsForm,
    ),
]
