"""Finding what a person names on a screen: by its label, its title or, failing that, its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from waflows.runtime import draw, widgets
from waflows.runtime.widgets import View, Widget

_OPTIONAL = " (optional)"


class FlowExpectationError(AssertionError):
    """A flow did not do what a test expected; the message ends with the screen as text."""


def fail(view: View, message: str) -> NoReturn:
    """Raises the error with the screen below the message."""
    drawn = "\n".join(f"  │ {line}" for line in draw(view).splitlines())
    raise FlowExpectationError(f"{message}\n\nThe screen:\n{drawn}")


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
    """The one widget of some kinds that goes by a label."""
    there = [widget for widget in view.widgets if isinstance(widget, kinds)]
    found = match(there, called, label)
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        fail(view, f"{len(found)} things on the screen are called {label!r}; use the input's name.")
    what = " or ".join(_SPOKEN[kind] for kind in kinds)
    names = ", ".join(repr(called(each)[0]) for each in there if called(each)) or "none"
    fail(view, f"There is no {what} called {label!r} on the screen; there is: {names}.")


_SPOKEN: dict[type[Any], str] = {
    widgets.TextField: "text field",
    widgets.Choice: "choice",
    widgets.OptIn: "opt-in",
    widgets.Dates: "date",
    widgets.Upload: "picker",
    widgets.Footer: "footer",
}


def match(things: Iterable[Any], names: Callable[[Any], Iterable[str]], wanted: str) -> list[Any]:
    """The things that go by a name: exactly, else without regard to case and outer spaces."""
    listed = list(things)
    exact = [each for each in listed if wanted in names(each)]
    if exact:
        return exact
    folded = wanted.strip().casefold()
    return [each for each in listed if folded in {name.strip().casefold() for name in names(each)}]
