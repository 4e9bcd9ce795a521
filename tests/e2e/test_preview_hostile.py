"""Flows made to break the page or the server: the page stays alive, the server answers others."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from harness.gallery import FLOW, footer, navigate, screen
from harness.preview_page import PreviewPage
from harness.servers import Tenant, client
from playwright.sync_api import Browser, expect

from e2e.conftest import Watched

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

_MOST = 50
_SINGLE = {"Footer"}
_END = {
    "type": "Footer",
    "label": "Send",
    "on-click-action": {"name": "complete", "payload": {}},
}


class Beat:
    """Asks a server how it is, over and over, while something else goes on."""

    def __init__(self, url: str) -> None:
        self.answers = 0
        self.slowest = 0.0
        self._url = url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        with client(self._url) as http:
            while not self._over.is_set():
                started = time.perf_counter()
                assert http.get("/healthz").status_code == 200
                self.slowest = max(self.slowest, time.perf_counter() - started)
                self.answers += 1
                time.sleep(0.002)

    def __enter__(self) -> Beat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        print(f"{self.answers} healthz meanwhile, slowest {self.slowest * 1000:.0f} ms", end=" ")


@pytest.fixture
def page(browser: Browser) -> Iterator[Watched]:
    """A page that must have made no error in the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    shown = Watched(context.new_page())
    yield shown
    assert shown.problems == []
    context.close()


@contextmanager
def playing(page: Watched, server: Tenant, document: dict[str, Any]) -> Iterator[PreviewPage]:
    """The page of a hostile flow; in the end the server must have answered others meanwhile."""
    created = server.create("Hostile", flowJson=json.dumps(document))
    link = server.http.get(f"{server.flows}/{created}/preview").json()["preview_url"]
    preview = PreviewPage(page.page)
    with Beat(server.url) as beat:
        preview.open(link)
        yield preview
    assert beat.answers > 0


def document(*screens: dict[str, Any]) -> dict[str, Any]:
    return {"version": "7.3", "screens": list(screens)}


def test_ten_megabytes_of_text_can_be_looked_at_and_typed_beside(
    page: Watched, server: Tenant
) -> None:
    text = "<b>long</b> " * (10 * 1024 * 1024 // 12 - 100)
    field = {"type": "TextInput", "name": "word", "label": "Word", "required": True}
    only = screen("ONLY", "Long", [field, {"type": "TextBody", "text": text}, _END], terminal=True)
    with playing(page, server, document(only)) as preview:
        preview.field("Word").fill("short")
        preview.settle()
        assert preview.state["pages"]["ONLY"]["form"] == {"word": "short"}
        preview.button("Send").click()
        preview.until("window.waflowsPreview.screen?.phase === 'completed'")


def test_fifty_of_every_component_are_drawn_and_worked(page: Watched, server: Tenant) -> None:
    kinds: dict[str, dict[str, Any]] = {}
    for each in FLOW["screens"]:
        for component in each["layout"]["children"]:
            kinds.setdefault(component["type"], component)
    children = [
        {**component, "name": f"{kind}_{number}"} if "name" in component else component
        for kind, component in kinds.items()
        for number in range(1 if kind in _SINGLE else _MOST)
    ]
    only = screen("WORDS", "Everything", [*children, _END], terminal=True)
    with playing(page, server, document(only)) as preview:
        drawn = preview.page.locator("[data-component]").count()
        assert drawn == len(children) + 1
        field = preview.field("Your name").nth(_MOST - 1)
        field.fill("The last one")
        preview.settle()
        form = preview.state["pages"]["WORDS"]["form"]
        assert form == {f"TextInput_{_MOST - 1}": "The last one"}


def test_an_if_within_an_if_as_deep_as_a_document_goes(page: Watched, server: Tenant) -> None:
    inner: dict[str, Any] = {"type": "TextBody", "text": "At the bottom"}
    for _ in range(80):
        inner = {"type": "If", "condition": "${form.open} == true", "then": [inner]}
    box = {"type": "OptIn", "name": "open", "label": "Open"}
    only = screen("ONLY", "Deep", [box, inner, _END], terminal=True)
    with playing(page, server, document(only)) as preview:
        expect(preview.page.get_by_text("At the bottom")).to_have_count(0)
        preview.field("Open").check()
        expect(preview.page.get_by_text("At the bottom")).to_be_visible()


def test_patterns_that_explode_let_others_be_answered(page: Watched, server: Tenant) -> None:
    fields = [
        {"type": "TextInput", "name": f"f{n}", "label": f"Field {n}", "required": True,
         "helper-text": "As and no more", "pattern": f"^(a+)+{n}$", "max-chars": 80}
        for n in range(20)
    ]  # fmt: skip
    only = screen("ONLY", "Patterns", [*fields, _END], terminal=True)
    with playing(page, server, document(only)) as preview:
        for n in range(5):
            preview.field(f"Field {n}").fill("a" * 40 + "!")
        preview.settle()
        assert preview.state["pages"]["ONLY"]["form"]["f4"] == "a" * 40 + "!"


def test_a_flow_that_goes_round_in_a_circle_goes_on_and_comes_back(
    page: Watched, server: Tenant
) -> None:
    first = screen("FIRST", "First", [footer("Go", "SECOND")])
    second = screen("SECOND", "Second", [footer("Go", "FIRST")])
    with playing(page, server, document(first, second)) as preview:
        for _ in range(20):
            preview.button("Go").click()
            preview.settle()
        assert preview.screen in {"FIRST", "SECOND"}
        preview.button("Restart").click()
        preview.expect_screen("FIRST")


@pytest.mark.soak
def test_data_that_doubles_with_every_screen_ends_in_a_refusal(
    page: Watched, server: Tenant
) -> None:
    first = screen(
        "A",
        "A",
        [
            {"type": "Footer", "label": "Go", "on-click-action": navigate("B", {"d": "${data.d}"})},
        ],
        data={
            "d": {
                "type": "array",
                "items": {"type": "object"},
                "__example__": [{"x": "y" * 2_000_000}],
            }
        },
    )
    second = screen("B", "B", [
        {"type": "Footer", "label": "Go", "on-click-action": navigate(
            "A", {"d": [{"p": "${data.d}", "q": "${data.d}"}]})},
    ], data=first["data"])  # fmt: skip
    with playing(page, server, document(first, second)) as preview:
        for _ in range(12):
            preview.button("Go").click()
            preview.settle()
            if preview.page.locator(".log").get_by_text("refused").count():
                break
        assert preview.page.locator(".log").get_by_text("refused").count() == 1
        assert preview.screen in {"A", "B"}


def test_markdown_made_to_keep_a_parser_busy_keeps_it_busy_for_a_moment_only(
    page: Watched, server: Tenant
) -> None:
    marks = [
        "*",
        "**a*b*",
        "[",
        "[a](",
        "~~",
        "![",
        "|",
        "| - ",
        "**[*~~",
        "1. **",
        "(((",
        "[a]((b)",
    ]
    texts = [
        {"type": "TextBody", "markdown": True, "text": mark * (20_000 // len(mark))}
        for mark in marks
    ]
    rich = {"type": "RichText", "text": [mark * (4_000 // len(mark)) for mark in marks]}
    first = screen("FIRST", "First", [*texts, footer("Go", "LAST")])
    last = screen("LAST", "Last", [rich, _END], terminal=True)
    with playing(page, server, document(first, last)) as preview:
        preview.button("Go").click()
        preview.expect_screen("LAST")
        preview.button("Send").click()
        preview.until("window.waflowsPreview.screen?.phase === 'completed'")
