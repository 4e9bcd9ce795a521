"""The sign-in link of `waflows dev`, opened in a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from harness.axe import findings
from harness.servers import announced_dev_server
from playwright.sync_api import Browser, expect

from e2e.conftest import Watched


def test_opening_the_printed_link_leads_to_the_flows_and_a_second_time_to_a_refusal(
    browser: Browser, tmp_path: Path
) -> None:
    with announced_dev_server(tmp_path) as (process, shown):
        link = re.search(r"^  (http://\S+\?token=\S+)$", shown, re.MULTILINE)
        assert link is not None, shown
        for outcome in ("Flows", "Sign in"):
            context = browser.new_context()
            watched = Watched(context.new_page())
            watched.page.goto(link[1])
            expect(watched.page.get_by_role("heading", level=1)).to_contain_text(outcome)
            assert watched.outside(process.url) == []
            if outcome == "Sign in":
                alert = watched.page.get_by_role("alert")
                expect(alert).to_contain_text("expired or was already used")
                assert findings(watched.page) == []
            context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_without_a_script_the_page_has_a_button_and_can_be_used_by_all(
    browser: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    with announced_dev_server(tmp_path) as (process, shown):
        link = re.search(r"^  (http://\S+\?token=\S+)$", shown, re.MULTILINE)
        assert link is not None, shown
        context = browser.new_context(
            viewport={"width": width, "height": 700}, color_scheme=scheme, bypass_csp=True
        )
        context.route("**/console.js", lambda route: route.abort())
        watched = Watched(context.new_page())
        page = watched.page
        page.goto(link[1])
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        watched.screenshot(f"sign-in-link-{width}-{scheme}")
        assert findings(page) == []
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Flows")
        assert watched.outside(process.url) == []
        context.close()
