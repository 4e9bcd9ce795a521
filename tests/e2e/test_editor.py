"""The editor of a flow while the server is slow or does not answer, in windows of two heights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from harness.flow_json import VALID
from harness.servers import Tenant
from playwright.sync_api import Browser, Page, Route, expect

from e2e.conftest import Watched
from e2e.test_console import editor, put, saved_text, sign_in

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A window as laptops have it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield Watched(page)
    context.close()


class Held:
    """Requests to an address, kept back until they are let go."""

    def __init__(self, page: Page, path: str) -> None:
        self.sent: list[Route] = []
        self._holds = True
        page.route(path, self._take)

    def let_go(self) -> None:
        """Sends on what was kept back; from here on nothing is."""
        self._holds = False
        for route in self.sent:
            route.continue_()

    def _take(self, route: Route) -> None:
        if route.request.method != "POST" or not self._holds:
            route.continue_()
        else:
            self.sent.append(route)


def opened(watched: Watched, server: Tenant, text: str = VALID) -> str:
    """Opens the editor of a new flow; its id."""
    flow = server.create("Flow", flowJson=text)
    sign_in(watched.page, server)
    watched.page.goto(f"{server.url}/console/flows/{flow}")
    editor(watched.page)
    return flow


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Waits until something holds that only this test can see."""
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it never came to hold")


def test_saving_twice_while_a_save_is_out_saves_once_and_complains_of_nobody(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    flow = opened(watched, server)
    held = Held(page, f"**/console/flows/{flow}")
    put(page, text := VALID + " ")
    page.keyboard.press("Control+s")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Save draft").click()
    held.let_go()
    expect(page.locator("#save-state")).to_contain_text("Saved as revision 2")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len(held.sent) == 1
    assert saved_text(server, flow, 2) == text
    assert watched.problems == []


def test_what_is_typed_while_a_save_is_out_is_not_told_as_saved_and_saved_by_the_next(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    flow = opened(watched, server)
    held = Held(page, f"**/console/flows/{flow}")
    put(page, VALID + " ")
    page.keyboard.press("Control+s")
    page.keyboard.insert_text("  ")
    held.let_go()
    state = page.locator("#save-state")
    expect(state).to_contain_text("Revision 2 saved")
    expect(state).to_contain_text("changed since")
    page.keyboard.press("Control+s")
    expect(state).to_contain_text("Saved as revision 3")
    assert saved_text(server, flow, 2) == VALID + " "
    assert saved_text(server, flow, 3) == VALID + "   "


def test_the_preview_takes_up_what_was_typed_while_it_was_being_drawn(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    flow = opened(watched, server)
    phone = page.locator("#preview-phone")
    expect(phone.get_by_text("Hello")).to_be_visible()
    held = Held(page, f"**/console/flows/{flow}/sketch")
    put(page, VALID.replace("Hello", "Good morning"))
    until(page, lambda: len(held.sent) == 1)
    with page.expect_response("**/console/check"):
        put(page, VALID.replace("Hello", "Good evening"))
    held.let_go()
    expect(phone.get_by_text("Good evening")).to_be_visible()


def test_proposals_come_again_after_their_words_could_not_be_fetched(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    opened(watched, server)
    page.route("**/console/language.json", lambda route: route.abort(), times=1)
    put(page, "{")
    page.keyboard.press("Enter")
    with page.expect_event("requestfailed"):
        page.keyboard.type('"')
    page.keyboard.press("Backspace")
    page.keyboard.type('"ver')
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("version")
    assert [text for text in watched.problems if "ERR_FAILED" not in text] == []


def test_a_fault_of_an_object_over_many_lines_is_underlined_on_its_first(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    heading = {"type": "TextHeading", "text": "Hello"}
    body = json.loads(VALID)
    body["screens"][0]["layout"]["children"].insert(0, {"type": "TextInput", "name": "who"})
    body["screens"][0]["layout"]["children"].insert(0, heading)
    opened(watched, server, json.dumps(body, indent=2))
    expect(page.locator("#faults button")).to_contain_text(["label"])
    expect(page.locator(".cm-lintRange-error")).to_have_text("{")


@pytest.mark.parametrize("height", [720, 900])
def test_phone_and_faults_beside_the_editor_fit_the_window_whatever_is_told_above(
    watched: Watched, server: Tenant, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1440, "height": height})
    opened(watched, server)
    expect(page.locator("#preview-phone").get_by_text("Managed by")).to_be_in_viewport(ratio=1)
    put(page, '{"version": ')
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("it is not JSON text")
    expect(page.locator("#faults button").first).to_be_in_viewport(ratio=1)
    for place in (".editor", ".device"):
        expect(page.locator(place)).to_be_in_viewport(ratio=1)
    expect(page.locator("#preview-phone").get_by_text("Managed by")).to_be_in_viewport(ratio=1)
    watched.screenshot(f"editor-{height}")
