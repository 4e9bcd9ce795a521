"""A phone that plays one flow and is worked by label, as a person would work it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from waflows import runtime
from waflows.runtime import (
    AskedTooOften,
    Course,
    Event,
    Failed,
    Flow,
    Media,
    Phase,
    Ran,
    State,
    ToEndpoint,
    View,
    draw,
    gestures,
    labels,
    widgets,
)
from waflows.runtime.gestures import Gesture
from waflows.runtime.labels import INPUTS
from waflows.runtime.scope import Scope
from waflows.testing.expectations import fail

Endpoint = Callable[[dict[str, Any]], "dict[str, Any] | Failed"]
"""A data endpoint: gets the request's plain fields, gives the answer's, or a `Failed`."""


class Phone:
    """Opens a flow and holds its screen.

    `flow` is a file's path, a document as text or as its value, or a loaded `runtime.Flow`. It is
    opened as its message would: on `screen` with `data`, by default the first entry screen with
    the `__example__` values it declares. With an `endpoint` and neither of the two, an endpoint
    flow is opened with an INIT request. Every method that a person could not carry out, and every
    `expect_…` that does not hold, raises FlowExpectationError with the screen as text.
    """

    def __init__(
        self,
        flow: Path | str | bytes | dict[str, Any] | Flow,
        *,
        endpoint: Endpoint | None = None,
        screen: str = "",
        data: dict[str, Any] | None = None,
        action: str = "",
        flow_token: str = "test-flow-token",  # noqa: S107  a name, no secret
        today: str = "",
    ) -> None:
        document = flow.read_bytes() if isinstance(flow, Path) else flow
        self.flow = document if isinstance(document, Flow) else runtime.load(document)
        self.endpoint = endpoint
        self._course = Course(self.flow)
        self.requests: list[dict[str, Any]] = []
        """What the endpoint was asked, oldest first."""
        self.notifications: list[dict[str, Any]] = []
        """Error notifications about answers that could not be used, oldest first."""
        asks = endpoint is not None and self.flow.endpoint and not screen and data is None
        self._send(
            runtime.Open(
                action=action or ("data_exchange" if asks else "navigate"),
                screen=screen,
                data=data,
                flow_token=flow_token,
                today=today,
            )
        )

    # --- what a person does

    def fill(self, label: str, value: str) -> None:
        """Types a text into an input in place of what is there."""
        __tracebackhide__ = True
        self._do(partial(gestures.fill, label=label, value=str(value)))

    def choose(self, label: str, *items: str) -> None:
        """Selects items, by title or id, that are not selected yet."""
        __tracebackhide__ = True
        for item in items:
            self._do(partial(gestures.choose, label=label, item=item))

    def unchoose(self, label: str, *items: str) -> None:
        """Clears items that are selected."""
        __tracebackhide__ = True
        for item in items:
            self._do(partial(gestures.unchoose, label=label, item=item))

    def check(self, label: str) -> None:
        """Ticks an OptIn."""
        __tracebackhide__ = True
        self._do(partial(gestures.check, label=label))

    def uncheck(self, label: str) -> None:
        """Unticks an OptIn."""
        __tracebackhide__ = True
        self._do(partial(gestures.uncheck, label=label))

    def pick(self, label: str, date: str, end: str | None = None) -> None:
        """Picks a date, `YYYY-MM-DD`, or with an end a range."""
        __tracebackhide__ = True
        until = None if end is None else str(end)
        self._do(partial(gestures.pick, label=label, date=str(date), end=until))

    def upload(self, label: str, *files: str | Media) -> None:
        """Picks files in place of those picked before; of a name, the type is guessed."""
        __tracebackhide__ = True
        self._do(partial(gestures.upload, label=label, files=files))

    def tap(self, label: str) -> None:
        """Taps a footer, a link, an entry of a list, or "Read more" of an OptIn by its label."""
        __tracebackhide__ = True
        self._do(partial(gestures.tap, label=label))

    def back(self) -> None:
        """Goes back; on the first screen this closes the flow."""
        __tracebackhide__ = True
        self._send(runtime.Back())

    # --- what a person sees

    @property
    def state(self) -> State:
        """How the flow stands, as `runtime.step` takes it."""
        return self._course.state

    @property
    def screen(self) -> View:
        """The screen as plain data."""
        return self._course.screen

    @property
    def opened_urls(self) -> list[str]:
        """The addresses that were opened, oldest first."""
        return self._course.opened_urls

    @property
    def log(self) -> list[Ran]:
        """The actions that ran, oldest first."""
        return self._course.log

    @property
    def response(self) -> dict[str, Any]:
        """The response of the completed flow, `flow_token` included."""
        __tracebackhide__ = True
        if self.screen.response is None:
            fail(self.screen, "The flow is not completed.")
        return self.screen.response

    def text(self) -> str:
        """The screen as plain text."""
        return draw(self.screen)

    def value(self, label: str) -> Any:
        """The value of an input as `${form.name}` has it."""
        __tracebackhide__ = True
        name = self._find(label, *INPUTS).name
        scope = Scope(self.flow, self.state)
        return scope.value(scope.screen.inputs[name])

    def expect_screen(self, name: str) -> None:
        """Expects the screen with this id or title."""
        __tracebackhide__ = True
        if name not in {self.screen.screen, self.screen.title} or self.screen.phase is not (
            Phase.OPEN
        ):
            fail(self.screen, f"Expected the screen {name!r}.")

    def expect_text(self, wanted: str) -> None:
        """Expects this text somewhere on the screen."""
        __tracebackhide__ = True
        if wanted not in self.text():
            fail(self.screen, f"Expected the text {wanted!r}.")

    def expect_no_text(self, unwanted: str) -> None:
        """Expects this text nowhere on the screen."""
        __tracebackhide__ = True
        if unwanted in self.text():
            fail(self.screen, f"Expected no text {unwanted!r}.")

    def expect_error(self, label: str, message: str = "") -> None:
        """Expects an error under an input, with these words in it."""
        __tracebackhide__ = True
        shown = _errors(self._find(label, *INPUTS))
        if not any(message in each for each in shown):
            what = f"{shown[0]!r}" if shown else "none"
            fail(self.screen, f"Expected the error {message!r} at {label!r}; there is {what}.")

    def expect_no_error(self, label: str) -> None:
        """Expects no error under an input."""
        __tracebackhide__ = True
        shown = _errors(self._find(label, *INPUTS))
        if shown:
            fail(self.screen, f"Expected no error at {label!r}; there is {shown[0]!r}.")

    def expect_snackbar(self, message: str) -> None:
        """Expects a snackbar with these words in it."""
        __tracebackhide__ = True
        if not self.screen.snackbar or message not in self.screen.snackbar:
            fail(self.screen, f"Expected a snackbar with {message!r}.")

    def expect_enabled(self, label: str) -> None:
        """Expects that a footer can be tapped, or an input be used."""
        __tracebackhide__ = True
        if not self._find(label, widgets.Footer, *INPUTS).enabled:
            fail(self.screen, f"Expected {label!r} to be enabled.")

    def expect_disabled(self, label: str) -> None:
        """Expects that a footer cannot be tapped, or an input not be used."""
        __tracebackhide__ = True
        if self._find(label, widgets.Footer, *INPUTS).enabled:
            fail(self.screen, f"Expected {label!r} to be disabled.")

    def expect_completed(self, **wanted: Any) -> None:
        """Expects that the flow was completed with these values in its response."""
        __tracebackhide__ = True
        for key, value in wanted.items():
            if key not in self.response or self.response[key] != value:
                fail(
                    self.screen,
                    f"Expected {key}={value!r} in the response; it is {self.response!r}.",
                )
        _ = self.response

    def expect_closed(self) -> None:
        """Expects that the flow was closed without a response."""
        __tracebackhide__ = True
        if self.screen.phase is not Phase.CLOSED:
            fail(self.screen, "Expected the flow to be closed.")

    # --- how it goes

    def _find(self, label: str, *kinds: type[Any]) -> Any:
        __tracebackhide__ = True
        try:
            return labels.find(self.screen, kinds, label)
        except labels.NotOnScreen as error:
            fail(self.screen, str(error))

    def _do(self, gesture: Gesture) -> None:
        __tracebackhide__ = True
        try:
            event = gesture(self.screen)
        except labels.NotOnScreen as error:
            fail(self.screen, str(error))
        if event is not None:
            self._send(event)

    def _send(self, event: Event) -> None:
        __tracebackhide__ = True
        try:
            runtime.drive_now(self._course, event, self._answer)
        except AskedTooOften as error:
            fail(self.screen, str(error))
        if self._course.refused:
            fail(self.screen, f"{_done(event)} was not possible. {self._course.refused}")

    def _answer(self, effect: ToEndpoint) -> Event | None:
        __tracebackhide__ = True
        request = msgspec.to_builtins(effect.request)
        if isinstance(effect, runtime.NotifyEndpoint):
            self.notifications.append(request)
            return None
        return self._ask(request)

    def _ask(self, request: dict[str, Any]) -> Event:
        __tracebackhide__ = True
        self.requests.append(request)
        if self.endpoint is None:
            fail(self.screen, f"The flow calls its endpoint, but the test has none: {request}")
        answer = self.endpoint(request)
        return answer if isinstance(answer, Failed) else runtime.Answered(answer)


def _errors(widget: Any) -> list[str]:
    parts = [part.error for part in widget.parts] if isinstance(widget, widgets.Dates) else []
    files = list(widget.file_errors.values()) if isinstance(widget, widgets.Upload) else []
    return [each for each in (widget.error, *parts, *files) if each]


def _done(event: Event) -> str:
    return repr(event)[:200]
