"""Documents and events made to break a player: deep, wide, circular, huge, or simply wrong."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from unit.runtime.playing import Play, body, document, footer, item, one, screen, text_input, to
from unit.runtime.test_widgets import EVERY

from waflows import runtime
from waflows.runtime import (
    Media,
    Open,
    PickDates,
    PickMedia,
    Select,
    State,
    Tap,
    Type,
    Unplayable,
    draw,
    load,
    step,
)


def nested(levels: int) -> dict[str, Any]:
    inner = body("deepest")
    for _ in range(levels):
        inner = {"type": "If", "condition": "${data.yes}", "then": [inner]}
    return inner


def test_deep_ifs_are_shown_and_deeper_ones_refused_at_once() -> None:
    play = Play(one(nested(90)), Open(data={"yes": True}))
    assert play.texts == ["deepest"]

    with pytest.raises(Unplayable, match="deeper"):
        load(one(nested(5_000)))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "5", '"x"', "{", '{"screens": 5}', '{"screens": [5, {"id": 5}, null]}'],
)
def test_a_document_without_a_screen_is_refused(text: str) -> None:
    with pytest.raises(Unplayable):
        load(text)


def test_every_part_may_be_of_the_wrong_type() -> None:
    for wrong in (None, 5, -1.5, "", "x", [], {}, [None], {"a": None}, True, "${data.x}", "`'`"):
        children = [
            {**component, name: wrong}
            for component in EVERY.values()
            for name in component
            if name != "type"
        ]
        value = one(*children, footer(), data=wrong, title=wrong, refresh_on_back=wrong)
        for key in ("version", "routing_model", "data_api_version"):
            value[key] = wrong
        play = Play(value)
        draw(play.step.screen)
        for widget in play.step.screen.widgets:
            for event in (
                Tap(widget.key, "one"),
                Select(getattr(widget, "name", ""), "a"),
                Type(getattr(widget, "name", ""), "x"),
            ):
                step(play.flow, play.step.state, event)


def test_fifty_of_each_component_and_long_texts_are_shown() -> None:
    children = []
    for number in range(50):
        for component in EVERY.values():
            numbered = {"name": f"{component['type']}{number}"} if "name" in component else {}
            children.append({**component, **numbered})
    children.append(body("x" * 3_000_000))
    play = Play(one(*children), Open(data={"yes": True, "animal": "cat"}))

    assert len(play.step.screen.widgets) == 50 * 24 + 1
    assert draw(play.step.screen).count("\n") < 5_000


def test_a_chain_of_initial_values_does_not_recurse_without_bound() -> None:
    chain = [
        text_input(f"n{number}", **{"init-value": f"${{form.n{number + 1}}}"})
        for number in range(2_000)
    ]
    play = Play(one(*chain, text_input("n2000", **{"init-value": "end"})))

    assert play.widget("n1999").value == "end"


def test_texts_that_double_stop_growing() -> None:
    chain = [
        text_input(
            f"n{number}", **{"init-value": f"`${{form.n{number + 1}}} ${{form.n{number + 1}}}`"}
        )
        for number in range(40)
    ]
    play = Play(one(*chain, text_input("n40", **{"init-value": "x" * 1000})))

    assert max(len(w.value) for w in play.widgets("text-field")) <= 100_000


def test_screens_that_lead_round_in_a_circle_can_be_walked_for_ever() -> None:
    value = document(
        screen("A", footer(**{"on-click-action": to("B")})),
        screen("B", footer(**{"on-click-action": to("A")})),
    )
    play = Play(value)
    for _ in range(100):
        play.tap()

    assert play.step.state.stack == ("A",)


def test_numbers_and_texts_json_cannot_hold_become_what_it_can() -> None:
    text = json.dumps(one(body("${data.n}"), body("\ud800")))
    play = Play(json.loads(text), Open(data={"n": 10**400, "s": "\udfff", "f": float("nan")}))
    play(Type("x", "y")) if play.widgets("text-field") else None

    written = msgspec.json.encode(play.step.state)
    assert msgspec.json.decode(written, type=State) == play.step.state
    msgspec.json.encode(play.step.screen)


def test_data_too_large_or_too_deep_is_refused() -> None:
    flow = load(one(body("${data.x}")))
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]

    for data in ({"x": deep}, {"x": "y" * 11_000_000}):
        assert "larger" in step(flow, State(), Open(data=data)).refused


def test_a_state_somebody_made_up_is_survived() -> None:
    flow = load(one(*EVERY.values()))
    names = [c.name for c in flow.screens["HOME"].every() if c.name]
    for value in (None, 5, "x", [5], {"a": 1}, [{"id": 1}], {"start-date": 5}, True, ["a"] * 50):
        page = runtime.ScreenState(form=dict.fromkeys(names, value), shown={"24": -5})
        state = State(phase=runtime.Phase.OPEN, stack=("HOME",), pages={"HOME": page})
        for event in (
            Tap("16"),
            Select("extras", "bed"),
            PickDates("stay", "x", "y"),
            PickMedia("photos", (Media(id="", file_name=""),)),
        ):
            msgspec.json.encode(step(flow, state, event))


def test_an_answer_to_a_request_that_was_never_made_is_refused() -> None:
    flow = load(one(body("x")))
    made_up = State(phase=runtime.Phase.WAITING, stack=("HOME",))

    assert step(flow, made_up, runtime.Answered({"screen": "HOME", "data": {}})).refused
    assert step(flow, made_up, runtime.Failed("x")).refused


def test_script_in_a_text_stays_text() -> None:
    play = Play(one(body("<script>alert(1)</script>"), item_list("<img onerror=x>")))

    assert play.texts == ["<script>alert(1)</script>"]


def item_list(title: str) -> dict[str, Any]:
    return {"type": "Dropdown", "name": "d", "label": title, "data-source": [item(title)]}
