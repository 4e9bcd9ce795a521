"""A valid flow that has every component, in the forms a page must draw."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any


def png(width: int, height: int, blue: int) -> str:
    """A picture of shades, as the base64 text an Image takes."""
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (x * 2 % 256, y * 2 % 256, blue))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    packed = chunk(b"IDAT", zlib.compress(rows))
    picture = b"\x89PNG\r\n\x1a\n" + header + packed + chunk(b"IEND", b"")
    return base64.b64encode(picture).decode()


Json = dict[str, Any]


def navigate(name: str, payload: Json | None = None) -> Json:
    """The action that leads to a screen."""
    return {
        "name": "navigate",
        "next": {"type": "screen", "name": name},
        "payload": payload or {},
    }


def screen(name: str, title: str, children: list[Json], **more: Any) -> Json:
    """A screen of these components."""
    layout = {"type": "SingleColumnLayout", "children": children}
    return {"id": name, "title": title, "layout": layout, **more}


def footer(label: str, to: str, **more: Any) -> Json:
    """A footer that leads to a screen."""
    return {"type": "Footer", "label": label, "on-click-action": navigate(to), **more}


SQUARE, VIEW = png(64, 64, 85), png(160, 90, 30)
_ITEMS: list[Json] = [
    {"id": str(i), "title": t, "description": d}
    for i, (t, d) in enumerate(
        [("Morning", "From eight to twelve"), ("Afternoon", "From one to six"), ("Evening", "")]
    )
]
_PICTURED: list[Json] = [{**each, "image": SQUARE, "alt-text": "A square"} for each in _ITEMS]
FLOW: Json = {
    "version": "7.3",
    "screens": [
        screen(
            "WORDS",
            "Words and pictures",
            [
                {
                    "type": "TextHeading",
                    "text": "A heading of two lines that is long enough to wrap",
                },
                {"type": "TextSubheading", "text": "A subheading"},
                {
                    "type": "TextBody",
                    "text": [
                        "**Bold**, *italic*, ~~struck~~ and a [link](https://example.org).",
                        "- one",
                        "- two",
                        "1. first",
                        "2. second",
                    ],
                    "markdown": True,
                },
                {
                    "type": "TextBody",
                    "text": "Plain body <b>text</b>",
                    "font-weight": "bold_italic",
                },
                {"type": "TextCaption", "text": "A caption", "strikethrough": True},
                {
                    "type": "Image",
                    "src": VIEW,
                    "alt-text": "A view",
                    "height": 120,
                    "scale-type": "cover",
                },
                {
                    "type": "ImageCarousel",
                    "images": [
                        {"src": SQUARE, "alt-text": "One"},
                        {"src": VIEW, "alt-text": "Two"},
                    ],
                },
                {
                    "type": "EmbeddedLink",
                    "text": "Open the site",
                    "on-click-action": {"name": "open_url", "url": "https://example.org/a"},
                },
                footer(
                    "Continue", "FIELDS", **{"left-caption": "From 20", "right-caption": "to 40"}
                ),
            ],
        ),
        screen(
            "FIELDS",
            "Fields",
            [
                {
                    "type": "TextInput",
                    "name": "name",
                    "label": "Your name",
                    "required": True,
                    "helper-text": "As on your card",
                },
                {"type": "TextInput", "name": "email", "label": "Email", "input-type": "email"},
                {"type": "TextInput", "name": "phone", "label": "Phone", "input-type": "phone"},
                {"type": "TextInput", "name": "number", "label": "Guests", "input-type": "number"},
                {
                    "type": "TextInput",
                    "name": "secret",
                    "label": "Password",
                    "input-type": "password",
                    "min-chars": 4,
                },
                {"type": "TextInput", "name": "pin", "label": "Passcode", "input-type": "passcode"},
                {
                    "type": "TextInput",
                    "name": "off",
                    "label": "Switched off",
                    "enabled": False,
                    "init-value": "Fixed",
                },
                {
                    "type": "TextArea",
                    "name": "area",
                    "label": "Comment",
                    "max-length": 100,
                    "helper-text": "Be brief",
                },
                {
                    "type": "DatePicker",
                    "name": "day",
                    "label": "Day of birth",
                    "helper-text": "In the past",
                },
                {
                    "type": "OptIn",
                    "name": "terms",
                    "label": "I accept the terms",
                    "required": True,
                    "on-click-action": navigate("TERMS"),
                },
                {"type": "OptIn", "name": "news", "label": "Send me news"},
                footer("Next", "CHOICES", **{"center-caption": "Step two"}),
            ],
        ),
        screen(
            "CHOICES",
            "Choices",
            [
                {
                    "type": "RadioButtonsGroup",
                    "name": "radio",
                    "label": "When?",
                    "description": "Choose a time",
                    "data-source": _ITEMS,
                    "required": True,
                },
                {
                    "type": "CheckboxGroup",
                    "name": "checks",
                    "label": "What else",
                    "data-source": _PICTURED,
                    "min-selected-items": 1,
                    "max-selected-items": 2,
                },
                {
                    "type": "CheckboxGroup",
                    "name": "colours",
                    "label": "Colours",
                    "data-source": [
                        {"id": "r", "title": "Red", "color": "cc3344"},
                        {"id": "b", "title": "Blue", "color": "3344cc", "enabled": False},
                    ],
                },
                {
                    "type": "Dropdown",
                    "name": "drop",
                    "label": "Place",
                    "required": True,
                    "data-source": [
                        {"id": str(i), "title": f"Place {i}", "metadata": f"{i} km"}
                        for i in range(40)
                    ],
                },
                {
                    "type": "ChipsSelector",
                    "name": "chips",
                    "label": "Topics",
                    "max-selected-items": 2,
                    "data-source": [
                        {"id": x, "title": x}
                        for x in ("Music", "Theatre", "Sport", "Food", "Travel")
                    ],
                },
                {
                    "type": "CalendarPicker",
                    "name": "stay",
                    "label": {"start-date": "Arrival", "end-date": "Departure"},
                    "title": "Your stay",
                    "description": "Two nights at least",
                    "mode": "range",
                    "min-days": 2,
                    "required": {"start-date": True, "end-date": False},
                    "min-date": "2026-01-01",
                    "max-date": "2027-12-31",
                    "include-days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
                },
                {
                    "type": "PhotoPicker",
                    "name": "photos",
                    "label": "Photos",
                    "description": "Of the damage",
                    "max-uploaded-photos": 3,
                },
                footer("Next", "LIST"),
            ],
        ),
        screen(
            "LIST",
            "A list",
            [
                {
                    "type": "NavigationList",
                    "name": "list",
                    "label": "Plans",
                    "description": "Pick the one you like",
                    "list-items": [
                        {
                            "id": "a",
                            "main-content": {
                                "title": "Basic",
                                "description": "For one",
                                "metadata": "Monthly",
                            },
                            "end": {"title": "€10", "description": "a month"},
                            "start": {"image": SQUARE, "alt-text": "Basic"},
                            "badge": "New",
                            "tags": ["one", "two"],
                            "on-click-action": navigate("RICH"),
                        },
                        {
                            "id": "b",
                            "main-content": {"title": "Large", "description": "For a team"},
                            "on-click-action": navigate("DOCS"),
                        },
                    ],
                },
            ],
        ),
        screen(
            "RICH",
            "Rich text",
            [
                {
                    "type": "RichText",
                    "text": [
                        "# Heading",
                        "## Subheading",
                        "### Third",
                        "Words with **bold *and italic***, ~~struck~~ and [a link](https://example.org).",
                        "",
                        "| Name | Value |",
                        "| --- | --- |",
                        "| **One** | 1 |",
                        "| Two | 2 |",
                        "",
                        "- a",
                        "- b",
                        f"![Picture](data:image/png;base64,{SQUARE})",
                        "[evil](javascript:alert(1))",
                    ],
                },
                footer("On", "DOCS"),
            ],
        ),
        screen(
            "DOCS",
            "Documents",
            [
                {"type": "TextBody", "text": "Almost there"},
                {
                    "type": "DocumentPicker",
                    "name": "docs",
                    "label": "Documents",
                    "description": "PDF only",
                    "min-uploaded-documents": 0,
                    "max-uploaded-documents": 1,
                    "allowed-mime-types": ["application/pdf"],
                    "max-file-size-kb": 1024,
                },
                {
                    "type": "Footer",
                    "label": "Send",
                    "on-click-action": {
                        "name": "complete",
                        "payload": {"name": "${screen.FIELDS.form.name}", "docs": "${form.docs}"},
                    },
                },
            ],
            terminal=True,
        ),
        screen("TERMS", "Terms", [{"type": "TextBody", "text": "The terms. " * 200}]),
    ],
}
GALLERY = json.dumps(FLOW, indent=1)
