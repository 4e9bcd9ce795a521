"""What a person does, named by the labels on the screen, as the events it makes.

    event = tap(at.screen, "Continue")

Every gesture looks at the screen as it is and gives an event of the machine, or None where there
is nothing left to do. It raises `labels.NotOnScreen` for what the screen does not have.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Sequence

from waflows.runtime import labels, widgets
from waflows.runtime.events import (
    Event,
    Media,
    PickDate,
    PickDates,
    PickMedia,
    Select,
    Tap,
    Type,
    Unselect,
)
from waflows.runtime.widgets import View

Gesture = Callable[[View], Event | None]


def fill(view: View, label: str, value: str) -> Event:
    """Types a text into an input in place of what is there."""
    return Type(labels.find(view, (widgets.TextField,), label).name, value)


def choose(view: View, label: str, item: str) -> Event | None:
    """Selects an item, by title or id; None when it is selected already."""
    choice = labels.find(view, (widgets.Choice,), label)
    option = labels.find_option(choice, item)
    return None if option.selected else Select(choice.name, option.id)


def unchoose(view: View, label: str, item: str) -> Event | None:
    """Clears an item; None when it is not selected."""
    choice = labels.find(view, (widgets.Choice,), label)
    option = labels.find_option(choice, item)
    return Unselect(choice.name, option.id) if option.selected else None


def check(view: View, label: str) -> Event:
    """Ticks an OptIn."""
    return Select(labels.find(view, (widgets.OptIn,), label).name)


def uncheck(view: View, label: str) -> Event:
    """Unticks an OptIn."""
    return Unselect(labels.find(view, (widgets.OptIn,), label).name)


def pick(view: View, label: str, date: str, end: str | None = None) -> Event:
    """Picks a date, `YYYY-MM-DD`, or with an end a range."""
    name = labels.find(view, (widgets.Dates,), label).name
    return PickDate(name, date) if end is None else PickDates(name, date, end)


def upload(view: View, label: str, files: Sequence[str | Media]) -> Event:
    """Picks files in place of those picked before; of a name, the type is guessed."""
    picked = tuple(
        file if isinstance(file, Media) else media(file, number)
        for number, file in enumerate(files, 1)
    )
    return PickMedia(labels.find(view, (widgets.Upload,), label).name, picked)


def tap(view: View, label: str) -> Event:
    """Taps a footer, a link, an entry of a list, or "Read more" of an OptIn by its label."""
    return Tap(*labels.find_tappable(view, label))


def submit(view: View) -> Event:
    """Taps the button at the bottom, whatever it is called."""
    footer = next((each for each in view.widgets if isinstance(each, widgets.Footer)), None)
    if footer is None:
        raise labels.NotOnScreen("The screen has no button at the bottom.")
    return Tap(footer.key)


def media(name: str, number: int = 1) -> Media:
    """A made-up file of some name, small and of the type its ending tells."""
    guessed = mimetypes.guess_type(name)[0]
    return Media(
        id=f"media-{number}",
        file_name=name,
        mime_type=guessed or "application/octet-stream",
        size_bytes=1024,
        sha256="",
    )
