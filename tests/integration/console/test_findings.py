"""The findings on a flow's page as the server sends it, before any script runs."""

from __future__ import annotations

import json

import pytest
from harness.console import signed_in
from harness.servers import Tenant

from waflows.flowjson.diagnostics import MOST_FAULTS

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

_MORE = "and possibly more that were not checked"


def _with_findings(count: int) -> str:
    """A Flow JSON with a known number of findings: each text lacks what it says."""
    children = [{"type": "TextBody"} for _ in range(count)]
    return json.dumps(
        {
            "version": "7.1",
            "screens": [
                {
                    "id": "FIRST",
                    "terminal": True,
                    "layout": {
                        "type": "SingleColumnLayout",
                        "children": [
                            *children,
                            {
                                "type": "Footer",
                                "label": "Done",
                                "on-click-action": {"name": "complete", "payload": {}},
                            },
                        ],
                    },
                }
            ],
        }
    )


def _page(tenant: Tenant, text: str) -> str:
    flow = tenant.create("Findings", flowJson=text)
    with signed_in(tenant.url, tenant.api_key) as browser:
        return browser.get(f"/console/flows/{flow}").text


def test_a_short_list_of_findings_is_shown_in_full(server: Tenant, engine: str) -> None:
    page = _page(server, _with_findings(2))

    assert page.count('<li class="error">') > 0
    assert _MORE not in page
    assert '<li class="rest">' not in page


def test_a_list_of_findings_that_was_cut_short_says_so(server: Tenant, engine: str) -> None:
    page = _page(server, _with_findings(MOST_FAULTS + 100))

    assert page.count('<li class="error">') == 200
    assert f'<li class="rest">and {MOST_FAULTS - 200} more</li>' in page
    assert f"{MOST_FAULTS}, {_MORE}" in page
