"""Every component becomes plain data that survives JSON and can be drawn as text."""

from __future__ import annotations

from typing import Any

import msgspec
from unit.runtime.playing import Play, document, footer, group, item, one, screen, text_input

from waflows.flowjson.spec.components import COMPONENTS
from waflows.runtime import Open, Tap, Type, View, draw

IMAGE = "aGVsbG8="
EVERY: dict[str, dict[str, Any]] = {
    "TextHeading": {"type": "TextHeading", "text": "Heading"},
    "TextSubheading": {"type": "TextSubheading", "text": "Subheading"},
    "TextBody": {
        "type": "TextBody",
        "text": ["One", "Two"],
        "markdown": True,
        "font-weight": "bold",
    },
    "TextCaption": {"type": "TextCaption", "text": "Caption", "strikethrough": True},
    "RichText": {"type": "RichText", "text": ["# Title", "Text"]},
    "TextInput": text_input("name", **{"helper-text": "Your full name", "label-variant": "large"}),
    "TextArea": {"type": "TextArea", "name": "note", "label": "Note"},
    "CheckboxGroup": group(
        "CheckboxGroup",
        "extras",
        item(
            "bed",
            description="Big",
            metadata="€5",
            image=IMAGE,
            color="00ff00",
            **{"alt-text": "Bed"},
        ),
        description="What else?",
    ),
    "RadioButtonsGroup": group("RadioButtonsGroup", "kind", "a", "b", **{"media-size": "large"}),
    "Dropdown": group("Dropdown", "room", "single", "double"),
    "ChipsSelector": group("ChipsSelector", "tags", "a", "b"),
    "OptIn": {"type": "OptIn", "name": "terms", "label": "Terms"},
    "DatePicker": {"type": "DatePicker", "name": "day", "label": "Day", "helper-text": "Which"},
    "CalendarPicker": {
        "type": "CalendarPicker",
        "name": "stay",
        "title": "Stay",
        "mode": "range",
        "label": {"start-date": "From", "end-date": "To"},
    },
    "PhotoPicker": {"type": "PhotoPicker", "name": "photos", "label": "Photos"},
    "DocumentPicker": {"type": "DocumentPicker", "name": "files", "label": "Files"},
    "Footer": footer(**{"left-caption": "Left", "right-caption": "Right"}),
    "EmbeddedLink": {
        "type": "EmbeddedLink",
        "text": "Link",
        "on-click-action": {"name": "open_url", "url": "https://example.com"},
    },
    "NavigationList": {
        "type": "NavigationList",
        "name": "list",
        "label": "List",
        "list-items": [
            {
                "id": "one",
                "main-content": {"title": "Entry", "description": "About", "metadata": "More"},
                "start": {"image": IMAGE, "alt-text": "Start"},
                "end": {"title": "$100", "description": "/ month"},
                "badge": "New",
                "tags": ["x", "y"],
            }
        ],
    },
    "Image": {
        "type": "Image",
        "src": IMAGE,
        "alt-text": "A cat",
        "height": 100,
        "aspect-ratio": 1.5,
    },
    "ImageCarousel": {
        "type": "ImageCarousel",
        "images": [{"src": IMAGE, "alt-text": "One"}, {"src": IMAGE, "alt-text": "Two"}],
        "aspect-ratio": "16:9",
    },
    "If": {
        "type": "If",
        "condition": "${data.yes}",
        "then": [{"type": "TextBody", "text": "Then"}],
    },
    "Switch": {
        "type": "Switch",
        "value": "${data.animal}",
        "cases": {"cat": [{"type": "TextBody", "text": "Meow"}]},
    },
    "Form": {
        "type": "Form",
        "name": "form",
        "children": [{"type": "TextBody", "text": "In a form"}],
    },
}


def test_every_component_of_the_specification_is_drawn() -> None:
    assert EVERY.keys() == COMPONENTS.keys()
    play = Play(one(*EVERY.values()), Open(data={"yes": True, "animal": "cat"}))
    view = play.step.screen

    containers = {"If", "Switch", "Form"}
    assert {widget.component for widget in view.widgets} == EVERY.keys() - containers
    assert play.texts[-3:] == ["Then", "Meow", "In a form"]
    assert msgspec.json.decode(msgspec.json.encode(view), type=View) == view
    keys = [widget.key for widget in view.widgets]
    assert len(set(keys)) == len(keys)


def test_a_screen_is_drawn_as_text() -> None:
    chosen = [
        "TextHeading",
        "TextInput",
        "CheckboxGroup",
        "OptIn",
        "CalendarPicker",
        "Image",
        "Footer",
    ]
    play = Play(one(*(EVERY[name] for name in chosen)))

    assert draw(play.step.screen) == (
        "Home  [HOME]\n"
        "────────────────────────────────────────\n"
        "# Heading\n"
        "Name (optional): []\n"
        "    Your full name\n"
        "Extras (optional):\n"
        "    What else?\n"
        "    [ ] Bed — Big — €5\n"
        "[ ] Terms\n"
        "Stay\n"
        "From (optional): []\n"
        "To (optional): []\n"
        "[image: A cat]\n"
        "Left  Right\n"
        "[ Go ]"
    )


def test_a_carousel_shows_the_image_it_was_moved_to() -> None:
    play = Play(one(EVERY["ImageCarousel"]))
    key = play.key("carousel")

    play(Tap(key, "1"))

    assert play.widgets("carousel")[0].shown == 1
    assert "no image" in play.refused(Tap(key, "2"))
    assert "no image" in play.refused(Tap(key, "one"))


def test_a_key_names_the_same_widget_when_others_come_and_go() -> None:
    hidden = text_input("b", visible="`${form.a} == 'x'`")
    play = Play(one(text_input("a"), hidden, text_input("c")))
    before = play.widget("c").key

    play(Type("a", "x"))

    assert play.widget("c").key == before
    assert play.widget("b").key != before


def test_components_of_unknown_kinds_are_left_out() -> None:
    value = document(screen("HOME", {"type": "Button"}, {"type": 3}, {}, footer(), terminal=True))
    value["screens"][0]["layout"]["children"] += [None, "text", 5]

    assert [widget.component for widget in Play(value).step.screen.widgets] == ["Footer"]
