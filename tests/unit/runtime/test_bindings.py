"""What bindings and expressions mean on a screen."""

from __future__ import annotations

from typing import Any

import pytest
from unit.runtime.playing import Play, body, document, footer, one, screen, string, text_input, to

from waflows.runtime import Back, Open, Type


def shown(text: Any, version: str = "7.3", **data: Any) -> list[str]:
    play = Play(one(body(text), version=version), Open(data=data))
    return play.texts


def test_a_binding_shows_the_data_a_message_brought() -> None:
    assert shown("${data.guest}", guest="Ines") == ["Ines"]
    assert shown("${data.address.city}", address={"city": "Porto"}) == ["Porto"]


def test_without_data_the_examples_are_shown() -> None:
    play = Play(one(body("${data.guest}"), data={"guest": string("Rui")}))

    assert play.texts == ["Rui"]


def test_a_text_with_a_binding_in_it_is_shown_as_it_is() -> None:
    assert shown("Hi ${data.guest}", guest="Ines") == ["Hi ${data.guest}"]


def test_data_that_looks_like_an_expression_is_only_text() -> None:
    assert shown("${data.guest}", guest="`1 + 1`") == ["`1 + 1`"]
    assert shown("${data.guest}", guest="${data.guest}") == ["${data.guest}"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'Total ' ${data.n} ' nights'", "Total 3 nights"),
        ("'a' ${data.n} + 1", "a4"),
        ("${data.n} / 2", "1.5"),
        ("${data.n} - 5", "-2"),
        ("-${data.n}", "-3"),
        ("${data.n} % 2", "1"),
        ("-7 % ${data.n}", "-1"),
        ("${data.n} / 0", "0"),
        ("${data.n} % ${data.gone}", "0"),
        ("${data.n} + ${data.gone}", "3"),
        ("${data.digits} + 1", "43"),
        ("${data.n} >= 3", "true"),
        ("${data.n} < 3", "false"),
        ("${data.word} < 3", "false"),
        ("${data.digits} == 42", "true"),
        ("${data.word} == 'x'", "true"),
        ("${data.word} != 'x'", "false"),
        ("${data.gone} == ''", "true"),
        ("!(${data.yes} && (${data.n} == 3))", "false"),
        ("${data.yes} == 'true'", "false"),
        ("${data.yes} || ${data.gone}", "true"),
        ("${data.n} + 0.25", "3.25"),
        ("${data.big} + ${data.big}", "0"),
    ],
)
def test_an_expression_has_the_value_a_phone_gives_it(expression: str, value: str) -> None:
    data: dict[str, Any] = {"n": 3, "digits": "42", "word": "x", "yes": True, "big": 1.7e308}

    assert shown(f"`{expression}`", **data) == [value]


def test_backticks_are_text_before_version_6() -> None:
    assert shown("`1 + 1`", version="5.1") == ["`1 + 1`"]
    assert shown("`1 + 1`", version="6.0") == ["2"]


def test_an_expression_that_is_none_shows_nothing() -> None:
    assert shown("`1 +`") == []


def two_screens() -> Play:
    return Play(
        document(
            screen(
                "FIRST",
                text_input("name"),
                body("${screen.SECOND.form.reply}"),
                footer(**{"on-click-action": to("SECOND")}),
                data={"hotel": string("Mar")},
            ),
            screen(
                "SECOND",
                body("${screen.FIRST.form.name}"),
                body("${screen.FIRST.data.hotel}"),
                text_input("reply"),
                footer({"who": "${screen.FIRST.form.name}"}),
                terminal=True,
            ),
        )
    )


def test_a_global_reference_reads_the_input_and_the_data_of_another_screen() -> None:
    play = two_screens()
    play(Type("name", "Ines"))
    play.tap()

    assert play.texts == ["Ines", "Mar"]
    play.tap()
    assert play.response == {"who": "Ines", "flow_token": "unused"}


def test_a_global_reference_to_a_screen_not_visited_is_empty_and_then_is_not() -> None:
    play = two_screens()
    assert play.texts == [""]

    play.tap()
    play(Type("reply", "Yes"), Back())

    assert play.texts == ["Yes"]


def test_a_title_may_be_a_binding() -> None:
    value = one(body("x"), data={"name": string("Ines")})
    value["screens"][0]["title"] = "`'Hello ' ${data.name}`"

    assert Play(value).step.screen.title == "Hello Ines"
