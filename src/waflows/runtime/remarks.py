"""What of a screen a phone does not show as its author means: lists, pictures and dates.

Looked at when a screen gets its data, since what is bound is known only then. The words go into
the action log, which the preview's panel, the simulated phone and a failing test show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from waflows.flowjson.spec import Spec, for_version
from waflows.flowjson.spec.objects import MOST_IMAGE_KB
from waflows.runtime import choices, dates, fields
from waflows.runtime.flow import Component
from waflows.runtime.pictures import problem_of
from waflows.runtime.scope import Scope
from waflows.runtime.state import Ran

_MOST_REMARKS = 20
_PICTURED = 100
"""Options of a Dropdown with images."""
_LONGEST_NAME = 60
_DATES = ("min-date", "max-date", "unavailable-dates", "init-value")


def remarks(scope: Scope) -> list[Ran]:
    """Lines for the action log about the screen shown, hidden branches included."""
    found: list[Ran] = []
    version = for_version(scope.flow.version)
    for component in scope.screen.every():
        check = _CHECKS.get(component.type)
        for words in check(scope, component, version) if check is not None else ():
            if len(found) == _MOST_REMARKS:
                return [*found, Ran("warning", scope.screen.id, detail="There are more of these.")]
            detail = f"{_called(component)}: {words}"
            found.append(Ran("warning", scope.screen.id, detail=detail[: choices.LONGEST_MESSAGE]))
    return found


def _called(component: Component) -> str:
    return f"{component.type} {component.name[:_LONGEST_NAME]}".rstrip()


# --- lists


def _options(scope: Scope, component: Component, version: Spec) -> Iterator[str]:
    source = _whole(scope, component, "data-source")
    yield from _list("data-source", source, component, version)
    if isinstance(source, list):
        without = sum(not _has_id(item) for item in source)
        if without:
            yield f"data-source has {_count(without, 'item')} without a text `id`, not shown"
        twice = len(source) - without - len(scope.options(component))
        if twice > 0:
            yield f"data-source has {_count(twice, 'item')} with a repeated `id`, not shown"


def _entries(scope: Scope, component: Component, version: Spec) -> Iterator[str]:
    yield from _list("list-items", _whole(scope, component, "list-items"), component, version)


def _list(name: str, value: Any, component: Component, version: Spec) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{name} is not a list, so it is empty"
        return
    shape = version.components.get(component.type)
    slot = shape.slots.get(name) if shape is not None else None
    if slot is None:
        return
    least, most = slot.entry.least_items or 0, slot.entry.most_items
    if component.type == "Dropdown" and any(
        isinstance(item, dict) and "image" in item for item in value
    ):
        most = _PICTURED
    if len(value) < least:
        yield f"{name} has {_count(len(value), 'item')}; a phone takes at least {least}"
    elif most is not None and len(value) > most:
        yield f"{name} has {_count(len(value), 'item')}; a phone takes at most {most}"


def _whole(scope: Scope, component: Component, name: str) -> Any:
    """A list as it is bound, or as it is written: what is in it is looked at piece by piece."""
    value = component.value.get(name)
    found = scope.resolve(value) if isinstance(value, str) else value
    scope.budget.spend(len(found) if isinstance(found, list) else 0)
    return found


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# --- pictures


def _image(scope: Scope, component: Component, _: Spec) -> Iterator[str]:
    yield from _picture("the picture", scope.text(component, "src"))


def _carousel(scope: Scope, component: Component, version: Spec) -> Iterator[str]:
    images = _whole(scope, component, "images")
    yield from _list("images", images, component, version)
    for number, each in enumerate(images if isinstance(images, list) else (), 1):
        src = each.get("src") if isinstance(each, dict) else None
        text = scope.as_text(scope.resolve(src)) if isinstance(src, str) else ""
        yield from _picture(f"picture {number}", text)


def _picture(what: str, src: str) -> Iterator[str]:
    problem = problem_of(src)
    if problem:
        yield f"{what} is not shown: {problem}"
    elif len(src) * 3 // 4 > MOST_IMAGE_KB * 1024:
        yield f"{what} is larger than the {MOST_IMAGE_KB} KB a phone takes"


# --- dates


def _dates(scope: Scope, component: Component, _: Spec) -> Iterator[str]:
    is_iso = scope.flow.since("5.0")
    form = "YYYY-MM-DD" if is_iso else "milliseconds since 1970"
    for name in _DATES:
        for text in _texts(scope, component, name):
            if not dates.iso(text) or ("-" in text[1:]) != is_iso:
                yield f"{name} {text[:_LONGEST_NAME]!r} is not a date of the form {form}"
    first, last = (dates.iso(scope.text(component, name)) for name in ("min-date", "max-date"))
    if first and last and first > last:
        yield f"min-date {first} is after max-date {last}, so no day can be picked"


def _texts(scope: Scope, component: Component, name: str) -> Iterator[str]:
    """The dates of a property, also of one with a start and an end."""
    if name not in component.value:
        return
    found = scope.get(component, name)
    listed = list(found.values()) if isinstance(found, dict) else scope.texts(component, name)
    yield from (text for text in map(scope.as_text, listed) if text)


_CHECKS: dict[str, Callable[[Scope, Component, Spec], Iterator[str]]] = {
    **dict.fromkeys(fields.CHOICES, _options),
    "NavigationList": _entries,
    "Image": _image,
    "ImageCarousel": _carousel,
    "DatePicker": _dates,
    "CalendarPicker": _dates,
}
