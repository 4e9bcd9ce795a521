"""The simulated phone as a browser shows it, from hello to the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.axe import findings
from harness.phones import GESTURES, SOMEBODY, done, phone_path, sent
from harness.servers import Tenant
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import Watched
from e2e.test_console import sign_in

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture(params=["wide-light", "wide-dark", "narrow-light", "narrow-dark"])
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A page of each width in each colour scheme."""
    width, scheme = request.param.split("-")
    context = browser.new_context(
        viewport={"width": 1440 if width == "wide" else 360, "height": 900},
        color_scheme=scheme,
    )
    yield Watched(context.new_page())
    context.close()


def check(watched: Watched, server: Tenant, name: str) -> None:
    """Fits its window, is usable by all, asks nobody else; and a picture."""
    page = watched.page
    size = page.viewport_size
    assert size is not None
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    watched.screenshot(f"phone-{name}-{size['width']}-{'dark' if dark else 'light'}")
    assert findings(page) == []
    assert watched.outside(server.url) == []
    assert watched.problems == []


def open_phone(page: Page, server: Tenant) -> None:
    sign_in(page, server)
    page.get_by_role("link", name="Phone", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Phone")


def test_a_user_says_hello_gets_a_flow_fills_it_in_and_sends_it(
    look: Watched, server: Tenant
) -> None:
    server.create("Your visit", flowJson=GESTURES, publish=True)
    page = look.page
    open_phone(page, server)
    expect(page.get_by_text("No messages yet.")).to_be_visible()
    check(look, server, "empty")

    page.get_by_role("textbox", name="Message").last.fill("Hello <b>there</b>")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Hello <b>there</b>")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("button", name="Open", exact=True)).to_be_visible()
    expect(page.get_by_label("Read")).to_be_visible()
    check(look, server, "message")

    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="Your visit")).to_be_visible()
    page.get_by_label("Name").fill("Ines")
    page.get_by_role("checkbox", name="Parking").check()
    check(look, server, "flow")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Your papers")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).last.click()

    expect(page.locator(".sent")).to_have_text("Response sent")
    expect(page.get_by_role("heading", name="Your papers")).to_have_count(0)
    expect(page.get_by_role("button", name="Open (response sent)")).to_be_disabled()
    page.get_by_text("View response").click()
    expect(page.locator("dd").first).to_have_text("Ines")
    check(look, server, "answer")
    [kept] = done(server.http.get(f"/api/v1/accounts/{server.account_id}/submissions"))[
        "submissions"
    ]
    assert (kept["fields"]["name"], kept["fields"]["extras"]) == ("Ines", ["parking"])


def test_what_comes_in_meanwhile_is_shown_at_once_and_read(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    open_phone(page, server)
    sent(server, GESTURES)

    expect(page.get_by_role("button", name="Open", exact=True)).to_be_visible()
    expect(page.get_by_label("Read")).to_be_visible()


def test_a_closed_flow_leaves_its_message_to_open_again(watched: Watched, server: Tenant) -> None:
    sent(server, GESTURES)
    page = watched.page
    open_phone(page, server)
    button = page.get_by_role("button", name="Open", exact=True)
    for _ in range(2):
        button.click()
        expect(page.get_by_role("heading", name="Your visit")).to_be_visible()
        page.get_by_role("button", name="Close").first.click()
        expect(page.get_by_role("heading", name="Your visit")).to_have_count(0)
        expect(button).to_be_focused()
    assert watched.problems == []


def test_why_something_was_refused_is_told_on_the_phone(watched: Watched, server: Tenant) -> None:
    server.create("Your visit", flowJson=GESTURES, publish=True)
    page = watched.page
    open_phone(page, server)
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Outside service window")


def test_a_key_that_may_only_read_looks_and_does_nothing(watched: Watched, server: Tenant) -> None:
    sent(server, GESTURES)
    page = watched.page
    sign_in(page, server, server.new_key(read_only=True))
    page.goto(f"{server.url}/console/phone")

    expect(page.get_by_role("button", name="Open", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Send message")).to_be_disabled()
    expect(page.get_by_role("heading", name="Send a flow to this user")).to_have_count(0)
    chat = done(server.http.get(f"{phone_path(server, SOMEBODY)}/messages"))["messages"]
    assert chat[-1]["state"] == "delivered"
