"""The preview page while answers fail, come late or cross each other: nothing entered is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.gallery import GALLERY, footer, screen
from harness.preview_page import PreviewPage
from harness.servers import Tenant
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

END = {"type": "Footer", "label": "End", "on-click-action": {"name": "complete", "payload": {}}}
ASK = {"name": "data_exchange", "payload": {}}
TEXT = json.dumps(
    {
        "version": "7.3",
        "screens": [
            screen("FIRST", "First", [
                {"type": "TextInput", "name": "word", "label": "Word", "required": True},
                footer("On", "LAST"),
            ]),
            screen("LAST", "Last", [END], terminal=True),
        ],
    }
)  # fmt: skip
ASKING = json.dumps(
    {
        "version": "7.3",
        "data_api_version": "4.0",
        "routing_model": {"FIRST": ["LAST"], "LAST": []},
        "screens": [
            screen("FIRST", "First", [
                {"type": "RadioButtonsGroup", "name": "size", "label": "Size",
                 "data-source": [{"id": "s", "title": "Small"}, {"id": "l", "title": "Large"}],
                 "on-select-action": ASK},
                {"type": "Footer", "label": "Ask", "on-click-action": ASK},
            ]),
            screen("LAST", "Last", [END], terminal=True),
        ],
    }
)  # fmt: skip


class Wire:
    """What stands between a page and its server: messages held back, or lost."""

    def __init__(self, page: Page) -> None:
        self.lost = False
        self.holding = ""
        self.held: list[Route] = []
        self.live = 0
        page.route("**/events*", self._pass)

    def _pass(self, route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        self.live += bool(body.get("live"))
        if self.holding and body.get(self.holding):
            self.held.append(route)
        elif self.lost:
            route.abort()
        else:
            route.continue_()

    def release(self) -> None:
        """Lets through what was held back, and what comes from now on."""
        self.holding = ""
        for route in self.held:
            route.continue_()
        self.held = []


class Preview(PreviewPage):
    """A page, its wire, and the server it plays flows of."""

    def __init__(self, page: Page, server: Tenant) -> None:
        super().__init__(page)
        self.wire = Wire(page)
        self.server = server

    def play(self, flow_json: str, query: str = "") -> None:
        """Opens the preview of a new flow."""
        flow = self.server.create("A flow", flowJson=flow_json)
        link = self.server.http.get(f"{self.server.flows}/{flow}/preview").json()["preview_url"]
        self.open(link + query)

    @property
    def entered(self) -> Any:
        """What the machine knows of the first screen's form."""
        return self.state["pages"]["FIRST"].get("form", {})


@pytest.fixture
def preview(browser: Browser, server: Tenant) -> Iterator[Preview]:
    """A page whose messages to the server can be held back."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(8000)
    yield Preview(context.new_page(), server)
    context.close()


def test_a_text_typed_while_the_server_is_away_is_sent_when_it_is_back(preview: Preview) -> None:
    preview.play(TEXT)
    preview.wire.lost = True
    preview.field("Word").press_sequentially("abcdef")
    expect(preview.page.locator(".trouble")).to_contain_text("cannot be reached")
    expect(preview.field("Word")).to_have_value("abcdef")
    preview.wire.lost = False
    preview.button("Try again").click()
    preview.settle()

    expect(preview.field("Word")).to_have_value("abcdef")
    assert preview.entered == {"word": "abcdef"}
    expect(preview.page.locator(".trouble")).to_be_hidden()
    expect(preview.field("Word")).to_be_focused()


def test_the_next_keystroke_sends_what_could_not_be_sent_before(preview: Preview) -> None:
    preview.play(TEXT)
    preview.wire.lost = True
    preview.field("Word").press_sequentially("ab")
    expect(preview.page.locator(".trouble")).to_be_visible()
    preview.wire.lost = False
    preview.field("Word").press_sequentially("c")
    preview.settle()

    assert preview.entered == {"word": "abc"}
    expect(preview.page.locator(".trouble")).to_be_hidden()


def test_what_could_not_be_sent_can_be_given_up_and_the_screen_shows_what_holds(
    preview: Preview,
) -> None:
    preview.play(TEXT)
    preview.field("Word").fill("kept")
    preview.settle()
    preview.wire.lost = True
    preview.field("Word").fill("given up")
    preview.button("Discard").click()

    expect(preview.field("Word")).to_have_value("kept")
    expect(preview.page.locator(".trouble")).to_be_hidden()


def test_a_restart_during_an_endpoint_call_waits_for_the_new_call(preview: Preview) -> None:
    preview.play(ASKING, "&interactive=true&flow_token=preview-t")
    preview.wire.holding = "live"
    preview.button("Ask").click()
    preview.until("window.waflowsPreview.screen?.phase === 'waiting'")
    preview.button("Restart").click()
    preview.until("window.waflowsPreview.screen?.phase === 'open'")
    preview.button("Ask").click()
    preview.until("window.waflowsPreview.screen?.phase === 'waiting'")
    preview.wire.release()
    preview.until("Boolean(window.waflowsPreview.screen?.snackbar)")

    assert preview.wire.live == 2
    assert preview.page.evaluate("window.waflowsPreview.screen.phase") == "open"


def test_a_screen_drawn_anew_during_an_endpoint_call_still_takes_its_answer(
    preview: Preview,
) -> None:
    preview.play(ASKING, "&interactive=true&flow_token=preview-t")
    preview.wire.holding = "live"
    preview.button("Ask").click()
    preview.until("window.waflowsPreview.screen?.phase === 'waiting'")
    preview.page.evaluate("window.waflowsPreview.redraw()")
    preview.wire.release()

    preview.until("Boolean(window.waflowsPreview.screen?.snackbar)")
    assert preview.wire.live == 1


def test_a_screen_drawn_anew_keeps_what_is_typed_meanwhile(preview: Preview) -> None:
    preview.play(TEXT)
    preview.wire.holding = "state"
    preview.page.evaluate("void window.waflowsPreview.redraw()")
    preview.field("Word").press_sequentially("abc")
    first, *others = preview.wire.held
    preview.wire.holding = ""
    for route in others:
        route.continue_()
    first.continue_()
    preview.settle()

    expect(preview.field("Word")).to_have_value("abc")
    assert preview.entered == {"word": "abc"}


def test_the_focus_comes_back_to_where_it_was_after_the_endpoint_was_asked(
    preview: Preview,
) -> None:
    preview.play(ASKING, "&interactive=true&flow_token=preview-t")
    preview.wire.holding = "live"
    radio = preview.page.get_by_role("radio", name="Large")
    radio.click()
    preview.until("window.waflowsPreview.screen?.phase === 'waiting'")
    expect(preview.page.locator(".overlay")).to_be_focused()
    preview.wire.release()
    preview.until("window.waflowsPreview.screen?.phase === 'open'")

    expect(radio).to_be_focused()


def test_a_drawer_is_closed_by_escape_after_a_click_on_its_heading(preview: Preview) -> None:
    preview.play(GALLERY)
    preview.page.get_by_role("combobox", name="Screen").select_option("CHOICES")
    preview.expect_screen("CHOICES")
    place = preview.page.get_by_role("button", name="Place")
    place.click()
    drawer = preview.page.get_by_role("dialog", name="Place")
    drawer.get_by_role("heading").click()
    preview.page.keyboard.press("Escape")

    expect(drawer).to_have_count(0)
    expect(place).to_be_focused()
