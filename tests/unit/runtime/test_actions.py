"""Actions: what they do, what they carry, and when a selection runs them."""

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
    item,
    one,
    screen,
    string,
    text_input,
    to,
    update,
)

from waflows.runtime import (
    Back,
    CallEndpoint,
    Complete,
    Media,
    Open,
    OpenUrl,
    PickMedia,
    Ran,
    Select,
    Tap,
    Type,
    Unselect,
    step,
)


def test_complete_ends_with_the_payload_and_the_flow_token() -> None:
    payload = {
        "name": "${form.name}",
        "fixed": [1, {"deep": "${data.hotel}"}],
        "sum": "`1 + ${data.nights}`",
        "gone": "${data.gone}",
        "nested": {"gone": "${data.gone}"},
    }
    play = Play(
        one(text_input("name"), footer(payload)),
        Open(data={"hotel": "Mar", "nights": 2}, flow_token="t-1"),
    )
    play(Type("name", "Ines"))
    step = play.tap()

    response = {
        "name": "Ines",
        "fixed": [1, {"deep": "Mar"}],
        "sum": 3,
        "gone": "",
        "nested": {"gone": ""},
        "flow_token": "t-1",
    }
    assert step.effects == (Complete(response),)
    assert step.screen.response == response
    assert "completed" in play.refused(Type("name", "Rui"))


def two(
    payload: dict[str, Any], model: dict[str, Any], *children: Any, version: str = "7.3"
) -> Any:
    return document(
        screen("FIRST", *children, footer(**{"on-click-action": to("SECOND", payload)})),
        screen("SECOND", body("${data.x}"), footer({"x": "${data.x}"}), data=model, terminal=True),
        version=version,
    )


def test_navigate_hands_its_payload_on_as_the_next_screens_data() -> None:
    play = Play(two({"x": "${form.name}"}, {"x": string()}, text_input("name")))
    play(Type("name", "Ines"))
    step = play.tap()

    assert (step.screen.screen, play.texts) == ("SECOND", ["Ines"])
    assert (step.screen.step, step.screen.steps, step.screen.can_go_back) == (2, 2, True)
    assert step.log == (Ran("navigate", "FIRST", {"x": "Ines"}, "SECOND"),)


def test_a_number_typed_arrives_as_the_number_the_next_screen_declares() -> None:
    count = text_input("count", **{"input-type": "number"})
    play = Play(two({"x": "${form.count}"}, {"x": {"type": "number"}}, count))
    play(Type("count", "3"))
    play.tap()
    play.tap()

    assert play.response["x"] == 3


def test_the_footer_waits_until_the_next_screens_data_is_there() -> None:
    play = Play(two({"x": "${data.later}"}, {"x": string()}), Open(data={}))

    assert play.widgets("footer")[0].why == "The data for x is not there yet."
    assert "disabled" in play.refused(Tap(play.key("footer")))


def test_navigate_to_a_screen_that_is_not_there_is_refused() -> None:
    play = Play(one(footer(**{"on-click-action": to("MOON")})))

    assert "no screen 'MOON'" in play.refused(Tap(play.key("footer")))


def test_open_url_opens_web_addresses_only() -> None:
    def link(url: str) -> Play:
        action = {"name": "open_url", "url": url}
        return Play(one({"type": "EmbeddedLink", "text": "More", "on-click-action": action}))

    assert link("https://example.com/a").tap("link").effects == (OpenUrl("https://example.com/a"),)
    for bad in ("javascript:alert(1)", "file:///etc/passwd", "", "${data.gone}"):
        play = link(bad)
        assert "not a web address" in play.refused(Tap(play.key("link")))


def test_update_data_overwrites_fields_of_the_screen() -> None:
    tick = {
        "type": "OptIn",
        "name": "more",
        "label": "More",
        "on-select-action": update(a="`'more ' ${data.b}`"),
        "on-unselect-action": update(a="less"),
    }
    play = Play(one(tick, body("${data.a}"), body("${data.b}")), Open(data={"a": "1", "b": "2"}))

    play(Select("more"))
    assert play.texts == ["more 2", "2"]
    play(Unselect("more"))
    assert play.texts == ["less", "2"]


def log_of(
    *events: Any, version: str = "7.3", kind: str = "CheckboxGroup", **actions: Any
) -> list[str]:
    items = [
        item(
            name,
            **{
                "on-select-action": update(log=f"`${{data.log}} '+{name}'`"),
                "on-unselect-action": update(log=f"`${{data.log}} '-{name}'`"),
            },
        )
        for name in "ab"
    ]
    named = {key.replace("_", "-"): value for key, value in actions.items()}
    play = Play(one(group(kind, "g", *items, **named), version=version), Open(data={"log": ""}))
    play(*events)
    return [str(play.step.state.page.data["log"])]


SELECT = update(log="`${data.log} ' select'`")
UNSELECT = update(log="`${data.log} ' unselect'`")


def test_an_items_action_runs_before_the_components() -> None:
    assert log_of(Select("g", "a"), on_select_action=SELECT) == ["+a select"]


def test_without_an_unselect_action_the_select_action_runs_for_both() -> None:
    events = (Select("g", "a"), Unselect("g", "a"))

    assert log_of(*events, on_select_action=SELECT) == ["+a select-a select"]
    both: dict[str, Any] = {"on_select_action": SELECT, "on_unselect_action": UNSELECT}
    assert log_of(*events, **both) == ["+a select-a unselect"]


@pytest.mark.parametrize("kind", ["RadioButtonsGroup", "Dropdown"])
def test_choosing_another_item_clears_the_first_and_then_selects(kind: str) -> None:
    events = (Select("g", "a"), Select("g", "b"))

    assert log_of(*events, kind=kind, on_select_action=SELECT) == ["+a select-a+b select"]


def shown_again(version: str, **init: Any) -> Any:
    radio = group(
        "RadioButtonsGroup",
        "g",
        "a",
        "b",
        **{"on-select-action": update(log="`${data.log} '!'`")},
        **init,
    )
    play = Play(
        document(
            screen("FIRST", radio, footer(**{"on-click-action": to("SECOND")})),
            screen("SECOND", footer(), terminal=True),
            version=version,
        ),
        Open(data={"log": ""}),
    )
    opened = play.step.state.pages["FIRST"].data["log"]
    play(Select("g", "b"))
    play.tap()
    play(Back())
    return opened, play.step.state.pages["FIRST"].data["log"]


@pytest.mark.parametrize("version", ["6.0", "6.1", "6.2", "6.3"])
def test_from_6_0_to_6_3_the_select_action_runs_when_its_screen_is_shown(version: str) -> None:
    assert shown_again(version) == ("", "!!")
    assert shown_again(version, **{"init-value": "a"}) == ("!", "!!!")


@pytest.mark.parametrize("version", ["7.0", "7.3"])
def test_in_other_versions_only_a_selection_runs_it(version: str) -> None:
    assert shown_again(version, **{"init-value": "a"}) == ("", "!")


def test_data_exchange_calls_the_endpoint_and_waits() -> None:
    play = Play(
        document(
            screen(
                "HOME",
                text_input("name"),
                footer(**{"on-click-action": ask({"n": "${form.name}"})}),
            ),
            data_api_version="3.0",
            routing_model={"HOME": []},
        ),
        Open(flow_token="t-1"),
    )
    play(Type("name", "Ines"))
    step = play.tap()

    (call,) = step.effects
    assert isinstance(call, CallEndpoint)
    request = call.request
    assert (request.version, request.action, request.screen) == ("3.0", "data_exchange", "HOME")
    assert (request.data, request.flow_token) == ({"n": "Ines"}, "t-1")
    assert (step.screen.phase, play.widgets("footer")[0].enabled) == ("waiting", False)
    assert "not answered" in play.refused(Type("name", "Rui"))


def test_a_picked_file_goes_to_the_endpoint_with_its_address_and_keys() -> None:
    picker = {"type": "DocumentPicker", "name": "files", "label": "Files"}
    play = Play(one(picker, footer(**{"on-click-action": ask({"files": "${form.files}"})})))
    kept: dict[str, Any] = {
        "cdn_url": "https://cdn.example.net/1",
        "encryption_metadata": {"iv": "abc"},
    }
    play(PickMedia("files", (Media(id="m1", file_name="a.pdf", **kept),)))
    call = play.tap().effects[0]

    assert isinstance(call, CallEndpoint)
    assert call.request.data["files"] == [{"media_id": "m1", "file_name": "a.pdf", **kept}]


def test_a_list_item_runs_its_own_action_or_the_lists() -> None:
    def entry(name: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "main-content": {"title": name.title()}, **more}

    def listed(*entries: Any, **more: Any) -> Play:
        navigation = {"type": "NavigationList", "name": "l", "list-items": list(entries), **more}
        second = screen("SECOND", footer(), body("${data.x}"), data={"x": string()}, terminal=True)
        return Play(document(screen("HOME", navigation), second))

    own = listed(entry("a", **{"on-click-action": to("SECOND", {"x": "own"})}), entry("b"))
    shared = listed(entry("a"), **{"on-click-action": to("SECOND", {"x": "shared"})})

    assert "no action" in own.refused(Tap(own.key("navigation-list"), "b"))
    assert "no item" in own.refused(Tap(own.key("navigation-list"), "z"))
    own(Tap(own.key("navigation-list"), "a"))
    shared(Tap(shared.key("navigation-list"), "a"))
    assert (own.texts, shared.texts) == (["own"], ["shared"])


def test_read_more_of_an_opt_in_runs_its_action() -> None:
    opt_in = {"type": "OptIn", "name": "t", "label": "Terms", "on-click-action": to("TERMS")}
    play = Play(
        document(screen("HOME", opt_in, footer(), terminal=True), screen("TERMS", body("…")))
    )

    assert play.tap("opt-in").screen.screen == "TERMS"


def test_an_action_that_is_none_is_refused() -> None:
    actions: list[Any] = [None, "complete", {"name": "explode"}, {"name": ["x"]}, {}]
    for action in actions:
        play = Play(one(footer(**{"on-click-action": action})))
        assert "no action" in play.refused(Tap(play.key("footer")))


def test_doubling_data_stops_at_a_limit() -> None:
    double = update(x={"a": "${data.x}", "b": "${data.x}"})
    tick = {"type": "OptIn", "name": "t", "label": "T", "on-select-action": double}
    play = Play(one(tick), Open(data={"x": "some text" * 1000}))

    refusals = []
    for _ in range(30):
        done = step(play.flow, play.step.state, Select("t"))
        refusals.append(done.refused)
        play.step = step(play.flow, done.state, Unselect("t"))
    assert refusals[0] == ""
    assert "larger" in refusals[-1]


def test_a_draft_that_hands_on_too_little_shows_the_example() -> None:
    play = Play(two({}, {"x": string("an example")}))
    play.tap()

    assert play.texts == ["an example"]
