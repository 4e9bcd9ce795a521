"""The automatic player: what it finds, and what it says of what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from unit.runtime.playing import (
    Play,
    ask,
    body,
    document,
    footer,
    group,
    one,
    screen,
    string,
    text_input,
    to,
)
from unit.runtime.test_widgets import EVERY

from waflows import runtime
from waflows.runtime import State
from waflows.testing import Exploration, explore, samples


def explored(value: dict[str, Any], **more: Any) -> Exploration:
    return explore(runtime.load(value), **more)


def test_every_input_is_filled_and_the_response_is_what_complete_names() -> None:
    inputs = {name: c for name, c in EVERY.items() if "name" in c and name != "Form"}
    names = [c["name"] for name, c in inputs.items() if name != "NavigationList"]
    payload = {name: f"${{form.{name}}}" for name in names}
    found = explored(one(*inputs.values(), footer(payload)))

    full = max(found.endings, key=lambda ending: sum(map(bool, ending.response.values())))
    assert set(full.names) == set(names)
    assert all(full.response[name] for name in names)
    assert found.dead_ends == ()


def test_an_ending_can_be_played_again_event_by_event() -> None:
    flow = runtime.load(one(text_input("name", required=True), footer({"n": "${form.name}"})))
    ending = explore(flow).endings[0]
    step = None
    state = State()
    for event in ending.events:
        step = runtime.step(flow, state, event)
        state = step.state

    assert step is not None
    assert state.response == ending.response


def test_branches_are_reached_that_a_choice_a_text_or_an_earlier_screen_decides() -> None:
    branch = {
        "type": "If",
        "condition": "(${form.age} > 17) && (${form.kind} == 'b')",
        "then": [body("then")],
    }
    switch = {
        "type": "Switch",
        "value": "${data.kind}",
        "cases": {"a": [body("a")], "b": [body("b")]},
    }
    far = {"type": "If", "condition": "${screen.FIRST.form.ok}", "then": [body("ok")]}
    found = explored(
        document(
            screen(
                "FIRST",
                text_input("age", **{"input-type": "number"}),
                group("RadioButtonsGroup", "kind", "a", "b", required=True),
                {"type": "OptIn", "name": "ok", "label": "Ok"},
                branch,
                footer(**{"on-click-action": to("SECOND", {"kind": "${form.kind}"})}),
            ),
            screen(
                "SECOND",
                switch,
                footer(**{"on-click-action": to("THIRD")}),
                data={"kind": string()},
            ),
            screen("THIRD", far, footer(), terminal=True),
        )
    )

    assert (found.unreached, found.hidden, found.dead_ends) == ((), (), ())


def test_a_branch_is_reached_that_opens_after_a_side_screen_was_left() -> None:
    link = {"type": "EmbeddedLink", "text": "Choose", "on-click-action": to("SIDE")}
    chosen = {"type": "If", "condition": "${screen.SIDE.form.c} == 'a'", "then": [body("chosen")]}
    found = explored(
        document(
            screen("HOME", link, chosen, footer(), terminal=True),
            screen("SIDE", group("RadioButtonsGroup", "c", "a", "b")),
        )
    )

    assert found.hidden == ()


def test_what_cannot_be_reached_shown_or_passed_is_told() -> None:
    impossible = text_input("never", required=True, **{"min-chars": 5, "max-chars": 2})
    found = explored(
        document(
            screen("HOME", footer(**{"on-click-action": to("STUCK")})),
            screen(
                "STUCK",
                impossible,
                {"type": "If", "condition": "1 > ${data.big}", "then": [body("x")]},
                footer(),
                data={"big": {"type": "number", "__example__": 5}},
                terminal=True,
            ),
            screen("ISLAND", footer(**{"on-click-action": to("ISLAND_TWO")})),
            screen("ISLAND_TWO", footer(), terminal=True),
            routing_model={"HOME": ["STUCK"], "STUCK": [], "ISLAND": [], "ISLAND_TWO": ["ISLAND"]},
        )
    )

    assert found.unreached == ("ISLAND",)
    assert [end.screen for end in found.dead_ends] == ["STUCK"]
    assert found.hidden == ("STUCK/2", "ISLAND/0")
    assert "never reached: ISLAND" in found.report()
    assert "stuck on STUCK: " in found.report()


def test_answers_are_made_up_for_a_flow_with_an_endpoint() -> None:
    flow = document(
        screen("A", footer(**{"on-click-action": ask()})),
        screen(
            "B",
            body("${data.x}"),
            footer(**{"on-click-action": ask()}),
            data={"x": string("hi")},
            terminal=True,
        ),
        data_api_version="4.0",
        routing_model={"A": ["B"], "B": []},
    )
    found = explored(flow)

    assert (found.unreached, len(found.endings)) == ((), 1)


def test_a_function_may_be_the_endpoint() -> None:
    flow = document(
        screen("A", footer(**{"on-click-action": ask()}), terminal=True),
        data_api_version="4.0",
        routing_model={"A": []},
    )
    params = {"flow_token": "t", "made": "by hand"}
    success = {"screen": "SUCCESS", "data": {"extension_message_response": {"params": params}}}
    found = explored(
        flow, endpoint=lambda r: {"screen": "A", "data": {}} if r["action"] == "INIT" else success
    )

    assert [ending.response for ending in found.endings] == [params]


def test_the_number_of_steps_is_bounded() -> None:
    groups = [group("CheckboxGroup", f"g{n}", *"abcdefgh") for n in range(10)]
    found = explored(one(*groups), most_steps=100)

    assert found.cut_short
    assert found.steps == 100
    assert "stopped after 100 steps" in found.report()


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}[0-9]{6}$",
        r"^\d{5}(-\d{4})?$",
        r"^(Mr|Ms)\. \w+$",
        r"007",
        r"^[^0-9]{3,}$",
        r"^#(?:[0-9a-f]{3}){1,2}$",
        r"^(?=.*[A-Z])(?=.*[0-9]).{8,}$",
    ],
)
def test_a_text_is_made_up_for_a_pattern(pattern: str) -> None:
    field = text_input("code", required=True, pattern=pattern)

    assert explored(one(field)).endings
    assert Play(one(field)).widget("code").problem.code == "required"


def test_a_pattern_nobody_can_read_is_no_trouble() -> None:
    assert samples.from_pattern("(") == ""
    assert samples.from_pattern("(?<name>x)") == ""


def test_a_boolean_of_the_endpoint_is_tried_both_ways() -> None:
    shown = {"type": "TextBody", "text": "Sold out", "visible": "${data.is_sold_out}"}
    found = explored(
        document(
            screen("A", footer(**{"on-click-action": ask()})),
            screen(
                "B",
                shown,
                footer({"was": "${data.is_sold_out}"}),
                data={"is_sold_out": {"type": "boolean", "__example__": False}},
                terminal=True,
            ),
            data_api_version="3.0",
            routing_model={"A": ["B"], "B": []},
        )
    )

    assert {ending.response["was"] for ending in found.endings} == {True, False}
    assert found.hidden == ()
