"""Flows built with pywa's typed builder, as an open client sends them: none has an error."""

from __future__ import annotations

import datetime
from random import Random
from typing import Any

import pytest
from pywa.types import flows

from waflows.flowjson import lint
from waflows.flowjson.spec import versions

pywa: Any = flows
VERSIONS = ("5.1", "6.0", "6.2", "6.3", "7.0", "7.1", "7.3")
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


class Builder:
    """Makes one flow of two screens; the same random numbers make the same one."""

    def __init__(self, random: Random, version: str) -> None:
        self.random = random
        self.version = version
        self.text = pywa.ScreenData(key="note", example="Welcome")
        self.open = pywa.ScreenData(key="open", example=True)
        self.limit = pywa.ScreenData(key="limit", example=5)
        self.rooms = pywa.ScreenData(
            key="rooms", example=[pywa.DataSource(id="a", title="A"), self.option("b")]
        )

    def since(self, version: str) -> bool:
        return versions.at_least(self.version, version)

    def chance(self) -> bool:
        return self.random.random() < 0.5

    def option(self, name: str) -> Any:
        more: dict[str, Any] = (
            {"description": "Quiet", "metadata": "EUR 40"} if self.chance() else {}
        )
        if self.chance():
            more["enabled"] = True
        return pywa.DataSource(id=name, title=f"Room {name}", **more)

    def options(self) -> Any:
        if self.chance():
            return self.rooms.ref
        return [self.option(name) for name in "abcdef"[: self.random.randint(2, 6)]]

    def common(self) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if self.chance():
            more["required"] = self.chance()
        if self.chance():
            more["visible"] = self.open.ref
        if self.chance():
            more["enabled"] = True
        return more

    def inputs(self) -> list[Any]:
        kinds = self.random.sample(range(9), self.random.randint(1, 5))
        return [self.input(kind) for kind in kinds]

    def input(self, kind: int) -> Any:
        common, name = self.common(), f"field_{kind}"
        if kind == 0:
            limits = {"min_chars": 2, "max_chars": self.limit.ref} if self.chance() else {}
            return pywa.TextInput(
                name=name, label="City", helper_text="Where you live", **limits, **common
            )
        if kind == 1:
            return pywa.TextInput(
                name=name, label="Age", input_type=pywa.InputType.NUMBER, **common
            )
        if kind == 2:
            return pywa.TextArea(name=name, label="Notes", max_length=200, **common)
        if kind == 3:
            return pywa.CheckboxGroup(
                name=name, label="Rooms", data_source=self.options(), min_selected_items=1, **common
            )
        if kind == 4:
            return pywa.RadioButtonsGroup(
                name=name, label="Room", data_source=self.options(), **common
            )
        if kind == 5:
            return pywa.Dropdown(name=name, label="Floor", data_source=self.options(), **common)
        if kind == 6:
            common.pop("enabled", None)
            return pywa.OptIn(name=name, label="I agree", **common)
        if kind == 7:
            return pywa.DatePicker(
                name=name,
                label="Day",
                min_date=datetime.date(2026, 1, 1),
                max_date=datetime.date(2026, 12, 31),
                unavailable_dates=[datetime.date(2026, 5, 1)],
                **common,
            )
        if self.since("6.3"):
            chips = [pywa.DataSource(id=each, title=each.upper()) for each in "ab"]
            return pywa.ChipsSelector(name=name, label="Tags", data_source=chips, **common)
        return pywa.TextInput(name=name, label="Mail", input_type=pywa.InputType.EMAIL, **common)

    def texts(self) -> list[Any]:
        found: list[Any] = [pywa.TextHeading(text="It's your stay")]
        if self.since("6.0"):
            found.append(
                pywa.TextBody(text=pywa.FlowStr("It's {note}, isn't it?", note=self.text.ref))
            )
        else:
            found.append(pywa.TextBody(text=self.text.ref, font_weight=pywa.FontWeight.BOLD))
        if self.chance():
            found.append(pywa.TextCaption(text="Prices per night", strikethrough=True))
        if self.chance():
            found.append(pywa.Image(src=PIXEL, aspect_ratio=1, alt_text="Garden"))
        if self.chance() and self.since("7.1"):
            images = [pywa.ImageCarouselItem(src=PIXEL, alt_text="Room") for _ in range(2)]
            found.append(pywa.ImageCarousel(images=images))
        if self.chance():
            shown = pywa.TextSubheading(text="Open")
            found.append(
                pywa.If(
                    condition=self.open.ref == True,  # noqa: E712 - pywa overloads it
                    then=[shown],
                    else_=[pywa.TextCaption(text="Closed")],
                )
            )
        if self.chance() and self.since("6.0"):
            link = pywa.OpenURLAction(url="https://example.com/terms")
            found.append(pywa.EmbeddedLink(text="Terms", on_click_action=link))
        return found

    def calendar(self) -> list[Any]:
        if not self.since("6.1") or self.chance():
            return []
        if self.chance():
            return [pywa.CalendarPicker(name="day", label="Day", init_value="2026-03-01")]
        return [
            pywa.CalendarPicker(
                name="stay",
                mode=pywa.CalendarPickerMode.RANGE,
                title="Your stay",
                description="From and to",
                label=pywa.CalendarRangeValues(start_date="From", end_date="To"),
                init_value=pywa.CalendarRangeValues(start_date="2026-03-01", end_date="2026-03-04"),
                min_days=1,
                max_days=9,
            )
        ]

    def flow(self) -> Any:
        inputs = self.inputs()
        payload = {each.name: each.ref for each in inputs}
        shown: list[Any] = list(inputs)
        if self.chance():
            shown = [pywa.Form(name="form", children=list(inputs))]
        end = pywa.Next(name="END")
        first = pywa.Screen(
            id="START",
            title="Start",
            data=[self.text, self.open, self.limit, self.rooms],
            layout=pywa.Layout(
                children=[
                    *self.texts(),
                    *shown,
                    *(self.calendar() if shown == list(inputs) else []),
                    pywa.Footer(label="Next", on_click_action=pywa.NavigateAction(next=end)),
                ]
            ),
        )
        if self.since("4.0"):
            payload = {
                name: f"${{screen.START.form.{name}}}" if self.chance() else "fixed"
                for name in payload
            }
        last = pywa.Screen(
            id="END",
            title="End",
            terminal=True,
            layout=pywa.Layout(
                children=[
                    pywa.TextBody(text="Thank you"),
                    pywa.Footer(label="Done", on_click_action=pywa.CompleteAction(payload=payload)),
                ]
            ),
        )
        return pywa.FlowJSON(version=self.version, screens=[first, last])


@pytest.mark.parametrize("version", VERSIONS)
def test_no_flow_that_pywa_builds_has_an_error(version: str) -> None:
    for seed in range(45):
        text = Builder(Random(f"{version} {seed}"), version).flow().to_json()
        errors = [each for each in lint(text).diagnostics if each.severity == "error"]
        assert not errors, (seed, errors, text)


@pytest.mark.parametrize("said", ["It's {x}", "{x} isn't what it's", "'{x}'", "`{x}` it's"])
def test_texts_that_pywa_escapes_are_read_as_they_were_written(said: str) -> None:
    data = pywa.ScreenData(key="x", example="fine")
    flow = pywa.FlowJSON(
        version="7.3",
        screens=[
            pywa.Screen(
                id="MAIN",
                title="Main",
                terminal=True,
                data=[data],
                layout=pywa.Layout(
                    children=[
                        pywa.TextBody(text=pywa.FlowStr(said, x=data.ref)),
                        pywa.Footer(label="Done", on_click_action=pywa.CompleteAction()),
                    ]
                ),
            )
        ],
    )
    assert lint(flow.to_json()).diagnostics == []
