"""What a step may use: counted work, time for patterns, and bounds on what it makes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from unit.runtime.playing import Play, body, document, footer, one, screen, text_input, to, update

from waflows.runtime import (
    Answered,
    Close,
    Open,
    Phase,
    ScreenState,
    State,
    Tap,
    Unplayable,
    load,
    look,
    step,
    summary,
)
from waflows.runtime.budget import Budget, OverBudget

CUT = "The screen is cut: it holds more than a phone could show."
ENDLESS = "^(a|a|aa)+$"


class Ticking:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def _endless(count: int) -> Any:
    return one(
        *(
            text_input(
                f"n{number}",
                **{
                    "max-chars": 200,
                    "init-value": "a" * 40 + f"!{number}",
                    "pattern": f"{ENDLESS}{number}",
                },
            )
            for number in range(count)
        )
    )


def test_patterns_share_one_time_and_the_log_says_how_many_were_given_up() -> None:
    at = step(load(_endless(40)), State(), Open())

    [told] = [line for line in at.log if line.action == "patterns"]
    assert told.detail == "40 patterns took too long, so their texts were let through."
    assert all(getattr(widget, "problem", None) is None for widget in at.screen.widgets)


def test_when_the_time_for_patterns_has_passed_the_next_is_not_even_begun() -> None:
    budget = Budget(clock=Ticking())
    with budget.pattern() as seconds:
        assert 0 < seconds <= 0.05
    with budget.pattern() as seconds:
        assert seconds < 0


def test_a_short_pattern_is_decided_after_others_were_given_up_in_an_earlier_step() -> None:
    play = Play(one(text_input("a", pattern="^[0-9]+$", **{"init-value": "letters"})))
    problem = play.widget("a").problem
    assert problem is not None
    assert problem.code == "pattern"


def test_work_is_counted_so_the_same_screen_ends_at_the_same_place() -> None:
    items = [{"id": str(number), "title": "t"} for number in range(10_000)]
    lists = [
        {"type": "Dropdown", "name": f"d{number}", "label": "D", "data-source": "${data.items}"}
        for number in range(30)
    ]
    flow = load(one(*lists))
    state = State(phase=Phase.OPEN, stack=("HOME",), pages={"HOME": ScreenState({"items": items})})
    drawn = [look(flow, state) for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert drawn[0].screen.detail == CUT
    assert [line.action for line in drawn[0].log] == ["cut"]


def test_time_is_the_backstop_for_work_that_was_not_counted() -> None:
    budget = Budget(clock=Ticking())
    with pytest.raises(OverBudget):
        budget.spend()


def test_a_screen_too_large_is_drawn_as_far_as_it_may_be() -> None:
    flow = load(one(body("before"), *(body("${data.big}") for _ in range(20))))
    state = State(
        phase=Phase.OPEN, stack=("HOME",), pages={"HOME": ScreenState({"big": "x" * 10**6})}
    )
    drawn = look(flow, state).screen

    assert drawn.widgets[0].text == ("before",)  # type: ignore[union-attr]
    assert len(drawn.widgets) == 1 + 8 + 1
    assert drawn.widgets[-1].component == "Footer"
    assert drawn.detail == CUT


def test_an_action_of_too_much_work_is_refused_and_changes_nothing() -> None:
    payload = {f"k{number}": "${data.items}" for number in range(150_000)}
    flow = load(one(footer(payload)))
    opened = step(flow, State(), Open(data={"items": []}))
    done = step(flow, opened.state, Tap("0"))

    assert done.state == opened.state
    assert done.refused == "This takes more work than a phone could do at once."


def test_a_response_is_no_larger_than_a_phone_sends() -> None:
    flow = load(one(footer({"a": "${data.big}", "b": "${data.big}"})))
    opened = step(flow, State(), Open(data={"big": "x" * 600_000}))
    done = step(flow, opened.state, Tap("0"))

    assert done.refused == "The response is larger than a phone sends."
    assert done.state.phase is Phase.OPEN


def test_all_screens_together_hold_no_more_than_a_phone_keeps() -> None:
    pair = document(
        screen("A", footer(**{"on-click-action": to("B", {"more": "${data.big}"})})),
        screen("B", footer(), terminal=True),
    )
    flow = load(pair)
    opened = step(flow, State(), Open(data={"big": "x" * 7_000_000}))
    done = step(flow, opened.state, Tap("0"))

    assert done.refused == "The flow's data is larger than a phone keeps."
    assert done.state == msgspec.structs.replace(opened.state, snackbar="", detail="")
    assert step(flow, done.state, Close()).state.phase is Phase.CLOSED


def test_an_answer_that_makes_the_state_too_large_is_an_error_told_to_the_endpoint() -> None:
    asking = document(
        screen("A", footer(**{"on-click-action": {"name": "data_exchange", "payload": {}}})),
        screen("B", footer(), terminal=True),
        data_api_version="4.0",
        routing_model={"A": ["B"], "B": []},
    )
    flow = load(asking)
    at = step(flow, State(), Open(data={"big": "x" * 7_000_000}))
    waiting = step(flow, at.state, Tap("0"))
    done = step(flow, waiting.state, Answered({"screen": "B", "data": {"more": "x" * 7_000_000}}))

    assert done.state.phase is Phase.OPEN
    assert done.state.screen == "A"
    assert [type(effect).__name__ for effect in done.effects] == ["NotifyEndpoint"]


def test_a_log_line_leaves_out_data_that_is_too_much_to_tell() -> None:
    button = footer(**{"on-click-action": update(copy="${data.big}")})
    flow = load(one(button))
    opened = step(flow, State(), Open(data={"big": "x" * 2_000_000}))
    done = step(flow, opened.state, Tap("0"))

    assert [(line.action, line.data) for line in done.log] == [("update_data", {})]
    assert done.log[0].detail == "(too much data to tell)"
    assert done.state.page.data["copy"] == "x" * 2_000_000


def test_a_summary_ends_where_it_is_more_than_anybody_reads() -> None:
    inputs = [
        text_input(f"n{number}", **{"init-value": "v", "label": "${data.big}"})
        for number in range(30)
    ]
    flow = load(one(*inputs))
    state = State(
        phase=Phase.COMPLETED, stack=("HOME",), pages={"HOME": ScreenState({"big": "x" * 10**5})}
    )
    lines = summary(flow, state)

    assert 5 < len(lines) < 15
    assert lines[-1].text == "The rest is too long to show."


def test_a_document_of_very_many_values_cannot_be_played() -> None:
    with pytest.raises(Unplayable, match="more than 100,000 objects"):
        load('{"screens":[' + "{}," * 100_001 + "{}]}")
    with pytest.raises(Unplayable, match="more than 400,000 values"):
        load('{"screens":[' + "1," * 400_001 + "1]}")
