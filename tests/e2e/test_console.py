"""The console as a browser shows it."""

from __future__ import annotations

import pytest
from harness.axe import findings
from harness.flow_json import VALID
from harness.servers import Tenant
from playwright.sync_api import Page, expect

from e2e.conftest import Watched

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def sign_in(page: Page, server: Tenant, api_key: str = "") -> None:
    """Signs in by the form."""
    page.goto(f"{server.url}/console")
    page.get_by_label("API key").fill(api_key or server.api_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Flows")


def check(watched: Watched, server: Tenant, name: str) -> None:
    """Holds of every page: fits its window, is usable by all, asks nobody else; and a picture."""
    page = watched.page
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{name} is {width} pixels too wide"
    watched.screenshot(f"console-{name}-{page.viewport_size['width']}")  # type: ignore[index]
    assert findings(page) == []
    assert watched.outside(server.url) == []
    assert watched.problems == []


def test_a_key_signs_in_and_a_wrong_one_is_told(watched: Watched, server: Tenant) -> None:
    page = watched.page
    page.goto(f"{server.url}/console/flows")
    check(watched, server, "sign-in")
    page.get_by_label("API key").fill("wf_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not a live API key.")
    watched.problems.clear()  # the browser tells of the 401
    check(watched, server, "sign-in-wrong")

    sign_in(page, server)
    check(watched, server, "empty")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()


def test_flows_are_searched_filtered_and_paged(watched: Watched, server: Tenant) -> None:
    for number in range(27):
        server.create(f"Booking {number:02}")
    server.create("Feedback", flowJson=VALID, publish=True)
    page = watched.page
    sign_in(page, server)
    rows = page.locator("tbody tr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Flows 28")
    expect(rows).to_have_count(25)
    check(watched, server, "flows")
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(3)

    page.get_by_label("Name").fill("booking 1")
    page.get_by_label("Name").press("Enter")
    expect(rows).to_have_count(10)
    page.get_by_label("Name").fill("")
    page.get_by_label("Status").select_option("Published")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    page.get_by_label("Actions for Feedback").click()
    check(watched, server, "menu")
    page.keyboard.press("Escape")
    page.get_by_label("Name").fill("nothing like it")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No flow matches.")).to_be_visible()
    check(watched, server, "no-match")
