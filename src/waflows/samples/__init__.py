"""A few flows to look at and to start from, written for this product."""

from __future__ import annotations

from importlib import resources

import msgspec


class Sample(msgspec.Struct, frozen=True):
    """A sample flow; `published` tells how a development server shows it."""

    name: str
    categories: list[str]
    published: bool
    flow_json: str


_SAMPLES = [
    ("Visitor feedback", ["SURVEY"], True, "visitor_feedback.json"),
    ("Workshop sign-up", ["SIGN_UP"], False, "workshop_sign_up.json"),
    ("Bicycle repair booking", ["APPOINTMENT_BOOKING"], False, "bicycle_repair.json"),
]


def all_samples() -> list[Sample]:
    """Every sample, oldest first."""
    folder = resources.files("waflows.samples")
    return [
        Sample(name, categories, published, (folder / file).read_text("utf-8"))
        for name, categories, published, file in _SAMPLES
    ]


def blank() -> str:
    """The smallest Flow JSON worth starting from: one screen that can be published as it is."""
    return (resources.files("waflows.samples") / "blank.json").read_text("utf-8")
