"""Whether a message may open a flow, and with what: checked before it is sent."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from waflows.errors import (
    InvalidParameter,
    NotADraft,
    NotFound,
    NotPublishable,
    NotPublished,
    OutOfRange,
)
from waflows.flowjson import screen_data
from waflows.runtime import Unplayable, load
from waflows.runtime.values import too_large
from waflows.services.cache import BoundedCache
from waflows.services.flows import texts
from waflows.storage import flows as store
from waflows.storage.database import Transaction
from waflows.storage.flows import Flow, Status
from waflows.storage.messages import SentFlow

FIRST_ENTRY_SCREEN = "FIRST_ENTRY_SCREEN"
"""8x8's name for the default entry screen."""

_MOST_LISTED = 20
# The text of a revision never changes, so what is known about it can be cached.
_MOST_KEPT = 256


class Opening(msgspec.Struct, frozen=True):
    """How a caller wants a flow opened. None means the flow's default."""

    flow_id: str
    mode: Literal["published", "draft"] = "published"
    action: Literal["navigate", "data_exchange"] = "navigate"
    screen: str | None = None
    data: dict[str, Any] | None = None


class _Entrances(msgspec.Struct, frozen=True):
    """What decides how a Flow JSON may be opened: the data models of its entry screens."""

    endpoint: bool
    models: dict[str, dict[str, Any]]


_kept: BoundedCache[tuple[str, str, int], _Entrances] = BoundedCache(_MOST_KEPT)


def opened(tx: Transaction, account_id: str, channel_id: str, wanted: Opening) -> SentFlow:
    """The flow as a message carries it, without its token.

    Raises NotFound for a flow the channel does not have, NotPublished, NotADraft or NotPublishable
    for one that cannot be sent in this mode, InvalidParameter for a screen or data it does not
    accept, OutOfRange for more data than a screen may hold.
    """
    known = wanted.flow_id.isdecimal()
    flow = store.find(tx, account_id, channel_id, wanted.flow_id) if known else None
    if flow is None:
        raise NotFound(
            f"Flow not found: the channel of this sub-account has no flow {wanted.flow_id[:64]}."
        )
    _check_mode(tx, flow, wanted.mode)
    entrances = _entrances(tx, flow)
    if wanted.action == "data_exchange":
        _check_data_exchange(flow, entrances, wanted)
        return SentFlow(id=flow.id, revision=flow.revision, token="", action="data_exchange")
    screen = _entry_screen(flow, entrances, wanted.screen)
    data = wanted.data or {}
    _check_data(entrances.models[screen], data, wanted, screen)
    return SentFlow(
        id=flow.id, revision=flow.revision, token="", action="navigate", screen=screen, data=data
    )


def check_entrance(tx: Transaction, flow: Flow, action: str, screen: str | None) -> None:
    """Raises InvalidParameter for a way to open a flow that its Flow JSON does not support.

    A flow without Flow JSON is accepted: it may get one before it is sent.
    """
    if flow.revision == 0:
        return
    entrances = _entrances(tx, flow)
    if action == "data_exchange":
        _check_data_exchange(flow, entrances, Opening(flow.id, screen=screen))
    else:
        _entry_screen(flow, entrances, screen)


def _check_mode(tx: Transaction, flow: Flow, mode: str) -> None:
    if mode == "published":
        if flow.status is not Status.PUBLISHED:
            hint = ' Send a draft with mode "draft".' if flow.status is Status.DRAFT else ""
            raise NotPublished(f"Flow is not published: flow {flow.id} is {flow.status}.{hint}")
        return
    if flow.status is not Status.DRAFT:
        raise NotADraft(
            f'Flow must be in DRAFT status to be sent with mode "draft": flow {flow.id} is'
            f" {flow.status}."
        )
    if flow.revision == 0:
        raise NotPublishable(f"Flow {flow.id} has no Flow JSON yet, so nobody could open it.")
    if errors := texts.errors_of(texts.checked(tx, flow).findings):
        raise NotPublishable(
            f"Flow {flow.id} has validation errors, so a phone would not open it; the first:"
            f" {errors[0].message[:150]}"
        )


def _check_data_exchange(flow: Flow, entrances: _Entrances, wanted: Opening) -> None:
    if not entrances.endpoint:
        raise InvalidParameter(
            f'flowAction "data_exchange" needs a data endpoint, and flow {flow.id} has none:'
            " its Flow JSON has no data_api_version."
        )
    if wanted.screen is not None or wanted.data is not None:
        raise InvalidParameter(
            'A screen and data go with flowAction "navigate" only: with "data_exchange" the'
            " endpoint says which screen is first and what it shows."
        )


def _entry_screen(flow: Flow, entrances: _Entrances, screen: str | None) -> str:
    names = list(entrances.models)
    if screen is None or screen == FIRST_ENTRY_SCREEN:
        return names[0]
    if screen not in entrances.models:
        raise InvalidParameter(
            f"screen {screen[:100]!r} is not an entry screen of flow {flow.id};"
            f" {'its only one is' if len(names) == 1 else 'those are'}"
            f" {', '.join(names[:_MOST_LISTED])}."
        )
    return screen


def _check_data(model: dict[str, Any], data: dict[str, Any], wanted: Opening, screen: str) -> None:
    if wanted.data is not None and not wanted.data:
        raise InvalidParameter("data must be an object that is not empty; leave it out instead.")
    if too_large(data):
        raise OutOfRange("data is larger than a screen may hold.")
    if found := screen_data.faults(model, data):
        raise InvalidParameter(
            f"The data does not fit the data model of screen {screen}: {'; '.join(found)}."
        )


def _entrances(tx: Transaction, flow: Flow) -> _Entrances:
    key = (flow.account_id, flow.id, flow.revision)
    known = _kept.get(key)
    if known is None:
        text = store.flow_json(tx, flow.account_id, flow.id, flow.revision)
        assert text is not None, "a flow that may be sent has Flow JSON"
        try:
            document = load(text)
        except Unplayable as error:
            raise NotPublishable(f"Flow {flow.id} cannot be opened: {error}") from None
        models = {name: document.screens[name].model for name in document.entries}
        known = _Entrances(document.endpoint, models)
        _kept.put(key, known)
    return known
