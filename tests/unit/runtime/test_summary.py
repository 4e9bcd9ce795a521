"""The summary in the response bubble."""

from __future__ import annotations

from unit.runtime.playing import Play, document, footer, group, screen, text_input, to

from waflows.runtime import Media, PickDates, PickMedia, Select, Type, summary


def filled(sensitive: list[str], version: str = "7.3") -> list[tuple[str, str]]:
    play = Play(
        document(
            screen(
                "FIRST",
                text_input("name"),
                text_input("secret", **{"input-type": "password"}),
                group("CheckboxGroup", "extras", "bed", "park"),
                group("ChipsSelector", "tags", "a", "b"),
                {"type": "OptIn", "name": "terms", "label": "Terms"},
                {"type": "CalendarPicker", "name": "stay", "label": {}, "mode": "range"},
                text_input("empty"),
                footer(**{"on-click-action": to("SECOND")}),
                sensitive=sensitive,
            ),
            screen(
                "SECOND",
                {"type": "PhotoPicker", "name": "photos", "label": "Photos"},
                footer(),
                terminal=True,
                sensitive=sensitive,
            ),
            version=version,
        )
    )
    play(
        Type("name", "Ines"),
        Type("secret", "hush"),
        Select("extras", "bed"),
        Select("extras", "park"),
        Select("tags", "b"),
        Select("terms"),
        PickDates("stay", "2030-01-14", "2030-01-17"),
    )
    play.tap()
    play(PickMedia("photos", (Media(id="1", file_name="a.jpg", mime_type="image/jpeg"),)))
    play.tap()
    return [(line.label, line.text) for line in summary(play.flow, play.step.state)]


def test_values_are_shown_with_titles_and_passwords_never() -> None:
    assert filled([]) == [
        ("Name", "Ines"),
        ("Extras", "Bed, Park"),
        ("Tags", "B"),
        ("Terms", "✓"),
        ("stay", "2030-01-14 – 2030-01-17"),  # noqa: RUF001
        ("Photos", "a.jpg"),
    ]


def test_sensitive_values_are_masked_files_hidden_and_opt_ins_shown() -> None:
    mask = "••••••••••••"

    assert filled(["name", "extras", "tags", "terms", "stay", "photos"]) == [
        ("Name", mask),
        ("Extras", mask),
        ("Tags", mask),
        ("Terms", "✓"),
        ("stay", mask),
    ]


def test_there_is_no_summary_before_version_5_1() -> None:
    assert filled([], version="5.0") == []
