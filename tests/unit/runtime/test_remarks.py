"""What a phone refuses or does not show as meant: refused here too, or said in the action log."""

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
    text_input,
    to,
    update,
)

from waflows.runtime import Answered, Open, Select, Tap, Type, draw


def warnings(play: Play) -> list[str]:
    return [line.detail for line in play.step.log if line.action == "warning"]


def opened(component: dict[str, Any], data: Any = None, version: str = "7.3") -> list[str]:
    model = {"list": {"type": "array", "items": {"type": "object"}}, "text": {"type": "string"}}
    value = one(component, version=version, data=model)
    return warnings(Play(value, Open(data={"list": data, "text": data})))


# --- moves


def conditional(*, elsewhere: bool = False, **more: Any) -> Play:
    """A flow that leaves A by a footer in an If, and `elsewhere` by a link that always stands."""
    branch = {
        "type": "If",
        "condition": "${form.go}",
        "then": [footer(**{"on-click-action": to("B")})],
        "else": [body("Stay")],
    }
    link = {"type": "EmbeddedLink", "text": "Go", "on-click-action": to("B")}
    choice = {"type": "OptIn", "name": "go", "label": "Go"}
    first: list[dict[str, Any]] = [choice, branch, *([link] if elsewhere else [])]
    play = Play(document(screen("A", *first), screen("B", footer(), terminal=True), **more))
    play(Select("go"))
    return play


def test_a_move_that_stands_only_in_an_if_is_refused_without_a_routing_model() -> None:
    play = conditional()
    told = play.refused(Tap(play.key("footer")))

    assert told.startswith("Can't perform a transition from [A] to [B]")
    assert "write the routing_model" in told


def test_the_same_move_is_made_where_a_routing_model_or_another_action_makes_it_known() -> None:
    assert conditional(routing_model={"A": ["B"], "B": []}).tap().screen.screen == "B"
    assert conditional(elsewhere=True).tap().screen.screen == "B"


# --- numbers


def relayed(bound: str) -> Play:
    number = {"type": "number", "__example__": 1}
    play = Play(
        document(
            screen(
                "A",
                text_input("n", **{"input-type": "number"}),
                footer(**{"on-click-action": to("B", {"n": "${form.n}"})}),
            ),
            screen("B", footer(**{"on-click-action": to("C", {"n": bound})}), data={"n": number}),
            screen("C", footer({"n": "${data.n}"}), data={"n": number}, terminal=True),
        )
    )
    play(Type("n", "5"))
    play.tap()
    assert warnings(play) == []
    play.tap()
    return play


def test_a_number_that_is_handed_on_a_second_time_is_reported() -> None:
    (told,) = warnings(relayed("${data.n}"))

    assert "bind ${screen.A.form.n} instead" in told


def test_a_number_that_is_bound_where_it_was_entered_is_not_reported() -> None:
    assert warnings(relayed("${screen.A.form.n}")) == []


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (12345678901234567890, "12345678901234567000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.25e21, "1.25e+21"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.000001, "0.000001"),
        (1.25e-7, "1.25e-7"),
        (-2.50, "-2.5"),
        (-0.0, "0"),
    ],
)
def test_numbers_are_written_as_javascript_writes_them(number: float, written: str) -> None:
    model = {"n": {"type": "number", "__example__": number}}
    play = Play(one(body("`${data.n} ''`"), data=model))

    assert play.widgets("text")[0].text == (written,)


# --- lists


def test_items_without_a_text_id_and_repeated_ids_are_reported() -> None:
    told = opened(
        group("Dropdown", "d") | {"data-source": "${data.list}"},
        ["red", {"id": 1, "title": "One"}, {"id": "a", "title": "A"}, {"id": "a", "title": "B"}],
    )

    assert told == [
        "Dropdown d: data-source has 2 items without a text `id`, not shown",
        "Dropdown d: data-source has 1 item with a repeated `id`, not shown",
    ]


@pytest.mark.parametrize(
    ("kind", "count", "more", "limit"),
    [
        ("Dropdown", 201, {}, "a phone takes at most 200"),
        ("Dropdown", 101, {"image": "aGk="}, "a phone takes at most 100"),
        ("RadioButtonsGroup", 21, {}, "a phone takes at most 20"),
        ("ChipsSelector", 1, {}, "a phone takes at least 2"),
    ],
)
def test_a_bound_list_outside_its_limits_is_reported(
    kind: str, count: int, more: dict[str, str], limit: str
) -> None:
    items = [{"id": str(number), "title": "T", **more} for number in range(count)]
    (told,) = opened(group(kind, "d") | {"data-source": "${data.list}"}, items)

    assert told.startswith(f"{kind} d: data-source has {count} item")
    assert told.endswith(limit)


def test_a_list_within_its_limits_is_not_reported() -> None:
    items = [{"id": str(number), "title": "T"} for number in range(20)]

    assert opened(group("CheckboxGroup", "d") | {"data-source": "${data.list}"}, items) == []


# --- pictures


@pytest.mark.parametrize(
    ("src", "why"),
    [
        ("", "it has no data"),
        ("https://example.com/a.png", "it is an address, and a phone takes Base64 only"),
        (
            "data:image/png;base64,aGk=",
            "it begins with `data:`, and a phone takes bare Base64 only",
        ),
        ("not Base64!", "it is not Base64"),
    ],
)
def test_a_picture_that_stays_empty_says_why_in_the_log_and_on_the_screen(
    src: str, why: str
) -> None:
    image = {"type": "Image", "src": "${data.text}", "alt-text": "A room"}
    value = one(image, data={"text": {"type": "string", "__example__": src}})
    play = Play(value)

    assert warnings(play) == [f"Image: the picture is not shown: {why}"]
    assert play.widgets("image")[0].picture.problem == why
    assert f"[image: A room (empty: {why})]" in draw(play.step.screen)


def test_a_picture_that_can_be_shown_is_not_reported() -> None:
    images = [{"src": "aGk=", "alt-text": "1"}, {"src": "${data.text}", "alt-text": "2"}]
    carousel = {"type": "ImageCarousel", "images": images}
    value = one(carousel, data={"text": {"type": "string", "__example__": "aGVsbG8="}})

    assert warnings(Play(value)) == []


# --- dates


@pytest.mark.parametrize(
    ("version", "text", "form"),
    [
        ("7.3", "31/12/2025", "YYYY-MM-DD"),
        ("7.3", "2025-02-30", "YYYY-MM-DD"),
        ("7.3", "1710959400000", "YYYY-MM-DD"),
        ("4.0", "2025-02-03", "milliseconds since 1970"),
    ],
)
def test_a_date_that_is_not_one_is_reported(version: str, text: str, form: str) -> None:
    picker = {"type": "DatePicker", "name": "d", "label": "D", "min-date": "${data.text}"}

    assert opened(picker, text, version) == [
        f"DatePicker d: min-date {text!r} is not a date of the form {form}"
    ]


def test_a_range_of_no_days_is_reported() -> None:
    picker = {"type": "DatePicker", "name": "d", "label": "D"}
    told = opened(picker | {"min-date": "2030-02-01", "max-date": "2030-01-01"})

    assert told == [
        "DatePicker d: min-date 2030-02-01 is after max-date 2030-01-01, so no day can be picked"
    ]


# --- when


def test_what_was_said_is_said_again_only_for_new_data() -> None:
    image = {"type": "Image", "src": "${data.src}", "alt-text": "A room"}
    value = document(
        screen(
            "A",
            image,
            text_input("name"),
            {"type": "OptIn", "name": "o", "label": "O", "on-select-action": update(src="")},
            footer(**{"on-click-action": ask()}),
            data={"src": {"type": "string", "__example__": ""}},
        ),
        data_api_version="3.0",
        routing_model={"A": []},
    )
    play = Play(value)
    assert len(warnings(play)) == 1
    play(Type("name", "Ines"))
    assert warnings(play) == []
    play(Select("o"))
    assert len(warnings(play)) == 1
    play.tap()
    play(Answered({"screen": "A", "data": {"src": "aGk="}}))
    assert warnings(play) == []


@pytest.mark.parametrize("escape", ["\\", "\\\\"])
def test_an_escaped_apostrophe_is_played_as_an_apostrophe(escape: str) -> None:
    model = {"name": {"type": "string", "__example__": "Ines"}}
    play = Play(one(body(f"`'It{escape}'s ' ${{data.name}}`"), data=model))

    assert play.widgets("text")[0].text == ("It's Ines",)
