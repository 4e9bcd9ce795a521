"""Flows, states, events, bodies and tokens at random: nothing but a refusal, and never for long.

What these found stands as a test of its own where the fault was.
"""

from __future__ import annotations

import contextlib
import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import msgspec
import pytest
from harness.fuzzing import bounded
from harness.gallery import FLOW
from hypothesis import given
from hypothesis import strategies as st

from waflows import runtime
from waflows.errors import WaflowsError
from waflows.http import reading
from waflows.security import links
from waflows.security.links import PreviewGrant
from waflows.services.flows import page_play, playing
from waflows.services.flows.page_play import PageRights
from waflows.services.flows.previews import PageMessage

LONG_SECONDS = 290.0
MOST_SECONDS = 1.0
RIGHTS = PageRights(b"s" * 32, ("link", "account", "1", "1", "nonce"), PreviewGrant(True))

ASKING = {**copy.deepcopy(FLOW), "data_api_version": "4.0", "routing_model": {}}
NAMES = sorted({c["name"] for s in FLOW["screens"] for c in s["layout"]["children"] if "name" in c})
SCREENS = [screen["id"] for screen in FLOW["screens"]]
BINDINGS = [
    "${data.a}", "${data.a.b}", "${form.name}", "${screen.WORDS.data.a}",
    "${screen.FIELDS.form.name}",
    "`${data.a} ' ' ${form.name}`", "(${data.a} == ${form.name})",
    "(${data.a} > 1 && !${form.terms})",
    "`${data.a} / 0`", "${", "`'`", "2024-02-30", "\\", "(a|a)+$", "SUCCESS",
]  # fmt: skip

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(BINDINGS + NAMES + SCREENS)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["a", "id", "title", "name", "type"]) | st.text(max_size=5),
                      inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
names = st.sampled_from(NAMES) | st.text(max_size=8)
events = st.one_of(
    st.fixed_dictionaries(
        {"event": st.just("open")},
        optional={
            "action": st.sampled_from(["navigate", "data_exchange", "x"]),
            "screen": st.sampled_from(["", *SCREENS, "NOWHERE"]),
            "data": st.none() | st.dictionaries(st.text(max_size=3), values, max_size=4),
            "flow_token": st.sampled_from(["unused", "preview-1", "x", ""]),
            "today": st.sampled_from(["", "2026-01-01", "never"]),
        },
    ),
    st.fixed_dictionaries(
        {"event": st.sampled_from(["type"]), "name": names, "text": st.text(max_size=200)}
    ),
    st.fixed_dictionaries(
        {"event": st.sampled_from(["select", "unselect"]), "name": names,
         "item": st.text(max_size=3)}
    ),
    st.fixed_dictionaries(
        {"event": st.just("date"), "name": names,
         "date": st.dates().map(str) | st.text(max_size=10)}
    ),
    st.fixed_dictionaries(
        {"event": st.just("dates"), "name": names,
         "start": st.dates().map(str) | st.text(max_size=10),
         "end": st.dates().map(str) | st.text(max_size=10)}
    ),
    st.fixed_dictionaries(
        {"event": st.just("media"), "name": names, "files": st.lists(
            st.fixed_dictionaries({"id": st.text(max_size=4), "file_name": st.text(max_size=8)},
                                  optional={"size_bytes": st.integers(),
                                            "mime_type": st.text(max_size=8)}), max_size=3)}
    ),
    st.fixed_dictionaries(
        {"event": st.just("tap"), "key": st.integers(0, 12).map(str) | st.text(max_size=3)},
        optional={"item": st.text(max_size=4) | st.integers(-1, 9).map(str)},
    ),
    st.sampled_from([{"event": "back"}, {"event": "close"}]),
    st.fixed_dictionaries({"event": st.just("answered"), "body": values | st.fixed_dictionaries(
        {"screen": st.sampled_from([*SCREENS, "SUCCESS", ""]), "data": values})}),
    st.fixed_dictionaries({"event": st.just("failed"), "error": st.text(max_size=8)},
                          optional={"final": st.booleans(), "message": st.text(max_size=8)}),
    st.dictionaries(st.text(max_size=6), values, max_size=3),
)  # fmt: skip
pages = st.dictionaries(
    st.sampled_from(SCREENS),
    st.fixed_dictionaries(
        {},
        optional={
            "data": st.dictionaries(st.sampled_from(["a", "options", "b"]), values, max_size=3),
            "form": st.dictionaries(names, values, max_size=5),
            "edited": st.lists(names, max_size=3),
            "attempted": st.booleans(),
            "shown": st.dictionaries(st.integers(0, 12).map(str), st.integers(), max_size=2),
        },
    ),
    max_size=4,
)
requests = st.fixed_dictionaries(
    {
        "version": st.text(max_size=4),
        "action": st.sampled_from(["INIT", "BACK", "data_exchange", ""]),
        "screen": st.sampled_from(["", *SCREENS]),
        "data": st.dictionaries(st.text(max_size=3), values, max_size=3),
        "flow_token": st.text(max_size=4),
    }
)
states = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "phase": st.sampled_from(["new", "open", "waiting", "completed", "closed", "x"]),
        "stack": st.lists(st.sampled_from([*SCREENS, "GONE"]), max_size=5),
        "pages": pages,
        "request": st.none() | requests,
        "snackbar": st.text(max_size=5),
        "response": st.none() | st.dictionaries(st.text(max_size=3), values, max_size=2),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """The gallery of all components, with odd values in some places."""
    made: dict[str, Any] = copy.deepcopy(draw(st.sampled_from([FLOW, ASKING])))
    for _ in range(draw(st.integers(0, 6))):
        places = list(_places(made))
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        holder[key] = draw(values)
    return made


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document that holds a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _play(document: dict[str, Any], state: Any, steps: list[Any]) -> None:
    """Plays as a page does, each step from the answer before; only refusals may be raised."""
    try:
        flow = playing.load(json.dumps(document))
    except WaflowsError:
        return
    seal: str | None = None
    for event in steps:
        began = time.thread_time()
        try:
            done = page_play.play(flow, RIGHTS, state, seal, event)
        except WaflowsError:
            continue
        finally:
            taken = time.thread_time() - began
            assert taken < MOST_SECONDS, (taken, document, state, event)
        answer = json.loads(msgspec.json.encode(done))
        state, seal = answer["state"], answer.get("seal")
        if seal:
            # A seal holds after a journey through another JSON library.
            assert RIGHTS.is_own(playing.state_of(state), seal), state
        runtime.draw(done.screen)


def _read(body: bytes, token: str) -> None:
    """What comes in as bytes and as a token, before any of it is believed."""
    try:
        read = reading.read_body(PageMessage, body)
        if read.state is not None:
            page_play.waiting(RIGHTS, read.state, read.seal)
    except WaflowsError:
        pass
    links.read_download_token(token)
    links.read_media_token(b"s" * 32, token, 0)
    with contextlib.suppress(WaflowsError):
        page_play.opening_of(token)


plays = given(documents(), states, st.lists(events, min_size=1, max_size=8))
raw = given(
    st.binary(max_size=60)
    | st.fixed_dictionaries(
        {"state": states, "seal": leaves, "live": leaves, "event": events | leaves})
    .map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.text(max_size=60) | st.from_regex(r"[0-9]{1,12}\.[a-z0-9]{1,10}\.[0-9a-f]{0,32}\.[\w-]{43}"),
)  # fmt: skip
_BOUNDED = bounded(150)


def _check(seed: int) -> None:
    """One round: as many examples of each kind as the settings say."""

    @hypothesis.seed(seed)
    @_BOUNDED
    @plays
    def play(document: dict[str, Any], state: Any, steps: list[Any]) -> None:
        _play(document, state, steps)

    @hypothesis.seed(seed)
    @_BOUNDED
    @raw
    def read(body: bytes, token: str) -> None:
        _read(body, token)

    play()
    read()


def test_whatever_is_played_or_read_is_answered_or_refused_and_soon() -> None:
    _check(seed=0)


@pytest.mark.soak
def test_whatever_is_played_or_read_for_five_minutes_is_answered_or_refused_and_soon() -> None:
    ends = time.monotonic() + LONG_SECONDS
    rounds = 0
    while time.monotonic() < ends:
        rounds += 1
        _check(seed=rounds)
    print(f"{rounds} rounds of {_BOUNDED.max_examples} examples of each kind")
