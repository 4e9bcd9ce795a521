"""What a page may do with a flow it plays: anything, except choose what the endpoint is sent.

The page holds the state of a flow and may change it, which is harmless while it only displays
screens. A request to the business's endpoint, however, is encrypted and signed by this server, so
it must result from playing the flow: every state that led to it was issued here, step by step, from
an opening that the link allows. Such a state carries a seal, an HMAC over all of it and over the
account, flow, revision and link it was issued for. A step from a sealed state by a user's action or
by the endpoint's response is sealed again; any other step is not, and no request is sent from there
on.

The seal proves where a state comes from, not that it is new: a page may repeat a request from an
earlier state, as a user could by playing again. Files picked in a browser never carry an address or
keys: only the server fills those in.
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from msgspec.structs import replace

from waflows import runtime
from waflows.errors import Forbidden, InvalidParameter
from waflows.runtime import Answered, CallEndpoint, Event, Failed, Open, Phase, State
from waflows.security import links
from waflows.security.links import PreviewGrant
from waflows.services.flows import playing
from waflows.services.flows.playing import Played

PREVIEW_TOKEN_PREFIX = "preview-"  # noqa: S105  the start of a made-up token, no secret
"""The prefix of every flow token that a page may choose."""
LONGEST_TOKEN = 1000
"""The most characters of a flow token in a preview."""

_NO_TOKEN = ("", "unused")
_LOOK_ONLY = (
    "This preview is not interactive: it was opened with an API key that may only read or is"
    " masked. Open it with a key that may write and is not masked, or give made_up."
)
_NOT_SEALED = (
    "The endpoint is not called from this state: its seal is missing, or was made for another"
    " state, link, flow or revision. Play on from an open event, and send each answer's seal along"
    " with its state. States after a jump to a screen, given data or a made-up answer have none."
)


class PageRights(msgspec.Struct, frozen=True):
    """Who plays, and what the page may do.

    `holder` says for whom seals are valid: account, flow, revision and link.
    """

    secret: bytes
    holder: tuple[str, ...]
    grant: PreviewGrant

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return f"PageRights({self.grant})"

    def seal(self, state: State) -> str:
        """The seal of a state."""
        # Sorted, since a page's JSON library may order keys in any way.
        text = msgspec.json.encode(state, order="sorted")
        return links.state_seal(self.secret, self.holder, text)

    def is_own(self, state: State, seal: str | None) -> bool:
        """Whether a state was issued by this server, to the same holder."""
        return seal is not None and links.same(seal, self.seal(state))


def play(
    document: runtime.Flow,
    rights: PageRights,
    given: dict[str, Any] | None,
    seal: str | None,
    event: dict[str, Any] | None,
) -> Played:
    """The screen after an event of a page, or without one that of the state.

    Raises InvalidParameter for an invalid state or event, and for a flow token of a real user.
    """
    state = State() if given is None else playing.state_of(given)
    sealed = _may_seal(document, rights) and (given is None or rights.is_own(state, seal))
    if event is None:
        done = playing.played(document, runtime.look(document, state))
    else:
        happened = _admitted(document, rights, playing.event_of(event))
        sealed = sealed and _is_a_persons(document, rights, happened)
        done = playing.played(document, runtime.step(document, state, happened))
    return _sealed(rights, done) if sealed else done


def waiting(rights: PageRights, given: dict[str, Any], seal: str | None) -> State:
    """The state of a page that wants the endpoint called, verified to be issued by this server.

    Raises InvalidParameter for an invalid state or one that is not waiting, Forbidden when the
    endpoint must not be called.
    """
    if not rights.grant.interactive:
        raise Forbidden(_LOOK_ONLY)
    state = playing.state_of(given)
    if state.request is None or state.phase is not Phase.WAITING:
        raise InvalidParameter(
            "The state is not waiting for the endpoint, so there is nothing to call."
        )
    if not rights.is_own(state, seal):
        raise Forbidden(_NOT_SEALED)
    return state


def call_of(state: State) -> CallEndpoint:
    """The call a state waits for."""
    assert state.request is not None, "only waiting states get here"
    return CallEndpoint(state.request)


def go_on(
    document: runtime.Flow, rights: PageRights, state: State, answer: Answered | Failed
) -> Played:
    """The screen after the endpoint's response to a state issued by this server."""
    return _sealed(rights, playing.played(document, runtime.step(document, state, answer)))


def _may_seal(document: runtime.Flow, rights: PageRights) -> bool:
    return rights.grant.interactive and document.endpoint


def _sealed(rights: PageRights, done: Played) -> Played:
    return replace(done, seal=rights.seal(done.state))


def _admitted(document: runtime.Flow, rights: PageRights, event: Event) -> Event:
    """The event, if its flow token may be used; otherwise raises InvalidParameter."""
    if not isinstance(event, Open):
        return event
    granted = rights.grant.flow_token
    if event.flow_token in _NO_TOKEN:
        if granted:
            return replace(event, flow_token=granted)
        if not _may_seal(document, rights):
            return event
        return replace(event, flow_token=PREVIEW_TOKEN_PREFIX + secrets.token_hex(8))
    if len(event.flow_token) > LONGEST_TOKEN:
        raise InvalidParameter(f"flow_token must be at most {LONGEST_TOKEN} characters long.")
    if event.flow_token.startswith(PREVIEW_TOKEN_PREFIX) or event.flow_token == granted:
        return event
    raise InvalidParameter(
        f"flow_token must begin with {PREVIEW_TOKEN_PREFIX!r} in a preview, such as"
        f" {PREVIEW_TOKEN_PREFIX}1. To play with another one, ask for the preview link with that"
        " flow_token."
    )


def _is_a_persons(document: runtime.Flow, rights: PageRights, event: Event) -> bool:
    """Whether a user who plays the flow could cause this event."""
    if isinstance(event, Open):
        return _is_an_opening(document, rights, event)
    return not isinstance(event, Answered | Failed)


def _is_an_opening(document: runtime.Flow, rights: PageRights, event: Open) -> bool:
    """Whether a flow may be opened like this and then call its endpoint.

    The business decides what a message opens with. Here that is the endpoint, an entry screen with
    the example values in the Flow JSON, or what the server put into the link.
    """
    if event.action == "data_exchange":
        return True
    if event.data is None and event.screen in ("", *document.entries):
        return True
    return bool(rights.grant.flow_action_payload) and (
        opening_of(rights.grant.flow_action_payload) == (event.screen, event.data)
    )


def opening_of(payload: str) -> tuple[str, dict[str, Any] | None]:
    """Screen and data of a `flow_action_payload`; raises InvalidParameter."""
    try:
        found = msgspec.json.decode(payload, type=_Payload)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidParameter(
            'flow_action_payload must be JSON such as {"screen": "FIRST", "data": {}}.'
        ) from None
    return found.screen, found.data


class _Payload(msgspec.Struct, frozen=True):
    screen: str
    data: dict[str, Any] | None = None
