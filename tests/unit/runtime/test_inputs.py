"""What each input takes, what its value is, and what keeps it from being accepted."""

from __future__ import annotations

from typing import Any

import pytest
from unit.runtime.playing import (
    Play,
    document,
    footer,
    group,
    item,
    one,
    screen,
    string,
    text_input,
)

from waflows.runtime import (
    Media,
    Open,
    PickDate,
    PickDates,
    PickMedia,
    Select,
    Tap,
    Type,
    Unselect,
)


def problem(play: Play, name: str) -> str:
    found = play.widget(name).problem
    return found.code if found is not None else ""


@pytest.mark.parametrize(
    ("properties", "text", "code"),
    [
        ({}, "anything", ""),
        ({}, "x" * 80, ""),
        ({}, "x" * 81, "too-long"),
        ({"max-chars": "5"}, "sixsix", "too-long"),
        ({"min-chars": 3}, "ab", "too-short"),
        ({"min-chars": 3}, "", ""),
        ({"required": True}, "", "required"),
        ({"required": True}, "  ", "required"),
        ({"input-type": "email"}, "ines@example.com", ""),
        ({"input-type": "email"}, "ines@example", "email"),
        ({"input-type": "email"}, "ines example.com", "email"),
        ({"input-type": "phone"}, "+351 912-345-678", ""),
        ({"input-type": "phone"}, "call me", "phone"),
        ({"input-type": "number"}, "-12.5", ""),
        ({"input-type": "number"}, "12a", "number"),
        ({"input-type": "passcode"}, "0123", ""),
        ({"input-type": "passcode"}, "01 23", "passcode"),
        ({"input-type": "password"}, "any thing", ""),
        ({"pattern": "^[A-Z]{2}[0-9]+$"}, "PT12", ""),
        ({"pattern": "^[A-Z]{2}[0-9]+$"}, "12", "pattern"),
        ({"pattern": "007"}, "x007x", ""),
        ({"input-type": "passcode", "pattern": "007"}, "abc", "passcode"),
        ({"input-type": "email", "pattern": "^x"}, "ines@example.com", ""),
        ({"pattern": "("}, "no expression at all", ""),
        ({"pattern": "^(?=.*[A-Z])(?=.*[0-9]).{8,}$"}, "Abcdefg1", ""),
    ],
)
def test_a_text_is_checked(properties: dict[str, Any], text: str, code: str) -> None:
    play = Play(one(text_input("field", **properties)))

    play(Type("field", text))

    assert problem(play, "field") == code


def test_a_pattern_is_known_from_6_2_only() -> None:
    play = Play(one(text_input("field", pattern="^x"), version="6.1"))

    play(Type("field", "y"))

    assert problem(play, "field") == ""


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(a|a)*$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_explodes_lets_the_text_through(pattern: str) -> None:
    play = Play(one(text_input("field", pattern=pattern, **{"max-chars": 5000})))

    play(Type("field", "a" * 4000 + "!"))

    assert problem(play, "field") == ""


def test_a_text_area_counts_its_characters() -> None:
    play = Play(
        one({"type": "TextArea", "name": "note", "label": "Note", "max-length": 10, "required": 1})
    )

    play(Type("note", "seventeen letters"))

    assert play.widget("note").counter == "17 / 10"
    assert problem(play, "note") == "too-long"
    assert play.widget("note").label == "Note (optional)"


def test_a_group_holds_ids_and_its_limits() -> None:
    play = Play(
        one(
            group(
                "CheckboxGroup",
                "extras",
                "bed",
                "park",
                "meal",
                item("pool", enabled=False),
                **{"min-selected-items": 2, "max-selected-items": 2},
            ),
            footer({"extras": "${form.extras}"}),
        )
    )

    play(Select("extras", "meal"))
    assert problem(play, "extras") == "too-few"
    play(Select("extras", "bed"))
    assert [o.enabled for o in play.widget("extras").options] == [True, False, True, False]
    assert "At most 2" in play.refused(Select("extras", "park"))
    assert "disabled" in play.refused(Select("extras", "pool"))
    assert "no item" in play.refused(Select("extras", "moon"))
    play(Unselect("extras", "meal"), Select("extras", "park"))
    play.tap()

    assert play.response["extras"] == ["bed", "park"]


@pytest.mark.parametrize("kind", ["RadioButtonsGroup", "Dropdown"])
def test_one_of_many_holds_one_id(kind: str) -> None:
    play = Play(
        one(group(kind, "room", "single", "double", required=True), footer({"r": "${form.room}"}))
    )
    assert problem(play, "room") == "required"

    play(Select("room", "single"), Select("room", "double"))
    play.tap()

    assert play.response["r"] == "double"


def test_chips_say_how_many_may_be_chosen() -> None:
    play = Play(one(group("ChipsSelector", "tags", "a", "b", "c", **{"max-selected-items": 2})))

    assert play.widget("tags").hint == "Choose up to 2 options."
    assert play.widget("tags").multiple


def test_a_selection_vanishes_with_its_option() -> None:
    source = "${data.rooms}"
    value = one(
        {"type": "Dropdown", "name": "room", "label": "Room", "data-source": source},
        group(
            "RadioButtonsGroup",
            "kind",
            item("old"),
            item(
                "new",
                **{"on-select-action": {"name": "update_data", "payload": {"rooms": [item("b")]}}},
            ),
        ),
        footer({"room": "${form.room}"}),
    )
    play = Play(value, Open(data={"rooms": [item("a"), item("b")]}))
    play(Select("room", "a"), Select("kind", "new"))
    play.tap()

    assert play.response["room"] == ""


def test_an_opt_in_holds_a_truth_value() -> None:
    opt_in = {"type": "OptIn", "name": "terms", "label": "I agree", "required": True}
    play = Play(one(opt_in, footer({"ok": "${form.terms}"})))
    assert problem(play, "terms") == "required"

    play(Select("terms"), Unselect("terms"), Select("terms"))
    play.tap()

    assert play.response["ok"] is True


DATE = {
    "type": "DatePicker",
    "name": "day",
    "label": "Day",
    "required": True,
    "min-date": "2030-01-10",
    "max-date": "2030-01-20",
    "unavailable-dates": ["2030-01-12"],
}


@pytest.mark.parametrize("day", ["2030-01-09", "2030-01-21", "2030-01-12", "2030-13-01", "soon"])
def test_a_date_that_is_not_offered_cannot_be_picked(day: str) -> None:
    play = Play(one(DATE))

    assert "cannot be picked" in play.refused(PickDate("day", day))


def test_a_date_is_iso_from_version_5_and_milliseconds_before() -> None:
    for version, sent in (("5.0", "2030-01-15"), ("4.0", "1894665600000")):
        dates = {"min-date": "1893456000000"} if version == "4.0" else {}
        play = Play(one({**DATE, **dates}, footer({"day": "${form.day}"}), version=version))
        play(PickDate("day", "2030-01-15"))
        assert play.widget("day").parts[0].value == "2030-01-15"
        play.tap()

        assert play.response["day"] == sent


def test_the_calendar_opens_on_today_within_its_bounds() -> None:
    assert Play(one(DATE), Open(today="2030-01-14")).widget("day").parts[0].opens_on == "2030-01-14"
    assert Play(one(DATE), Open(today="2029-01-14")).widget("day").parts[0].opens_on == "2030-01-10"


def calendar(**more: Any) -> dict[str, Any]:
    label = {"start-date": "From", "end-date": "To"}
    return {"type": "CalendarPicker", "name": "stay", "label": label, "mode": "range", **more}


def test_a_range_is_checked_and_sent_as_start_and_end() -> None:
    days = {"min-days": 2, "max-days": 5, "include-days": ["Mon", "Tue", "Wed", "Thu", "Fri"]}
    required = {"start-date": True, "end-date": True}
    play = Play(one(calendar(required=required, **days), footer({"stay": "${form.stay}"})))
    assert [part.label for part in play.widget("stay").parts] == ["From", "To"]
    assert problem(play, "stay") == "required"

    assert "at least 2" in play.refused(PickDates("stay", "2030-01-14", "2030-01-15"))
    assert "at most 5" in play.refused(PickDates("stay", "2030-01-14", "2030-01-25"))
    assert "before" in play.refused(PickDates("stay", "2030-01-15", "2030-01-14"))
    assert "cannot be picked" in play.refused(PickDates("stay", "2030-01-12", "2030-01-15"))
    play(PickDates("stay", "2030-01-14", ""))
    assert problem(play, "stay") == "required"
    play(PickDates("stay", "2030-01-14", "2030-01-17"))
    play.tap()

    assert play.response["stay"] == {"start-date": "2030-01-14", "end-date": "2030-01-17"}


def photo(number: int = 1, **more: Any) -> Media:
    kept = {"mime_type": "image/jpeg", "size_bytes": 100, "sha256": "abc", **more}
    return Media(id=f"m{number}", file_name=f"{number}.jpg", **kept)


def test_photos_are_checked_and_sent_as_the_response_has_them() -> None:
    picker = {
        "type": "PhotoPicker",
        "name": "photos",
        "label": "Photos",
        "min-uploaded-photos": 1,
        "max-uploaded-photos": 2,
        "max-file-size-kb": 1,
    }
    play = Play(one(picker, footer({"photos": "${form.photos}"})))
    assert problem(play, "photos") == "required"
    assert play.widget("photos").hint == "Add 1 to 2 photos. Max file size 1 KB."

    assert "at most 2" in play.refused(PickMedia("photos", tuple(map(photo, range(3)))))
    assert "larger" in play.refused(PickMedia("photos", (photo(size_bytes=2000),)))
    assert "not a photo" in play.refused(PickMedia("photos", (photo(mime_type="text/plain"),)))
    play(PickMedia("photos", (photo(),)))
    play.tap()

    assert play.response["photos"] == [
        {"file_name": "1.jpg", "mime_type": "image/jpeg", "sha256": "abc", "id": "m1"}
    ]


def test_initial_values_follow_the_data_until_the_user_touches_the_input() -> None:
    value = document(
        screen(
            "HOME",
            text_input("name", **{"init-value": "${data.name}"}),
            text_input("city", **{"init-value": "${data.city}"}),
            group(
                "RadioButtonsGroup",
                "who",
                item(
                    "me",
                    **{
                        "on-select-action": {
                            "name": "update_data",
                            "payload": {"name": "Rui", "city": "Faro"},
                        }
                    },
                ),
            ),
            footer({"name": "${form.name}", "city": "${form.city}"}),
            data={"name": string("Ines"), "city": string("Porto")},
            terminal=True,
        )
    )
    play = Play(value)
    assert play.widget("name").value == "Ines"

    play(Type("city", "Braga"), Select("who", "me"))
    play.tap()

    assert play.response == {"name": "Rui", "city": "Braga", "flow_token": "unused"}


def test_a_form_gives_initial_values_to_every_kind_of_input() -> None:
    children = [
        text_input("name"),
        group("CheckboxGroup", "extras", "bed", "park"),
        group("Dropdown", "room", "single", "double"),
        {"type": "OptIn", "name": "terms", "label": "Terms"},
        {"type": "DatePicker", "name": "day", "label": "Day"},
    ]
    values = {
        "name": "`'I' 'nes'`",
        "extras": ["park", "moon"],
        "room": "double",
        "terms": True,
        "day": "2030-01-15",
    }
    payload = {name: f"${{form.{name}}}" for name in values}
    for init in (values, "${data.values}"):
        form = {"type": "Form", "name": "f", "children": children, "init-values": init}
        play = Play(one(form, footer(payload)), Open(data={"values": {**values, "name": "Ines"}}))
        play.tap()

        assert play.response == {
            "name": "Ines",
            "extras": ["park"],
            "room": "double",
            "terms": True,
            "day": "2030-01-15",
            "flow_token": "unused",
        }


def test_initial_values_that_go_round_in_a_circle_are_empty() -> None:
    play = Play(
        one(
            text_input("a", **{"init-value": "${form.b}"}),
            text_input("b", **{"init-value": "${form.a}"}),
        )
    )

    assert [w.value for w in play.widgets("text-field")] == ["", ""]


def test_a_bound_error_is_shown_until_the_input_is_changed_and_does_not_block() -> None:
    form = {
        "type": "Form",
        "name": "f",
        "children": [text_input("email", required=True), footer({"e": "${form.email}"})],
        "init-values": {"email": "a@b.example"},
        "error-messages": "${data.errors}",
    }
    opening = Open(data={"errors": {"email": "This address is taken"}})
    play = Play(one(form), opening)
    assert play.widget("email").error == "This address is taken"

    play(Type("email", "c@b.example"))

    assert play.widget("email").error == ""
    assert Play(one(form), opening).tap().state.response is not None


def test_the_footer_waits_for_required_inputs_and_shows_other_faults_when_tapped() -> None:
    play = Play(
        one(
            text_input("name", required=True),
            text_input("email", **{"input-type": "email", "init-value": "x"}),
        )
    )
    footer_ = play.widgets("footer")[0]
    assert (footer_.enabled, footer_.why) == (False, "'Name' is required.")
    assert "required" in play.refused(Tap(footer_.key))

    play(Type("name", "Ines"))
    assert play.widgets("footer")[0].enabled
    assert play.widget("email").error == ""
    assert "errors" in play.refused(Tap(footer_.key))

    assert play.widget("email").error == "Enter a valid email address."
    play(Type("email", "ines@example.com"))
    play.tap()
