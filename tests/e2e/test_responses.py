"""The console's table of responses as a browser shows it."""

from __future__ import annotations

import pytest
from harness.flow_json import VALID
from harness.servers import Tenant
from integration.api.test_submissions import DAY, MARCH, keep
from playwright.sync_api import expect

from e2e import test_console
from e2e.conftest import Watched
from e2e.test_console import sign_in

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

_NAMES = ["Ines Duarte", "Rui Sá", "Mei Ling Tan", "Arjun Rao", "Zoë Müller"]


def check(watched: Watched, server: Tenant, name: str) -> None:
    """What holds of every page; one picture for each width."""
    assert watched.page.viewport_size is not None
    test_console.check(watched, server, f"{name}-{watched.page.viewport_size['width']}")


def _fill(server: Tenant) -> str:
    flow = server.create("Visitor feedback", flowJson=VALID, publish=True)
    comments = [
        "It was a pleasure from beginning to end, and the café is worth the way alone.",
        "<b>Loud</b> & crowded",
        "",
    ]
    keep(
        server,
        *(
            {
                "flow_id": flow,
                "submitted_at": MARCH + number * DAY // 3,
                "fields": {
                    "name": _NAMES[number % 5],
                    "rating": str(number % 5 + 1),
                    "topics": ["service", "food"][: number % 3],
                    "comment": comments[number % 3],
                    "visited_before": number % 2 == 0,
                    "photo": [{"file_name": "table.jpg", "mime_type": "image/jpeg"}],
                },
            }
            for number in range(60)
        ),
    )
    return flow


def test_responses_are_filtered_leafed_through_looked_at_and_deleted(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    sign_in(page, server)
    page.get_by_role("link", name="Responses", exact=True).click()
    expect(page.get_by_text("No responses yet.")).to_be_visible()
    check(watched, server, "responses-empty")

    flow = _fill(server)
    page.reload()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Responses 60")
    check(watched, server, "responses-all")

    page.get_by_label("Flow").select_option("Visitor feedback")
    page.get_by_role("button", name="Show").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(page.get_by_role("columnheader", name="visited_before")).to_be_visible()
    check(watched, server, "responses-flow")
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(10)

    page.get_by_label("From (UTC)").fill("2026-03-02")
    page.get_by_label("To", exact=True).fill("2026-03-03")
    page.get_by_role("button", name="Show").click()
    expect(heading).to_have_text("Responses 6")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert download.value.path().read_text("utf-8-sig").count("Visitor") == 0
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 7

    page.get_by_role("link", name="Details").first.click()
    expect(page.get_by_text("Source")).to_be_visible()
    check(watched, server, "response")
    page.get_by_role("link", name="Delete…").click()
    check(watched, server, "response-delete")
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_role("status")).to_have_text("The response was deleted.")
    expect(heading).to_have_text("Responses 59")
    page.goto(f"{server.url}/console/responses?flow={flow}&from=2030-01-01")
    check(watched, server, "responses-none")


def test_a_masked_key_is_shown_the_shape_alone(watched: Watched, server: Tenant) -> None:
    flow = _fill(server)
    page = watched.page
    sign_in(page, server, server.new_key(masked=True, read_only=True))
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server.url}/console/responses?flow={flow}")
    expect(page.locator("tbody tr").first).to_contain_text("xxxx")
    expect(page.get_by_text("Ines Duarte")).to_have_count(0)
    check(watched, server, "responses-masked")
    page.get_by_role("link", name="Details").first.click()
    expect(page.get_by_role("link", name="Delete…")).to_have_count(0)
    check(watched, server, "response-masked")
