"""The screen a state shows, as widgets. One function per component, in the table at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from waflows.runtime import (
    choices,
    dates,
    evaluation,
    fields,
    pictures,
    submission,
    validation,
    widgets,
)
from waflows.runtime.budget import Budget, OverBudget
from waflows.runtime.flow import Component, Flow
from waflows.runtime.scope import Scope
from waflows.runtime.state import Phase, Ran, State
from waflows.runtime.values import weight
from waflows.runtime.widgets import View, Widget

_TOO_MUCH = "The screen is cut: it holds more than a phone could show."


def render(flow: Flow, state: State) -> View:
    """What the sheet shows. A state of another document shows what both have in common."""
    return render_with_log(flow, state, Budget())[0]


def render_with_log(flow: Flow, state: State, budget: Budget) -> tuple[View, tuple[Ran, ...]]:
    """What the sheet shows, and log lines about what could not be shown or checked.

    A screen that is too much is drawn as far as the budget goes, without the widgets that do not
    fit, and says so in `detail`.
    """
    budget.start()
    if state.screen not in flow.screens:
        return _with(state), ()
    view, is_cut = _draw(flow, state, budget)
    lines = []
    if is_cut:
        lines.append(Ran("cut", state.screen, detail=_TOO_MUCH))
    if budget.undecided:
        words = f"{budget.undecided} patterns took too long, so their texts were let through."
        lines.append(Ran("patterns", state.screen, detail=words))
    return view, tuple(lines)


def _with(state: State, detail: str = "") -> View:
    """The parts of a view that come straight from the state."""
    return View(
        phase=state.phase,
        screen="",
        snackbar=state.snackbar,
        detail=" ".join(filter(None, (state.detail, detail))),
        response=state.response,
    )


def _draw(flow: Flow, state: State, budget: Budget) -> tuple[View, bool]:
    scope = Scope(flow, state, budget=budget)
    drawing = _Drawing(scope)
    is_cut = not drawing.draw()
    left = flow.remaining[scope.screen.id]
    steps = len(state.stack) + left if len(flow.screens) > 1 else 0
    view = msgspec.structs.replace(
        _with(state, _TOO_MUCH if is_cut else ""),
        screen=scope.screen.id,
        title=drawing.title,
        terminal=scope.screen.terminal,
        can_go_back=len(state.stack) > 1,
        step=len(state.stack) if steps else 0,
        steps=steps,
        widgets=tuple(drawing.widgets),
    )
    return view, is_cut


class _Drawing:
    """Draws the components of one screen, until it is drawn or the screen is too much."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.title = ""
        self.shown: list[Component] = []
        self.wrong: dict[str, validation.Problem] = {}
        self.widgets: list[Widget] = []

    def draw(self) -> bool:
        """Draws; whether all of it was drawn. What does not fit is left out, so a footer stays."""
        room = choices.LARGEST_VIEW
        is_whole = True
        scope = self.scope
        try:
            title = scope.as_text(scope.resolve(scope.screen.value.get("title")))
            self.title = title[: choices.LONGEST_TEXT]
            self.shown = [each for each in scope.shown() if each.type in _DRAW]
            self.wrong = submission.problems(scope, self.shown)
            for component in self.shown:
                widget = _DRAW[component.type](self, component)
                taken = weight(widget, room)
                if taken > room:
                    is_whole = False
                    continue
                room -= taken
                self.widgets.append(widget)
        except OverBudget:
            return False
        return is_whole

    def common(self, component: Component) -> dict[str, Any]:
        return {"key": component.key, "component": component.type}

    def input(self, component: Component) -> dict[str, Any]:
        required = self.required(component)
        return {
            **self.common(component),
            "name": component.name,
            "label": choices.label(self.label(component), required),
            "required": required,
            "enabled": self.scope.flag(component, "enabled", default=True),
            "error": self.error(component),
            "problem": self.wrong.get(component.key),
        }

    def label(self, component: Component) -> str:
        found = self.scope.get(component, "label")
        return "" if isinstance(found, dict | list) else self.scope.as_text(found)

    def required(self, component: Component) -> bool:
        if component.type in fields.MEDIA:
            return validation.uploads(self.scope, component).least > 0
        if component.type in fields.DATES:
            return validation.requires(self.scope, component)
        return self.scope.flag(component, "required", default=False)

    def error(self, component: Component) -> str:
        """The error under an input: a bound one until the input is changed, else the phone's."""
        page = self.scope.page
        if component.name not in page.edited:
            bound = self.bound_error(component)
            if isinstance(bound, str) and bound:
                return bound
        wrong = self.wrong.get(component.key)
        if wrong is None or not (page.attempted or component.name in page.edited):
            return ""
        return "" if wrong.code == "required" and not page.attempted else wrong.message

    def bound_error(self, component: Component) -> Any:
        """The error message bound to an input: text, or an object by date or by file."""
        return self.scope.of_form(component, "error-messages", "error-message")


def _paragraphs(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    rich = component.type == "RichText"
    return widgets.Text(
        **drawing.common(component),
        text=scope.texts(component, "text"),
        weight=scope.text(component, "font-weight") or "normal",
        strikethrough=scope.flag(component, "strikethrough", default=False),
        markdown=rich or scope.flag(component, "markdown", default=False),
    )


def _text_field(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    area = component.type == "TextArea"
    value = scope.value(component)
    longest = validation.longest(scope, component)
    return widgets.TextField(
        **drawing.input(component),
        value=value,
        input_type="text" if area else validation.input_type(scope, component),
        helper=scope.text(component, "helper-text"),
        counter=f"{len(value)} / {longest}" if area else "",
        longest=longest,
        large_label=scope.text(component, "label-variant") == "large",
    )


def _choice(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    multiple = component.type in fields.MULTIPLE
    value = scope.value(component)
    chosen = set(value) if multiple else {value}
    least, most = validation.selection_bounds(scope, component)
    full = multiple and most is not None and len(chosen) >= most
    static = isinstance(component.value.get("data-source"), list)
    return widgets.Choice(
        **drawing.input(component),
        options=tuple(
            _option(scope, option, static, option.id in chosen, full)
            for option in scope.options(component)
        ),
        multiple=multiple,
        description=scope.text(component, "description"),
        hint=_selection_hint(least, most) if component.type == "ChipsSelector" else "",
        large_media=scope.text(component, "media-size") == "large",
    )


def _option(
    scope: Scope, option: fields.Option, static: bool, selected: bool, full: bool
) -> widgets.OptionView:
    def text(name: str) -> str:
        found = option.value.get(name)
        return scope.as_text(scope.resolve(found) if static else found)

    return widgets.OptionView(
        id=option.id,
        title=text("title"),
        description=text("description"),
        metadata=text("metadata"),
        enabled=option.enabled and (selected or not full),
        selected=selected,
        image=text("image"),
        alt_text=text("alt-text"),
        color=text("color"),
    )


def _selection_hint(least: int, most: int | None) -> str:
    if most is not None and least == most:
        return f"Choose {most} options."
    if most is not None:
        return f"Choose {least} to {most} options." if least else f"Choose up to {most} options."
    return f"Choose at least {least} options." if least else ""


def _opt_in(drawing: _Drawing, component: Component) -> Widget:
    has_action = isinstance(component.value.get("on-click-action"), dict)
    shared = drawing.input(component)
    return widgets.OptIn(
        **{**shared, "label": drawing.label(component), "enabled": True},
        value=drawing.scope.value(component),
        link="Read more" if has_action else "",
    )


def _dates(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    offered = validation.calendar(scope, component)
    ranged = scope.is_range(component)
    ends = (fields.START, fields.END) if ranged else ("",)
    parts = tuple(_date_part(drawing, component, offered, end) for end in ends)
    return widgets.Dates(
        **drawing.input(component),
        parts=parts,
        title=scope.text(component, "title"),
        description=scope.text(component, "description"),
        first=offered.first,
        last=offered.last,
        unavailable=tuple(sorted(offered.unavailable)),
        weekdays=offered.weekdays,
        least_days=offered.least_days,
        most_days=offered.most_days,
    )


def _date_part(
    drawing: _Drawing, component: Component, offered: validation.Calendar, end: str
) -> widgets.DatePart:
    scope = drawing.scope
    value = scope.value(component)
    day = (value.get(end) if isinstance(value, dict) else "") if end else dates.iso(value)
    required = validation.requires(scope, component, end)
    bound = None if component.name in scope.page.edited else drawing.bound_error(component)
    opens_on = day or scope.state.today
    return widgets.DatePart(
        label=choices.label(_end_of(scope.get(component, "label"), end), required),
        value=day or "",
        helper=_end_of(scope.get(component, "helper-text"), end),
        required=required,
        error=_end_of(bound, end) if isinstance(bound, dict) else "",
        opens_on=min(max(opens_on, offered.first), offered.last) if opens_on else "",
    )


def _end_of(value: Any, end: str) -> str:
    """The text of one end, of a property that may have one for both."""
    return evaluation.text(value.get(end) if isinstance(value, dict) else value)


def _upload(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    taken = validation.uploads(scope, component)
    bound = drawing.bound_error(component)
    return widgets.Upload(
        **drawing.input(component),
        files=fields.files(scope.value(component)),
        description=scope.text(component, "description"),
        hint=_upload_hint(component, taken),
        least=taken.least,
        most=taken.most,
        max_kb=taken.max_kb,
        types=taken.types,
        source=scope.text(component, "photo-source") or "camera_gallery",
        file_errors={str(file): evaluation.text(message) for file, message in bound.items()}
        if isinstance(bound, dict)
        else {},
    )


def _upload_hint(component: Component, taken: validation.Uploads) -> str:
    megabytes = evaluation.text(round(taken.max_kb / 1024, 1))
    size = f"Max file size {f'{megabytes} MB' if taken.max_kb >= 1024 else f'{taken.max_kb} KB'}."
    if component.type == "DocumentPicker":
        return size
    count = f"Add {taken.least} to {taken.most} photos." if taken.least else (
        f"Add up to {taken.most} photos."
    )  # fmt: skip
    return f"{count} {size}"


def _footer(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    why = submission.waits_for(scope, component, drawing.wrong, drawing.shown)
    return widgets.Footer(
        **drawing.common(component),
        label=scope.text(component, "label"),
        left=scope.text(component, "left-caption"),
        center=scope.text(component, "center-caption"),
        right=scope.text(component, "right-caption"),
        enabled=not why and scope.state.phase is Phase.OPEN,
        why=why,
        action=_action_name(component.value),
    )


def _link(drawing: _Drawing, component: Component) -> Widget:
    return widgets.Link(
        **drawing.common(component),
        text=drawing.scope.text(component, "text"),
        action=_action_name(component.value),
    )


def _action_name(holder: dict[str, Any]) -> str:
    action = holder.get("on-click-action")
    name = action.get("name") if isinstance(action, dict) else None
    return name if isinstance(name, str) else ""


def _navigation_list(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    own = _action_name(component.value)
    return widgets.NavigationList(
        **drawing.common(component),
        items=tuple(_list_item(item, own) for item in scope.list_items(component)),
        label=scope.text(component, "label"),
        description=scope.text(component, "description"),
        large_media=scope.text(component, "media-size") == "large",
    )


def _list_item(item: dict[str, Any], own_action: str) -> widgets.ListItem:
    main, start, end = (_object(item.get(name)) for name in ("main-content", "start", "end"))
    tags = item.get("tags")
    return widgets.ListItem(
        id=evaluation.text(item.get("id")),
        title=evaluation.text(main.get("title")),
        description=evaluation.text(main.get("description")),
        metadata=evaluation.text(main.get("metadata")),
        image=evaluation.text(start.get("image")),
        alt_text=evaluation.text(start.get("alt-text")),
        end=tuple(
            evaluation.text(end[name])
            for name in ("title", "description", "metadata")
            if end.get(name)
        ),
        badge=evaluation.text(item.get("badge")),
        tags=tuple(map(evaluation.text, tags)) if isinstance(tags, list) else (),
        action=_action_name(item) or own_action,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _image(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    ratio = choices.as_number(scope.get(component, "aspect-ratio"))
    return widgets.Image(
        **drawing.common(component),
        picture=_picture(scope.text(component, "src"), scope.text(component, "alt-text")),
        width=scope.count(component, "width"),
        height=scope.count(component, "height"),
        scale=scope.text(component, "scale-type") or "contain",
        aspect_ratio=ratio if ratio is not None and 0 < ratio < 1000 else 1.0,
    )


def _picture(src: str, alt_text: str) -> widgets.Picture:
    return widgets.Picture(src=src, alt_text=alt_text, problem=pictures.problem_of(src))


def _carousel(drawing: _Drawing, component: Component) -> Widget:
    scope = drawing.scope
    images = tuple(
        _picture(evaluation.text(each.get("src")), evaluation.text(each.get("alt-text")))
        for each in _objects(scope.get(component, "images"))
    )
    shown = scope.page.shown.get(component.key, 0)
    return widgets.Carousel(
        **drawing.common(component),
        pictures=images,
        shown=min(shown, max(len(images) - 1, 0)),
        scale=scope.text(component, "scale-type") or "contain",
        aspect_ratio=scope.text(component, "aspect-ratio") or "4:3",
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_DRAW: dict[str, Callable[[_Drawing, Component], Widget]] = {
    "TextHeading": _paragraphs,
    "TextSubheading": _paragraphs,
    "TextBody": _paragraphs,
    "TextCaption": _paragraphs,
    "RichText": _paragraphs,
    "TextInput": _text_field,
    "TextArea": _text_field,
    "CheckboxGroup": _choice,
    "RadioButtonsGroup": _choice,
    "Dropdown": _choice,
    "ChipsSelector": _choice,
    "OptIn": _opt_in,
    "DatePicker": _dates,
    "CalendarPicker": _dates,
    "PhotoPicker": _upload,
    "DocumentPicker": _upload,
    "Footer": _footer,
    "EmbeddedLink": _link,
    "NavigationList": _navigation_list,
    "Image": _image,
    "ImageCarousel": _carousel,
}
"""Every component but Form, If and Switch, which `Scope.shown` has replaced by their content."""
