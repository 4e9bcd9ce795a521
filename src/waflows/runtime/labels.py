"""Finding what a person names on a screen: by its label, its title or, failing that, its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from waflows.runtime import widgets
from waflows.runtime.widgets import View, Widget

INPUTS = (widgets.TextField, widgets.Choice, widgets.OptIn, widgets.Dates, widgets.Upload)
TAPPABLE = (widgets.Footer, widgets.Link, widgets.OptIn)
_OPTIONAL = " (optional)"
_SPOKEN: dict[type[Any], str] = {
    widgets.TextField: "text field",
    widgets.Choice: "choice",
    widgets.OptIn: "opt-in",
    widgets.Dates: "date",
    widgets.Upload: "picker",
    widgets.Footer: "footer",
}


class NotOnScreen(LookupError):
    """The screen has nothing, or too much, of what was named; the message says what it has."""


def called(widget: Widget) -> tuple[str, ...]:
    """What a person may call a widget, the first being the best."""
    if isinstance(widget, widgets.Footer):
        return (widget.label,)
    if isinstance(widget, widgets.Link):
        return (widget.text,)
    if isinstance(widget, widgets.NavigationList):
        return (widget.label,)
    if isinstance(widget, widgets.Dates):
        parts = (part.label.removesuffix(_OPTIONAL) for part in widget.parts)
        return tuple(filter(None, (*parts, widget.title, widget.name)))
    if isinstance(widget, widgets.Text | widgets.Image | widgets.Carousel):
        return ()
    return (widget.label.removesuffix(_OPTIONAL), widget.name)


def find(view: View, kinds: tuple[type[Any], ...], label: str) -> Any:
    """The one widget of some kinds that goes by a label; raises NotOnScreen."""
    there = [widget for widget in view.widgets if isinstance(widget, kinds)]
    found = match(there, called, label)
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise NotOnScreen(
            f"{len(found)} things on the screen are called {label!r}; use the input's name."
        )
    what = " or ".join(_SPOKEN[kind] for kind in kinds)
    names = _listed(called(each)[0] for each in there if called(each))
    raise NotOnScreen(f"The screen has no {what} {label!r}; it has {names}.")


def find_option(choice: widgets.Choice, item: str) -> widgets.OptionView:
    """The one item of a choice with this title or id; raises NotOnScreen."""
    found: list[widgets.OptionView] = match(
        choice.options, lambda option: (option.title, option.id), item
    )
    if len(found) != 1:
        titles = _listed(option.title for option in choice.options)
        number = "no" if not found else f"{len(found)}"
        raise NotOnScreen(f"{choice.label!r} has {number} item {item!r}; it has {titles}.")
    return found[0]


def find_tappable(view: View, label: str) -> tuple[str, str]:
    """The key of the one thing to tap that goes by a label, and its item; raises NotOnScreen."""
    buttons = [widget for widget in view.widgets if isinstance(widget, TAPPABLE)]
    found: list[tuple[str, str]] = [(widget.key, "") for widget in match(buttons, called, label)]
    for each in view.widgets:
        if isinstance(each, widgets.NavigationList):
            items = match(each.items, lambda item: (item.title, item.id), label)
            found += [(each.key, item.id) for item in items]
    if len(found) != 1:
        there = [name for widget in buttons for name in called(widget)[:1]]
        there += [
            item.title
            for each in view.widgets
            if isinstance(each, widgets.NavigationList)
            for item in each.items
        ]
        number = "nothing" if not found else "several things"
        raise NotOnScreen(
            f"The screen has {number} called {label!r} to tap; it has {_listed(there)}."
        )
    return found[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"


def match(things: Iterable[Any], names: Callable[[Any], Iterable[str]], wanted: str) -> list[Any]:
    """The things that go by a name: exactly, else without regard to case and outer spaces."""
    listed = list(things)
    exact = [each for each in listed if wanted in names(each)]
    if exact:
        return exact
    folded = wanted.strip().casefold()
    return [each for each in listed if folded in {name.strip().casefold() for name in names(each)}]
