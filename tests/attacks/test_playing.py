"""Flows made to take all of a player: patterns without end, screens of a gigabyte, floods."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from harness.attack import Asked, Target, Watch, attacked, watched
from harness.databases import new_sqlite
from harness.servers import Tenant, client

# A generous multiple: the machine may be busy, and a neighbour's preview takes few milliseconds.
# Before there were bounds it took several thousand times as long.
TIMES = 200


class Link:
    """A preview link and who has it: nobody in particular."""

    def __init__(self, tenant: Tenant, flow_json: str, name: str = "Hostile") -> None:
        flow = tenant.create(name, flowJson=flow_json)
        url = tenant.http.get(f"{tenant.flows}/{flow}/preview").json()["preview_url"]
        parts = urlsplit(url)
        self.events = f"{parts.path}/events?{parts.query}"
        self.http = client(tenant.url)

    def post(self, **body: Any) -> httpx2.Response:
        return self.http.post(self.events, json=body)

    def opened(self) -> Any:
        answer = self.post(event={"event": "open"})
        assert answer.status_code == 200, answer.text
        return answer.json()


def only(*children: Any, data: dict[str, Any] | None = None, version: str = "7.3") -> str:
    """A flow of one screen."""
    end = {"type": "Footer", "label": "E", "on-click-action": {"name": "complete", "payload": {}}}
    layout = {"type": "SingleColumnLayout", "children": [*children, end]}
    shown = {"id": "ONLY", "title": "Only", "terminal": True, "data": data or {}, "layout": layout}
    return json.dumps({"version": version, "screens": [shown]})


@pytest.fixture
def target(folder: Path) -> Iterator[Target]:
    with attacked(folder, new_sqlite(folder), WAFLOWS_PREVIEW_EVENTS="0") as server:
        yield server


@contextlib.contextmanager
def watched_preview(target: Target) -> Iterator[Watch]:
    """A neighbour who plays a flow of their own all the time."""
    link = Link(target.neighbour, only({"type": "TextBody", "text": "Hello"}), "Played")
    asked = Asked("POST", link.events, json.dumps({"event": {"event": "open"}}))
    with watched(target, asked) as watch:
        yield watch


def _report(watch: Watch, times: float = TIMES) -> None:
    print(watch.figures())
    watch.assert_undisturbed(times=times)


def _patterns(mark: str) -> str:
    """Eight hundred inputs whose patterns would each work for ever on their text."""
    return only(
        *(
            {
                "type": "TextInput",
                "name": f"n{number}",
                "label": "L",
                "max-chars": 2000,
                "init-value": "a" * 60 + f"{mark}{number}",
                "pattern": f"^(a|a|aa)+{number}$",
            }
            for number in range(800)
        )
    )


def test_patterns_without_end_take_their_time_once_and_from_their_owner_only(
    target: Target,
) -> None:
    links = [Link(target.attacker, _patterns(mark), f"Patterns {mark}") for mark in "xy"]
    with watched_preview(target) as watch:
        with watch.attack(), ThreadPoolExecutor(2) as pool:
            started = time.monotonic()
            answers = list(pool.map(Link.opened, links))
            taken = time.monotonic() - started

        for answer in answers:
            [told] = [line for line in answer["log"] if line["action"] == "patterns"]
            assert "patterns took too long" in told["detail"]
        print(f"both previews in {taken:.2f} s")
        _report(watch)


BIG = "x" * 5_000_000


def _drawn_often(count: int) -> str:
    return only(*({"type": "TextBody", "text": "${data.big}"} for _ in range(count)))


def _state(big: Any) -> dict[str, Any]:
    return {"phase": "open", "stack": ["ONLY"], "pages": {"ONLY": {"data": {"big": big}}}}


HOSTILE: dict[str, tuple[str, Any]] = {
    "a text on every widget": (_drawn_often(150), BIG),
    "an object on every widget": (_drawn_often(150), {"a": BIG}),
    "a text in every option": (
        only(
            {
                "type": "Dropdown",
                "name": "d",
                "label": "D",
                "data-source": [{"id": str(n), "title": "${data.big}"} for n in range(180)],
            }
        ),
        BIG,
    ),
    "a list in every choice": (
        only(
            *(
                {"type": "Dropdown", "name": f"d{n}", "label": "D", "data-source": "${data.big}"}
                for n in range(80)
            )
        ),
        [{"id": str(n), "title": str(n)} for n in range(20_000)],
    ),
    "a list compared with itself": (
        only(
            *(
                {"type": "If", "condition": "(${data.big} == ${data.big})", "then": []}
                for _ in range(120)
            )
        ),
        [[n] for n in range(50_000)],
    ),
    "a text joined again and again": (
        only(
            *({"type": "TextBody", "text": "`" + "${data.big} " * 20 + "`"} for _ in range(20)),
        ),
        {"a": BIG},
    ),
}


# What is bounded by other means, so that all of it is drawn.
CHEAP = {"a list compared with itself", "a text joined again and again"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_small_flow_with_a_large_state_is_drawn_as_far_as_a_phone_could(
    target: Target, name: str
) -> None:
    flow, big = HOSTILE[name]
    assert len(flow) < 20_000
    link = Link(target.attacker, flow)
    with watched_preview(target) as watch:
        with watch.attack():
            answer = link.post(state=_state(big))
        # What is refused outright need not be drawn: so many values are no state of a phone.
        assert answer.status_code in {200, 413}, answer.text[:500]
        if answer.status_code == 200 and name not in CHEAP:
            drawn = answer.json()["screen"]
            assert len(json.dumps(drawn)) < 16 * 1024 * 1024
            assert "holds more than a phone could show" in drawn["detail"]
        _report(watch)


def test_a_flood_of_one_link_is_answered_with_429_and_costs_nobody_else(folder: Path) -> None:
    with attacked(folder, new_sqlite(folder)) as target:
        link = Link(target.attacker, only({"type": "TextBody", "text": "Hello"}))
        with watched(target) as watch:
            with watch.attack():
                answers = [link.post(event={"event": "open"}) for _ in range(700)]
            codes = [answer.status_code for answer in answers]
            assert codes == [200] * 600 + [429] * 100
            assert "this preview link may make 600 preview requests a minute" in answers[-1].text
            assert 1 <= int(answers[-1].headers["retry-after"]) <= 120
            _report(watch)


def test_more_steps_at_once_than_an_account_may_have_wait_or_are_refused(target: Target) -> None:
    links = [Link(target.attacker, _patterns(mark), f"At once {mark}") for mark in "abcdef"]
    begin = threading.Barrier(24)

    def press(link: Link) -> httpx2.Response:
        with client(target.url) as http:
            begin.wait()
            return http.post(link.events, json={"event": {"event": "open"}})

    with watched_preview(target) as watch:
        with watch.attack(), ThreadPoolExecutor(24) as pool:
            pressing = [pool.submit(press, links[number % 6]) for number in range(24)]
            answers = [each.result() for each in pressing]
        codes = [answer.status_code for answer in answers]
        assert set(codes) == {200, 429}
        refused = answers[codes.index(429)]
        assert refused.headers["retry-after"] == "1"
        assert "16 of this account are already waiting" in refused.json()["message"]
        print(f"{codes.count(200)} played, {codes.count(429)} refused")
        _report(watch)
