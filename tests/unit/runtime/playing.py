"""Small flows for tests, and a phone of bare events to play them on."""

from __future__ import annotations

from typing import Any

import msgspec

from waflows import runtime
from waflows.runtime import Event, Flow, State, Step


def screen(name: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    layout = {"type": "SingleColumnLayout", "children": list(children)}
    return {"id": name, "title": name.title(), "layout": layout, **more}


def document(*screens: dict[str, Any], version: str = "7.3", **more: Any) -> dict[str, Any]:
    return {"version": version, "screens": list(screens), **more}


def one(*children: dict[str, Any], version: str = "7.3", **more: Any) -> dict[str, Any]:
    """A flow of one screen, HOME, that ends with a footer unless it has one."""
    has_footer = any(child["type"] == "Footer" for child in children)
    ending = () if has_footer else (footer(),)
    return document(screen("HOME", *children, *ending, terminal=True, **more), version=version)


def footer(payload: dict[str, Any] | None = None, /, **more: Any) -> dict[str, Any]:
    return {"type": "Footer", "label": "Go", "on-click-action": complete(payload), **more}


def complete(payload: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": "complete", "payload": payload or {}}


def to(target: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    following = {"type": "screen", "name": target}
    return {"name": "navigate", "next": following, "payload": payload or {}}


def ask(payload: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": "data_exchange", "payload": payload or {}}


def update(**payload: Any) -> dict[str, Any]:
    return {"name": "update_data", "payload": payload}


def text_input(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextInput", "name": name, "label": name.title(), **more}


def group(kind: str, name: str, *items: Any, **more: Any) -> dict[str, Any]:
    source = [each if isinstance(each, dict) else item(each) for each in items]
    return {"type": kind, "name": name, "label": name.title(), "data-source": source, **more}


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": name.title(), **more}


def body(text: Any, **more: Any) -> dict[str, Any]:
    return {"type": "TextBody", "text": text, **more}


def string(example: str = "") -> dict[str, Any]:
    return {"type": "string", "__example__": example}


class Play:
    """A flow that is open, and what has come of the last event."""

    def __init__(self, value: dict[str, Any], opening: runtime.Open | None = None) -> None:
        self.flow: Flow = runtime.load(value)
        self.step: Step = runtime.step(self.flow, State(), opening or runtime.Open())

    def __call__(self, *events: Event) -> Step:
        """Lets events happen that must be possible, and checks that the state survives JSON."""
        for event in events:
            self.step = runtime.step(self.flow, self.step.state, event)
            assert not self.step.refused, self.step.refused
            written = msgspec.json.encode(self.step.state)
            assert msgspec.json.decode(written, type=State) == self.step.state
        return self.step

    def refused(self, event: Event) -> str:
        """Why an event is refused; the screen it leaves is kept."""
        self.step = runtime.step(self.flow, self.step.state, event)
        assert self.step.refused
        return self.step.refused

    def tap(self, kind: str = "footer") -> Step:
        """Taps the first footer, link, opt-in…"""
        return self(runtime.Tap(self.key(kind)))

    def key(self, kind: str) -> str:
        key: str = self.widgets(kind)[0].key
        return key

    def widgets(self, kind: str = "") -> list[Any]:
        tag = type  # the struct's tag tells what a widget is
        return [
            widget
            for widget in self.step.screen.widgets
            if not kind or tag(widget).__struct_config__.tag == kind
        ]

    def widget(self, name: str) -> Any:
        """The input of this name."""
        return next(w for w in self.step.screen.widgets if getattr(w, "name", None) == name)

    @property
    def texts(self) -> list[str]:
        """Every paragraph on the screen."""
        return [line for widget in self.widgets("text") for line in widget.text]

    @property
    def response(self) -> dict[str, Any]:
        assert self.step.state.response is not None
        return self.step.state.response
