"""The machine that plays a flow: pure, deterministic, and the same for every host.

    flow = load(text)
    at = step(flow, State(), Open())
    at = step(flow, at.state, Type("email", "ines@example.com"))
    at = step(flow, at.state, Tap(key))

`at.screen` is the screen as plain data, `at.effects` is what the host has to do: call the data
endpoint, open a URL, take the response. Read `engine` first, then `moves`, `actions` and `render`;
`choices` holds everything Meta does not document.
"""

from __future__ import annotations

from waflows.runtime.driving import AskedTooOften, Course, ToEndpoint, drive, drive_now
from waflows.runtime.engine import Step, look, step
from waflows.runtime.events import (
    Answered,
    Back,
    Close,
    Event,
    Failed,
    Media,
    Open,
    PickDate,
    PickDates,
    PickMedia,
    Select,
    Tap,
    Type,
    Unselect,
)
from waflows.runtime.flow import Flow, Unplayable, containers_in, load
from waflows.runtime.render import render
from waflows.runtime.state import (
    CallEndpoint,
    Complete,
    Effect,
    EndpointRequest,
    NotifyEndpoint,
    OpenUrl,
    Phase,
    Ran,
    ScreenState,
    State,
)
from waflows.runtime.summary import Line, summary
from waflows.runtime.text import draw
from waflows.runtime.widgets import View, Widget

__all__ = [
    "Answered",
    "AskedTooOften",
    "Back",
    "CallEndpoint",
    "Close",
    "Complete",
    "Course",
    "Effect",
    "EndpointRequest",
    "Event",
    "Failed",
    "Flow",
    "Line",
    "Media",
    "NotifyEndpoint",
    "Open",
    "OpenUrl",
    "Phase",
    "PickDate",
    "PickDates",
    "PickMedia",
    "Ran",
    "ScreenState",
    "Select",
    "State",
    "Step",
    "Tap",
    "ToEndpoint",
    "Type",
    "Unplayable",
    "Unselect",
    "View",
    "Widget",
    "containers_in",
    "draw",
    "drive",
    "drive_now",
    "load",
    "look",
    "render",
    "step",
    "summary",
]
