"""A page's state and event are not to be believed; documents are loaded once and kept in bounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from harness.flow_json import valid_flow
from harness.gallery import FLOW
from hypothesis import given
from hypothesis import strategies as st

from waflows import runtime
from waflows.errors import InvalidParameter
from waflows.services.flows.playing import NotPlayable, Played, Player, load, play

GALLERY = runtime.load(FLOW)
SCREENS = sorted(GALLERY.screens)
INPUTS = sorted({name for screen in GALLERY.screens.values() for name in screen.inputs})

names = st.sampled_from([*SCREENS, "NOWHERE", ""])
inputs = st.sampled_from([*INPUTS, "nothing"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(inputs, inner, max_size=3)
)
pages = st.fixed_dictionaries(
    {},
    optional={
        "data": st.dictionaries(inputs, values, max_size=3),
        "form": st.dictionaries(inputs, values, max_size=6),
        "edited": st.lists(inputs, max_size=3),
        "attempted": st.booleans(),
        "shown": st.dictionaries(
            st.sampled_from(["0", "6", "x"]), st.integers(-3, 10**9), max_size=2
        ),
    },
)
requests = st.fixed_dictionaries(
    {
        "version": st.text(max_size=5),
        "action": st.sampled_from(["INIT", "BACK", "data_exchange", "no such"]),
        "screen": names,
        "data": st.dictionaries(inputs, values, max_size=2),
        "flow_token": st.text(max_size=5),
    }
)
states = st.fixed_dictionaries(
    {},
    optional={
        "phase": st.sampled_from(["new", "open", "waiting", "completed", "closed"]),
        "stack": st.lists(names, max_size=4),
        "pages": st.dictionaries(names, pages, max_size=4),
        "request": requests | st.none(),
        "snackbar": st.text(max_size=5),
        "today": st.text(max_size=12),
        "response": st.dictionaries(inputs, values, max_size=2) | st.none(),
    },
)
events = st.one_of(
    st.fixed_dictionaries({"event": st.just("open"), "screen": names, "today": st.text()}),
    st.fixed_dictionaries({"event": st.just("type"), "name": inputs, "text": st.text()}),
    st.fixed_dictionaries(
        {"event": st.sampled_from(["select", "unselect"]), "name": inputs, "item": st.text()}
    ),
    st.fixed_dictionaries({"event": st.just("date"), "name": inputs, "date": st.text()}),
    st.fixed_dictionaries(
        {"event": st.just("dates"), "name": inputs, "start": st.text(), "end": st.text()}
    ),
    st.fixed_dictionaries({"event": st.just("tap"), "key": st.integers(0, 12).map(str)}),
    st.fixed_dictionaries({"event": st.sampled_from(["back", "close"])}),
    st.fixed_dictionaries({"event": st.just("answered"), "body": values}),
    st.fixed_dictionaries({"event": st.just("failed"), "error": st.text()}),
    st.none(),
)


@given(state=states, event=events)
def test_any_state_of_the_right_form_is_played_on_or_refused_and_can_be_sent(
    state: dict[str, Any], event: dict[str, Any] | None
) -> None:
    answer = play(GALLERY, state, event)
    sent = msgspec.json.encode(answer)
    again = msgspec.to_builtins(msgspec.json.decode(sent)["state"])
    assert isinstance(play(GALLERY, again, None), Played)


@given(state=st.dictionaries(st.sampled_from(["phase", "stack", "pages", "request"]), values))
def test_any_state_of_the_wrong_form_is_refused_by_name(state: dict[str, Any]) -> None:
    told = _refusal(state)
    assert not told or told.startswith("state is ")


def _refusal(state: dict[str, Any]) -> str:
    try:
        play(GALLERY, state, None)
    except InvalidParameter as refusal:
        return refusal.message
    return ""


def test_a_document_is_loaded_once_however_many_ask_for_it_at_once() -> None:
    asked = 0

    async def read() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return valid_flow()

    async def all_at_once() -> set[int]:
        player = Player()
        found = await asyncio.gather(*(player.document("account", "a", read) for _ in range(20)))
        found.append(await player.document("account", "a", read))
        player.close()
        return {id(each) for each in found}

    assert len(asyncio.run(all_at_once())) == 1
    assert asked == 1


def test_whoever_goes_away_while_a_document_is_loaded_takes_it_from_nobody() -> None:
    async def one_leaves() -> runtime.Flow:
        player = Player()
        begun = asyncio.Event()

        async def read() -> str:
            begun.set()
            await asyncio.sleep(0.01)
            return valid_flow()

        first = asyncio.create_task(player.document("account", "a", read))
        await begun.wait()
        first.cancel()
        found = await player.document("account", "a", read)
        player.close()
        return found

    assert "ONLY" in asyncio.run(one_leaves()).screens


def test_the_oldest_documents_are_forgotten_when_there_are_too_many() -> None:
    asked: list[str] = []

    async def ask_for(player: Player, key: str, lists: int) -> None:
        async def read() -> str:
            asked.append(key)
            # Few characters and much memory: it is the values that weigh.
            return json.dumps({**json.loads(valid_flow()), "lists": [[]] * lists})

        await player.document("account", key, read)

    async def ask_for_many() -> None:
        player = Player()
        for key in ("a", "b", "a", "c", "a", "b"):
            await ask_for(player, key, 50_000)
        player.close()

    asyncio.run(ask_for_many())
    assert asked == ["a", "b", "c", "b"]


def test_a_failed_load_is_told_and_not_kept() -> None:
    texts: list[str | None] = [None, "no JSON", valid_flow()]

    async def read() -> str | None:
        return texts.pop(0)

    async def three_times() -> list[str]:
        player = Player()
        told = []
        for _ in range(3):
            try:
                told.append(" ".join((await player.document("account", "a", read)).screens))
            except NotPlayable as refusal:
                told.append(refusal.message)
        player.close()
        return told

    assert asyncio.run(three_times()) == [
        "The flow has no Flow JSON yet.",
        "The flow cannot be played. The document is not JSON.",
        "ONLY",
    ]


def test_what_cannot_be_played_says_why() -> None:
    with pytest.raises(NotPlayable, match="no screen with an id"):
        load('{"version": "7.3", "screens": []}')
