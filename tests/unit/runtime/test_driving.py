"""One loop for every host: an event is played with all the answers of the endpoint it leads to."""

from __future__ import annotations

from itertools import cycle

import pytest
from unit.runtime.playing import ask, document, footer, screen, to

from waflows import runtime
from waflows.runtime import Answered, AskedTooOften, Course, Event, Open, Tap, ToEndpoint


def _flow() -> runtime.Flow:
    """Screen A asks its endpoint on "Go"; B and C ask it as soon as they are entered."""
    asking = footer(**{"on-click-action": ask()})
    link = {
        "type": "EmbeddedLink",
        "text": "Site",
        "on-click-action": {"name": "open_url", "url": "https://example.com/"},
    }
    again = {
        "type": "Dropdown",
        "name": "d",
        "label": "D",
        "data-source": [{"id": "x", "title": "X"}],
        "init-value": "x",
        "on-select-action": ask(),
    }
    return runtime.load(
        document(
            screen("A", link, asking),
            screen("B", again, footer(**{"on-click-action": to("C")})),
            screen("C", again, footer(**{"on-click-action": to("A")})),
            version="6.3",
            data_api_version="3.0",
            routing_model={"A": ["B"], "B": ["C"], "C": ["A"]},
        )
    )


def _opened() -> Course:
    course = Course(_flow())
    runtime.drive_now(course, Open(screen="A"), lambda _: None)
    return course


def test_a_course_keeps_the_urls_and_the_log_of_all_its_events() -> None:
    course = _opened()
    runtime.drive_now(course, Tap("0"), lambda _: None)

    assert course.opened_urls == ["https://example.com/"]
    assert [line.action for line in course.log] == ["open", "open_url"]


def test_an_answer_is_played_as_the_next_event() -> None:
    asked: list[ToEndpoint] = []

    def answer(effect: ToEndpoint) -> Event | None:
        asked.append(effect)
        return Answered({"screen": "A", "data": {"error_message": "Taken"}})

    course = _opened()
    runtime.drive_now(course, Tap("1"), answer)

    assert [each.request.action for each in asked] == ["data_exchange"]
    assert course.screen.snackbar == "Taken"


def test_a_call_that_is_left_for_later_leaves_the_screen_waiting() -> None:
    course = _opened()
    runtime.drive_now(course, Tap("1"), lambda _: None)
    assert str(course.state.phase) == "waiting"

    runtime.drive_now(course, Answered({"screen": "A", "data": {}}), lambda _: None)
    assert str(course.state.phase) == "open"


def test_an_endpoint_that_is_asked_without_end_is_given_up() -> None:
    following = cycle("BC")
    course = _opened()

    with pytest.raises(AskedTooOften, match="50 times in a row"):
        runtime.drive_now(
            course, Tap("1"), lambda _: Answered({"screen": next(following), "data": {}})
        )


def test_an_event_that_is_refused_says_why() -> None:
    course = _opened()
    runtime.drive_now(course, Tap("77"), lambda _: None)

    assert course.refused == "Nothing can be tapped there."
