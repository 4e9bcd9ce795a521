"""The phone of `waflows.testing`: walking by label, and what a failing expectation says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.runtime.playing import (
    ask,
    body,
    document,
    footer,
    group,
    item,
    screen,
    string,
    text_input,
    to,
)

from waflows import samples
from waflows.runtime import Failed
from waflows.testing import FlowExpectationError, Phone

BOOKING = document(
    screen(
        "DETAILS",
        text_input("name", label="Full name", required=True),
        text_input("email", label="Email", **{"input-type": "email"}),
        group("Dropdown", "room", "single", "double", label="Room", required=True),
        group("CheckboxGroup", "extras", "bed", "park", label="Extras"),
        {"type": "OptIn", "name": "terms", "label": "I agree", "on-click-action": to("TERMS")},
        {"type": "DatePicker", "name": "day", "label": "Arrival"},
        {"type": "PhotoPicker", "name": "photos", "label": "Photos"},
        {
            "type": "EmbeddedLink",
            "text": "Our site",
            "on-click-action": {"name": "open_url", "url": "https://example.com"},
        },
        footer(label="Continue", **{"on-click-action": to("CONFIRM", {"who": "${form.name}"})}),
        title="Your details",
    ),
    screen("TERMS", body("The terms"), title="Terms"),
    screen(
        "CONFIRM",
        body("`'Thank you, ' ${data.who}`"),
        footer(
            {
                name: f"${{screen.DETAILS.form.{name}}}"
                for name in ("name", "room", "extras", "terms", "day", "photos")
            },
            label="Book",
        ),
        data={"who": string()},
        terminal=True,
    ),
)


def test_a_flow_is_walked_by_label_from_start_to_response() -> None:
    phone = Phone(BOOKING)
    phone.expect_screen("Your details")
    phone.expect_disabled("Continue")
    phone.fill("Full name", "Ines")
    phone.choose("Room", "Single")
    phone.choose("room", "double")
    phone.choose("Extras", "Bed", "Park")
    phone.unchoose("Extras", "Bed")
    phone.pick("Arrival", "2030-05-04")
    phone.upload("Photos", "kitchen.jpg")
    phone.tap("Our site")
    assert phone.opened_urls == ["https://example.com"]
    phone.tap("I agree")
    phone.expect_text("The terms")
    phone.back()
    phone.check("I agree")
    phone.tap("Continue")
    phone.expect_screen("CONFIRM")
    phone.expect_text("Thank you, Ines")
    phone.expect_no_text("undefined")
    phone.tap("Book")

    phone.expect_completed(name="Ines", room="double", extras=["park"], terms=True)
    assert phone.response["day"] == "2030-05-04"
    assert phone.response["photos"][0]["file_name"] == "kitchen.jpg"
    assert [line.action for line in phone.log] == [
        "open", "open_url", "navigate", "back", "navigate", "complete"
    ]  # fmt: skip


def test_an_error_is_expected_at_its_label() -> None:
    phone = Phone(BOOKING)
    phone.fill("Full name", "Ines")
    phone.choose("Room", "Single")
    phone.expect_no_error("Email")
    phone.fill("Email", "ines")

    phone.expect_error("Email", "valid email")
    assert phone.value("Email") == "ines"
    with pytest.raises(FlowExpectationError, match="has errors"):
        phone.tap("Continue")


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda p: p.tap("Book"), "nothing called 'Book' to tap; it has "),
        (lambda p: p.tap("Continue"), "'Full name' is required."),
        (lambda p: p.fill("Name of guest", "x"), "it has 'Full name', 'Email'"),
        (lambda p: p.choose("Room", "Suite"), "no item 'Suite'; it has 'Single', 'Double'"),
        (lambda p: p.expect_screen("CONFIRM"), "Expected the screen 'CONFIRM'"),
        (lambda p: p.expect_text("Hello"), "Expected the text 'Hello'"),
        (lambda p: p.expect_no_text("Room"), "Expected no text 'Room'"),
        (lambda p: p.expect_error("Email"), "there is none"),
        (lambda p: p.expect_enabled("Continue"), "to be enabled"),
        (lambda p: p.expect_disabled("Email"), "to be disabled"),
        (lambda p: p.expect_snackbar("x"), "Expected a snackbar"),
        (lambda p: p.expect_closed(), "to be closed"),
        (lambda p: p.expect_completed(), "not completed"),
        (lambda p: p.response, "not completed"),
        (lambda p: p.pick("Arrival", "tomorrow"), "cannot be picked"),
    ],
)
def test_what_cannot_be_done_or_does_not_hold_is_said_above_the_screen(act: Any, says: str) -> None:
    with pytest.raises(FlowExpectationError) as raised:
        act(Phone(BOOKING))

    message = str(raised.value)
    assert says in message
    assert "\n  │ Your details  [DETAILS]  1/2\n" in message


def test_two_things_of_one_label_need_the_inputs_name() -> None:
    flow = document(
        screen("HOME", text_input("a", label="Name"), text_input("b", label="Name"), footer())
    )
    phone = Phone(flow)

    with pytest.raises(FlowExpectationError, match="use the input's name"):
        phone.fill("Name", "x")
    phone.fill("b", "x")


def endpoint_flow() -> dict[str, Any]:
    return document(
        screen(
            "DATES",
            text_input("nights", label="Nights"),
            {
                "type": "Dropdown",
                "name": "room",
                "label": "Room",
                "data-source": "${data.rooms}",
                "on-select-action": ask({"room": "${form.room}"}),
            },
            body("${data.price}"),
            footer(label="Pay", **{"on-click-action": ask({"nights": "${form.nights}"})}),
            data={"rooms": {"type": "array"}, "price": string()},
            terminal=True,
        ),
        data_api_version="4.0",
        routing_model={"DATES": []},
    )


def test_a_plain_function_is_the_endpoint() -> None:
    def endpoint(request: dict[str, Any]) -> dict[str, Any]:
        rooms = [item("single"), item("double")]
        if request["action"] == "INIT":
            return {"screen": "DATES", "data": {"rooms": rooms, "price": "?"}}
        if "room" in request["data"]:
            return {"screen": "DATES", "data": {"rooms": rooms, "price": "€80"}}
        params = {"flow_token": request["flow_token"], "nights": request["data"]["nights"]}
        return {"screen": "SUCCESS", "data": {"extension_message_response": {"params": params}}}

    phone = Phone(endpoint_flow(), endpoint=endpoint, flow_token="tok")
    phone.expect_text("?")
    phone.choose("Room", "Double")
    phone.expect_text("€80")
    phone.fill("Nights", "2")
    phone.tap("Pay")

    assert phone.response == {"flow_token": "tok", "nights": "2"}
    assert [request["action"] for request in phone.requests] == [
        "INIT", "data_exchange", "data_exchange"
    ]  # fmt: skip
    assert phone.requests[1]["data"] == {"room": "double"}


def test_a_failing_endpoint_and_an_unusable_answer_show_the_generic_error() -> None:
    answers: list[Any] = [Failed("timeout_error"), {"screen": "MOON", "data": {}}]
    phone = Phone(endpoint_flow(), endpoint=lambda _: answers.pop(0), data={"rooms": []})

    phone.tap("Pay")
    phone.expect_snackbar("Something went wrong")
    phone.tap("Pay")
    phone.expect_snackbar("Something went wrong")

    assert phone.notifications[0]["data"]["error"] == "invalid-screen-transition"


def test_an_error_in_the_endpoint_is_the_tests_own() -> None:
    def endpoint(request: dict[str, Any]) -> dict[str, Any]:
        raise KeyError(request["action"])

    with pytest.raises(KeyError, match="INIT"):
        Phone(endpoint_flow(), endpoint=endpoint)


def test_a_flow_that_calls_an_endpoint_the_test_has_not_says_so() -> None:
    phone = Phone(endpoint_flow(), data={"rooms": []})

    with pytest.raises(FlowExpectationError, match="the test has none"):
        phone.tap("Pay")


def test_flows_are_opened_from_files_and_texts(tmp_path: Path) -> None:
    sample = next(iter(samples.all_samples()))
    file = tmp_path / "flow.json"
    file.write_text(sample.flow_json, "utf-8")

    assert Phone(file).screen == Phone(sample.flow_json).screen


pytest_plugins = ["pytester"]


def test_the_plugin_gives_a_fixture_that_opens_files(pytester: pytest.Pytester) -> None:
    sample = next(s for s in samples.all_samples() if "SIGN_UP" in s.flow_json)
    pytester.makefile(".json", workshop=sample.flow_json)
    pytester.makepyfile(
        """
        def test_signing_up(flow):
            phone = flow("workshop.json")
            phone.fill("Full name", "Ines")
            phone.fill("Email", "ines@example.com")
            phone.check("I have read the workshop rules")
            phone.tap("Sign up")
            phone.expect_completed(full_name="Ines", terms=True)

        def test_failing(flow):
            flow("workshop.json").expect_screen("MOON")

        def test_missing(flow):
            flow("moon.json")
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*Expected the screen 'MOON'.", "*Saturday workshop*SIGN_UP*"])
    result.stdout.fnmatch_lines(["*FileNotFoundError: There is neither *moon.json*"])
