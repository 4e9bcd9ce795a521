"""Play a flow interactively: draw each screen, then ask for one action after another."""

from __future__ import annotations

from collections.abc import Callable

import click

from waflows.cli.output import visible
from waflows.runtime import Phase, draw, widgets
from waflows.runtime.widgets import View
from waflows.testing import FlowExpectationError, Phone

Choice = tuple[str, Callable[[], None]]


def play(phone: Phone) -> None:
    """Asks what to do until the flow is completed or closed, or the user quits.

    Everything is written to standard error, so that standard output holds only the response.
    """
    while phone.screen.phase is Phase.OPEN:
        _say(draw(phone.screen))
        choices = _choices(phone)
        for number, (what, _) in enumerate(choices, 1):
            _say(f"  {number}  {what}")
        _say("    q  quit")
        answer = click.prompt("What", default=_usual(phone.screen, choices), err=True)
        if answer == "q":
            return
        if not answer.isdecimal() or not 0 < int(answer) <= len(choices):
            _say(f"{answer!r} is not one of the choices.")
            continue
        try:
            choices[int(answer) - 1][1]()
        except FlowExpectationError as error:
            _say(str(error).partition("\n")[0])
        _say("")
    for url in phone.opened_urls:
        _say(f"opened {url}")


def _say(message: str) -> None:
    click.echo("\n".join(map(visible, message.split("\n"))), err=True)


def _choices(phone: Phone) -> list[Choice]:
    found: list[Choice] = []
    for widget in phone.screen.widgets:
        if isinstance(widget, widgets.Input) and widget.enabled:
            found.append(_input(phone, widget))
        if isinstance(widget, widgets.Footer):
            found.append((f"[ {widget.label} ]", _tap(phone, widget.label)))
        elif isinstance(widget, widgets.Link):
            found.append((f"→ {widget.text}", _tap(phone, widget.text)))
        elif isinstance(widget, widgets.OptIn) and widget.link:
            found.append((f"→ {widget.link}: {widget.label}", _tap(phone, widget.label)))
        elif isinstance(widget, widgets.NavigationList):
            found += [(f"> {item.title}", _tap(phone, item.title)) for item in widget.items]
    found.append(("back", phone.back))
    return found


def _usual(view: View, choices: list[Choice]) -> str:
    """The first input that is invalid or missing, else the footer, else going back."""
    inputs = [w for w in view.widgets if isinstance(w, widgets.Input) and w.enabled]
    waiting = next((w for w in inputs if w.problem is not None), None)
    footer = next((w for w in view.widgets if isinstance(w, widgets.Footer)), None)
    wanted = _called(waiting) if waiting is not None else f"[ {footer.label} ]" if footer else ""
    places = [number for number, (what, _) in enumerate(choices, 1) if what == wanted]
    return str(places[0] if places else len(choices))


def _called(widget: widgets.Input) -> str:
    if isinstance(widget, widgets.Dates):
        return " / ".join(part.label for part in widget.parts)
    return widget.label


def _tap(phone: Phone, label: str) -> Callable[[], None]:
    return lambda: phone.tap(label)


def _input(phone: Phone, widget: widgets.Input) -> Choice:
    ask: Callable[[], None]
    if isinstance(widget, widgets.TextField):
        secret = widget.input_type in {"password", "passcode"}

        def ask() -> None:
            phone.fill(widget.name, _ask(widget.label, hide_input=secret))

    elif isinstance(widget, widgets.Choice):

        def ask() -> None:
            _choose(phone, widget)

    elif isinstance(widget, widgets.OptIn):

        def ask() -> None:
            (phone.uncheck if widget.value else phone.check)(widget.name)

    elif isinstance(widget, widgets.Dates):

        def ask() -> None:
            phone.pick(widget.name, *(_ask(f"{p.label}, YYYY-MM-DD") for p in widget.parts))

    else:

        def ask() -> None:
            names = _ask(f"{widget.label}, file names separated by commas").split(",")
            phone.upload(widget.name, *filter(None, map(str.strip, names)))

    return _called(widget), ask


def _choose(phone: Phone, widget: widgets.Choice) -> None:
    """Asks for options by number; choosing a selected one clears it."""
    for number, option in enumerate(widget.options, 1):
        _say(f"    {number}  {option.title}{'  ✓' if option.selected else ''}")
    several = ", several separated by commas" if widget.multiple else ""
    for part in _ask(f"{widget.label}{several}").split(","):
        chosen = part.strip()
        if not chosen.isdecimal() or not 0 < int(chosen) <= len(widget.options):
            _say(f"{chosen!r} is not one of the choices.")
            continue
        option = widget.options[int(chosen) - 1]
        change = phone.unchoose if option.selected else phone.choose
        change(widget.name, option.id)


def _ask(label: str, *, hide_input: bool = False) -> str:
    answer: str = click.prompt(
        visible(label), default="", show_default=False, hide_input=hide_input, err=True
    )
    return answer
