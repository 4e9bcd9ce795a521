"""The pages as a browser shows them."""

from __future__ import annotations

import pytest
from harness.servers import Tenant
from playwright.sync_api import expect

from e2e.conftest import Watched

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def test_the_documentation_shows_every_operation_and_asks_nobody_else(
    watched: Watched, server: Tenant
) -> None:
    watched.page.goto(f"{server.url}/docs")
    expect(watched.page.get_by_text("List a channel's flows").first).to_be_visible()
    documented = server.http.get("/openapi.json").json()["paths"]

    shown = watched.page.locator(".opblock").count()

    assert shown == sum(len(operations) for operations in documented.values())
    assert watched.outside(server.url) == []
    assert watched.problems == []
    watched.screenshot(f"docs-{watched.page.viewport_size['width']}")  # type: ignore[index]


def test_the_documentation_can_call_the_server(watched: Watched, server: Tenant) -> None:
    page = watched.page
    page.goto(f"{server.url}/docs")
    page.locator("#operations-Operations-healthz").get_by_role("button").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table").get_by_text('"ok"')).to_be_visible()
    assert watched.problems == []
