"""Opening, going on, going back, and what the routing model allows."""

from __future__ import annotations

from typing import Any

from unit.runtime.playing import (
    Play,
    ask,
    body,
    document,
    footer,
    one,
    screen,
    string,
    text_input,
    to,
)

from waflows.runtime import (
    Answered,
    Back,
    CallEndpoint,
    Close,
    Failed,
    NotifyEndpoint,
    Open,
    State,
    Tap,
    Type,
    load,
    render,
    step,
)


def three(**more: Any) -> dict[str, Any]:
    return document(
        screen("A", text_input("a"), footer(**{"on-click-action": to("B")})),
        screen("B", text_input("b"), footer(**{"on-click-action": to("C")})),
        screen("C", footer(), terminal=True),
        **more,
    )


def endpoint_flow(**second: Any) -> dict[str, Any]:
    """A asks the endpoint and may be followed by B, B by C."""
    return document(
        screen("A", text_input("a"), footer(**{"on-click-action": ask()}), data={"t": string("x")}),
        screen("B", footer(**{"on-click-action": ask()}), data={"n": {"type": "number"}}, **second),
        screen("C", footer(**{"on-click-action": ask()}), terminal=True),
        data_api_version="4.0",
        routing_model={"A": ["B"], "B": ["C"], "C": []},
    )


def test_a_flow_opens_on_the_screen_nothing_leads_to() -> None:
    value = three()
    value["screens"].reverse()

    assert Play(value).step.screen.screen == "A"


def test_a_message_may_name_its_screen() -> None:
    assert Play(three(), Open(screen="B")).step.screen.screen == "B"
    assert "no screen 'Z'" in step(load(three()), State(), Open(screen="Z")).refused


def test_going_back_brings_the_earlier_input_and_going_on_again_the_later() -> None:
    play = Play(three())
    play(Type("a", "one"))
    play.tap()
    play(Type("b", "two"), Back())
    assert (play.step.screen.screen, play.widget("a").value) == ("A", "one")

    play.tap()
    assert play.widget("b").value == "two"


def test_back_on_the_first_screen_and_close_close_the_flow() -> None:
    assert Play(three())(Back()).screen.phase == "closed"
    assert Play(three())(Close()).screen.phase == "closed"


def test_a_move_the_routing_model_does_not_have_is_refused() -> None:
    play = Play(three(routing_model={"A": ["C"], "B": ["C"], "C": []}))

    assert play.refused(Tap(play.key("footer"))) == (
        "Can't perform a transition from [A] to [B], "
        "because it doesn't satisfy provided routing_model."
    )


def test_moving_to_a_screen_before_cuts_the_way_back() -> None:
    value = three(routing_model={"A": ["B"], "B": ["C"], "C": []})
    link = {"type": "EmbeddedLink", "text": "Again", "on-click-action": to("A")}
    value["screens"][1]["layout"]["children"].append(link)
    play = Play(value)
    play.tap()

    assert play.tap("link").state.stack == ("A",)


def test_init_asks_the_endpoint_and_shows_an_entry_screen() -> None:
    play = Play(endpoint_flow(), Open(action="data_exchange", flow_token="t"))
    call = play.step.effects[0]
    assert isinstance(call, CallEndpoint)
    assert (call.request.action, call.request.screen, call.request.data) == ("INIT", "", {})

    play(Answered({"screen": "A", "data": {"t": "hello"}}))
    assert (play.step.screen.screen, play.step.state.page.data) == ("A", {"t": "hello"})


def waiting(**second: Any) -> Play:
    play = Play(endpoint_flow(**second), Open(flow_token="tok"))
    play.tap()
    return play


def told(play: Play, answer: Any) -> tuple[str, str]:
    """The error key and message the endpoint is told about an answer."""
    step_ = play(Answered(answer))
    (effect,) = step_.effects
    assert isinstance(effect, NotifyEndpoint)
    assert effect.request.flow_token == "tok"
    assert step_.screen.snackbar == "Something went wrong. Please try again later."
    assert (step_.screen.phase, step_.screen.screen) == ("open", "A")
    return effect.request.data["error"], effect.request.data["error_message"]


def test_an_answer_shows_the_next_screen() -> None:
    play = waiting()
    play(Answered({"version": "4.0", "screen": "B", "data": {"n": 3, "error_message": "Careful"}}))

    assert (play.step.screen.screen, play.step.screen.snackbar) == ("B", "Careful")
    assert play.step.state.page.data == {"n": 3}
    assert play.step.state.stack == ("A", "B")


def test_an_answer_with_the_same_screen_refreshes_it_and_keeps_the_input() -> None:
    play = Play(endpoint_flow())
    play(Type("a", "typed"))
    play.tap()
    play(Answered({"screen": "A", "data": {"t": "new"}}))

    assert play.step.state.stack == ("A",)
    assert (play.step.state.page.data, play.widget("a").value) == ({"t": "new"}, "typed")


def test_an_answer_the_routing_model_does_not_allow_is_told_back() -> None:
    key, message = told(waiting(), {"screen": "C", "data": {}})
    assert key == "invalid-screen-transition"
    assert message.startswith("Can't perform a transition from [A] to [C]")
    assert told(waiting(), {"screen": "Z", "data": {}})[0] == "invalid-screen-transition"


def test_an_init_answer_must_be_an_entry_screen() -> None:
    play = Play(endpoint_flow(), Open(action="data_exchange"))
    step_ = play(Answered({"screen": "B", "data": {"n": 1}}))

    (effect,) = step_.effects
    assert isinstance(effect, NotifyEndpoint)
    assert (effect.request.action, effect.request.data["error"]) == (
        "INIT",
        "invalid-screen-transition",
    )
    assert "No screen" in play.refused(Type("a", "x"))
    assert play(Back()).screen.phase == "closed"


def test_an_answer_that_does_not_fit_the_data_model_is_told_back() -> None:
    for data in ({"n": "3"}, {"n": None}, {"n": True}, {"x": None}):
        assert told(waiting(), {"screen": "B", "data": data})[0] == "payload-schema-error"
    answers: list[Any] = [None, [], "B", {}, {"screen": "B"}, {"screen": 1, "data": {}}]
    for answer in answers:
        assert told(waiting(), answer)[0] == "payload-schema-error"


def test_data_is_checked_at_every_depth() -> None:
    items = {"type": "object", "properties": {"id": {"type": "string"}}}
    value = document(
        screen(
            "A", footer(**{"on-click-action": ask()}), data={"l": {"type": "array", "items": items}}
        ),
        data_api_version="4.0",
        routing_model={"A": []},
    )
    play = Play(value, Open(flow_token="tok"))
    play.tap()

    assert told(play, {"screen": "A", "data": {"l": [{"id": "a"}, {"id": 2}]}}) == (
        "payload-schema-error",
        "l[1].id is not of its declared type string.",
    )


def test_success_completes_the_flow_with_its_params() -> None:
    params = {"flow_token": "tok", "ref": "HB-204"}
    play = waiting()
    play(
        Answered({"screen": "SUCCESS", "data": {"extension_message_response": {"params": params}}})
    )
    assert play.response == params

    without = {"extension_message_response": {"params": {"ref": "1"}}}
    assert told(waiting(), {"screen": "SUCCESS", "data": without})[0] == "payload-schema-error"


def test_refresh_on_back_asks_the_endpoint_with_the_screen_that_is_left() -> None:
    play = waiting(refresh_on_back=True)
    play(Answered({"screen": "B", "data": {"n": 1}}))
    call = play(Back()).effects[0]
    assert isinstance(call, CallEndpoint)
    assert (call.request.action, call.request.screen, call.request.data) == ("BACK", "B", {})

    play(Answered({"screen": "A", "data": {"t": "fresh"}}))
    assert (play.step.state.stack, play.step.state.page.data) == (("A",), {"t": "fresh"})


def test_a_failed_call_leaves_the_screen_usable_with_a_generic_error() -> None:
    play = waiting()
    play(Failed("timeout_error"))
    assert play.step.screen.snackbar.startswith("Something went wrong")
    assert play.step.screen.detail == "timeout_error"

    play(Type("a", "again"))
    assert play.step.screen.snackbar == ""
    assert "No answer" in play.refused(Answered({}))


def test_a_final_failure_closes_the_flow_with_its_words() -> None:
    play = waiting()
    play(Failed("flow_token", "This booking has already been made.", final=True))

    assert (play.step.screen.phase, play.step.screen.snackbar) == (
        "closed",
        "This booking has already been made.",
    )


def test_a_state_outlives_a_change_of_the_document() -> None:
    play = Play(three())
    play(Type("a", "kept"))
    play.tap()
    changed = load(document(screen("A", text_input("a"), body("new"), footer(), terminal=True)))

    view = step(changed, play.step.state, Type("a", "kept on")).screen

    assert view.screen == "A"
    assert render(changed, State()).screen == ""


def test_the_progress_counts_the_longest_way_and_survives_loops() -> None:
    play = Play(three(routing_model={"A": ["B", "C"], "B": ["C"], "C": ["A"]}))
    view = play.step.screen

    assert (view.step, view.steps) == (1, 3)
    assert Play(one()).step.screen.steps == 0
