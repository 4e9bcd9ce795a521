"""Whatever happens to whatever flow: no exception, a state that survives JSON, the same again."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.runtime.playing import document, footer, item, screen, text_input, update

from waflows import runtime
from waflows.runtime import Event, Flow, State, View

NAMES = ("a", "b", "c")
SCREENS = ("FIRST", "SECOND", "THIRD")
TEXTS = st.sampled_from(["", "x", "5", "2030-01-15", "ines@example.com", "\n", "é🙂", "x" * 90])
BINDINGS = st.sampled_from(
    [
        "${data.t}",
        "${data.flag}",
        "${data.gone.deep}",
        "${form.a}",
        "${form.b}",
        "${screen.SECOND.form.a}",
        "${screen.FIRST.data.t}",
        "`${form.a} ' and ' ${data.n}`",
        "`${data.n} + 1`",
        "`${form.a} == 'x'`",
        "text",
    ]
)
CONDITIONS = st.sampled_from(
    ["${data.flag}", "${form.a} == 'x'", "!${form.c}", "(${data.n} > 0) && ${data.flag}"]
)
FLAGS = st.one_of(st.booleans(), st.sampled_from(["${data.flag}", "`${form.a} == 'x'`"]))
VERSIONS = st.sampled_from(["2.1", "4.0", "5.1", "6.0", "6.3", "7.0", "7.3"])


def actions() -> st.SearchStrategy[dict[str, Any]]:
    payloads = st.dictionaries(st.sampled_from(["t", "n", "flag", "x"]), BINDINGS, max_size=3)
    return st.one_of(
        st.builds(lambda target, payload: {
            "name": "navigate", "next": {"type": "screen", "name": target}, "payload": payload,
        }, st.sampled_from(SCREENS), payloads),
        st.builds(lambda payload: {"name": "data_exchange", "payload": payload}, payloads),
        st.builds(lambda payload: {"name": "complete", "payload": payload}, payloads),
        st.builds(lambda payload: update(**payload), payloads),
    )  # fmt: skip


def inputs() -> st.SearchStrategy[dict[str, Any]]:
    def made(kind: str, name: str, extra: dict[str, Any]) -> dict[str, Any]:
        items = [
            item("x", **{"on-select-action": update(t="x")}),
            item("y", enabled=False),
            item("z"),
        ]
        return {"type": kind, "name": name, "label": name, "data-source": items, **extra}

    extras = st.fixed_dictionaries(
        {},
        optional={
            "required": FLAGS,
            "visible": FLAGS,
            "enabled": FLAGS,
            "init-value": BINDINGS,
            "error-message": BINDINGS,
            "on-select-action": actions(),
            "on-unselect-action": actions(),
            "max-selected-items": st.integers(0, 3),
            "min-selected-items": st.integers(0, 3),
            "mode": st.sampled_from(["single", "range"]),
            "input-type": st.sampled_from(["text", "number", "email", "passcode"]),
            "pattern": st.sampled_from(["^x", "(x+)+$", "["]),
        },
    )
    kinds = st.sampled_from(
        ["TextInput", "TextArea", "CheckboxGroup", "RadioButtonsGroup", "Dropdown", "ChipsSelector",
         "OptIn", "DatePicker", "CalendarPicker", "PhotoPicker", "DocumentPicker"]
    )  # fmt: skip
    return st.builds(made, kinds, st.sampled_from(NAMES), extras)


def components() -> st.SearchStrategy[dict[str, Any]]:
    texts = st.builds(lambda text: {"type": "TextBody", "text": text}, BINDINGS)
    links = st.builds(
        lambda action: {"type": "EmbeddedLink", "text": "More", "on-click-action": action},
        actions(),
    )
    leaf = st.one_of(inputs(), texts, links)

    def around(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        some = st.lists(inner, max_size=3)
        return st.one_of(
            st.builds(
                lambda condition, then, other: {
                    "type": "If", "condition": condition, "then": then, "else": other
                }, CONDITIONS, some, some,
            ),
            st.builds(
                lambda value, x, other: {
                    "type": "Switch", "value": value, "cases": {"x": x, "default": other}
                }, BINDINGS, some, some,
            ),
            st.builds(
                lambda children, values: {
                    "type": "Form", "name": "f", "children": children, "init-values": values
                }, some, st.dictionaries(st.sampled_from(NAMES), BINDINGS, max_size=2),
            ),
        )  # fmt: skip

    return st.recursive(leaf, around, max_leaves=6)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    model = {
        "t": {"type": "string", "__example__": "text"},
        "n": {"type": "number", "__example__": 2},
        "flag": {"type": "boolean", "__example__": True},
    }
    screens = [
        screen(
            name,
            *draw(st.lists(components(), max_size=5)),
            text_input("a"),
            footer(**{"on-click-action": draw(actions())}),
            data=model,
            refresh_on_back=draw(st.booleans()),
        )
        for name in SCREENS
    ]
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        more = {
            "data_api_version": "4.0",
            "routing_model": {"FIRST": ["SECOND"], "SECOND": ["THIRD"], "THIRD": []},
        }
    return runtime.load(document(*screens, version=draw(VERSIONS), **more))


def answers() -> st.SearchStrategy[Any]:
    data = st.dictionaries(
        st.sampled_from(["t", "n", "flag", "error_message"]),
        st.one_of(TEXTS, st.integers(-2, 2), st.booleans(), st.none()),
        max_size=4,
    )
    return st.one_of(
        st.none(),
        st.builds(lambda s, d: {"screen": s, "data": d}, st.sampled_from([*SCREENS, "Z"]), data),
        st.just(
            {"screen": "SUCCESS",
             "data": {"extension_message_response": {"params": {"flow_token": "t"}}}}
        ),
    )  # fmt: skip


def events() -> st.SearchStrategy[Event]:
    names = st.sampled_from([*NAMES, "z"])
    ids = st.sampled_from(["x", "y", "z", ""])
    days = st.sampled_from(["", "2030-01-15", "2030-01-17", "1700000000000", "never"])
    media = st.builds(
        runtime.Media,
        id=TEXTS,
        file_name=TEXTS,
        mime_type=st.sampled_from(["image/png", "text/plain"]),
        size_bytes=st.integers(0, 10**9),
    )
    keys = st.integers(0, 30).map(str)
    return st.one_of(
        st.builds(runtime.Type, names, TEXTS),
        st.builds(runtime.Select, names, ids),
        st.builds(runtime.Unselect, names, ids),
        st.builds(runtime.PickDate, names, days),
        st.builds(runtime.PickDates, names, days, days),
        st.builds(runtime.PickMedia, names, st.lists(media, max_size=3).map(tuple)),
        st.builds(runtime.Tap, keys, ids),
        st.builds(runtime.Tap, keys),
        st.just(runtime.Back()),
        st.builds(runtime.Answered, answers()),
        st.builds(runtime.Failed, TEXTS, TEXTS),
        st.builds(
            runtime.Open,
            action=st.sampled_from(["navigate", "navigate", "data_exchange"]),
            screen=st.sampled_from(["", *SCREENS]),
        ),
    )


def tapped(view: View, event: Event) -> Event:
    """A tap on a place that is there, for two taps of three that would miss."""
    if isinstance(event, runtime.Tap) and view.widgets and int(event.key) % 3:
        tappable = [w for w in view.widgets if w.component in {"Footer", "EmbeddedLink"}]
        if tappable:
            return runtime.Tap(tappable[int(event.key) % len(tappable)].key)
    return event


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(flows(), st.lists(events(), max_size=25))
def test_no_sequence_of_events_raises_and_the_state_survives_json(
    flow: Flow, happening: list[Event]
) -> None:
    step = runtime.step(flow, State(), runtime.Open())
    for wanted in happening:
        event = tapped(step.screen, wanted)
        following = runtime.step(flow, step.state, event)

        written = msgspec.json.encode(following.state)
        read = msgspec.json.decode(written, type=State)
        assert read == following.state
        assert runtime.render(flow, read) == following.screen
        again = msgspec.json.decode(msgspec.json.encode(event), type=Event)
        assert runtime.step(flow, step.state, again) == following
        if following.refused:
            assert following.effects == ()
        runtime.draw(following.screen)
        step = following
