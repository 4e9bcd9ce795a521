"""A screen as plain text: for a terminal, for a failing test, for a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from waflows.runtime import widgets
from waflows.runtime.state import Phase
from waflows.runtime.widgets import View

_LONGEST_LINE = 300


def draw(view: View) -> str:
    """The screen as lines of text, ending without a line feed. Long texts are cut."""
    return "\n".join(line[:_LONGEST_LINE] for line in _lines(view))


def _lines(view: View) -> Iterator[str]:
    title = view.title or view.screen or "(no screen)"
    place = f"  {view.step}/{view.steps}" if view.steps else ""
    yield f"{title}  [{view.screen}]{place}" if view.screen else title
    yield "─" * 40
    for widget in view.widgets:
        for line in _DRAW[type(widget)](widget):
            yield from line.splitlines() or [""]
    if view.snackbar:
        yield f"⚠ {view.snackbar}"
    if view.detail:
        yield f"  {view.detail}"
    if view.phase is not Phase.OPEN:
        yield f"({view.phase})"


_MARKS = {"TextHeading": "# ", "TextSubheading": "## "}


def _text(widget: widgets.Text) -> Iterator[str]:
    for paragraph in widget.text:
        yield _MARKS.get(widget.component, "") + paragraph


def _errors(widget: Any) -> Iterator[str]:
    if widget.error:
        yield f"    ✗ {widget.error}"


def _off(enabled: bool) -> str:
    return "" if enabled else "  (disabled)"


def _text_field(widget: widgets.TextField) -> Iterator[str]:
    secret = widget.input_type in {"password", "passcode"}
    value = "•" * len(widget.value) if secret else widget.value
    yield f"{widget.label}: [{value}]{_off(widget.enabled)}"
    below = "  ".join(filter(None, (widget.helper, widget.counter)))
    if below:
        yield f"    {below}"
    yield from _errors(widget)


def _choice(widget: widgets.Choice) -> Iterator[str]:
    colon = "" if widget.label.endswith(("?", ":")) else ":"
    yield f"{widget.label}{colon}{_off(widget.enabled)}"
    for about in filter(None, (widget.description, widget.hint)):
        yield f"    {about}"
    marks = ("[x]", "[ ]") if widget.multiple else ("(•)", "( )")
    for option in widget.options:
        more = "".join(f" — {each}" for each in (option.description, option.metadata) if each)
        mark = marks[0] if option.selected else marks[1]
        yield f"    {mark} {option.title}{more}{_off(option.enabled)}"
    yield from _errors(widget)


def _opt_in(widget: widgets.OptIn) -> Iterator[str]:
    link = f"  → {widget.link}" if widget.link else ""
    yield f"[{'x' if widget.value else ' '}] {widget.label}{link}"
    yield from _errors(widget)


def _dates(widget: widgets.Dates) -> Iterator[str]:
    yield from filter(None, (widget.title, widget.description))
    for part in widget.parts:
        yield f"{part.label}: [{part.value}]{_off(widget.enabled)}"
        if part.helper:
            yield f"    {part.helper}"
        if part.error:
            yield f"    ✗ {part.error}"
    yield from _errors(widget)


def _upload(widget: widgets.Upload) -> Iterator[str]:
    files = ", ".join(file.file_name for file in widget.files)
    yield f"{widget.label}: [{files}]{_off(widget.enabled)}"
    yield from (f"    {each}" for each in (widget.description, widget.hint) if each)
    yield from (f"    ✗ {message}" for message in widget.file_errors.values())
    yield from _errors(widget)


def _footer(widget: widgets.Footer) -> Iterator[str]:
    captions = "  ".join(filter(None, (widget.left, widget.center, widget.right)))
    if captions:
        yield captions
    why = f" {widget.why}" if widget.why else ""
    yield f"[ {widget.label} ]" + ("" if widget.enabled else f"  (disabled){why}")


def _link(widget: widgets.Link) -> Iterator[str]:
    yield f"→ {widget.text}"


def _navigation_list(widget: widgets.NavigationList) -> Iterator[str]:
    yield from filter(None, (widget.label, widget.description))
    for item in widget.items:
        about = (item.description, item.metadata, *item.end, item.badge, *item.tags)
        yield f"  > {item.title}" + "".join(f" — {each}" for each in about if each)


def _image(widget: widgets.Image) -> Iterator[str]:
    yield f"[image: {_picture(widget.picture)}]"


def _picture(picture: widgets.Picture) -> str:
    empty = f"(empty: {picture.problem})" if picture.problem else ""
    return " ".join(filter(None, (picture.alt_text, empty)))


def _carousel(widget: widgets.Carousel) -> Iterator[str]:
    shown = _picture(widget.pictures[widget.shown]) if widget.pictures else ""
    yield f"[image {widget.shown + 1} of {len(widget.pictures)}: {shown}]"


_DRAW: dict[type, Callable[[Any], Iterator[str]]] = {
    widgets.Text: _text,
    widgets.TextField: _text_field,
    widgets.Choice: _choice,
    widgets.OptIn: _opt_in,
    widgets.Dates: _dates,
    widgets.Upload: _upload,
    widgets.Footer: _footer,
    widgets.Link: _link,
    widgets.NavigationList: _navigation_list,
    widgets.Image: _image,
    widgets.Carousel: _carousel,
}
