"""Ten megabytes of Flow JSON, published over and over by one tenant while another one works.

What publishing asks about a text was found out when it was uploaded, so its size does not matter.
"""

from __future__ import annotations

import json
from pathlib import Path

from harness.attack import attacked, watched

TIMES = 60
"""A read of the neighbour takes a millisecond or two; the parsing it waited for took hundreds."""
ATTEMPTS = 10


def ten_megabytes(*, endpoint: bool) -> str:
    """A valid Flow JSON of a size that is just allowed, with or without a data endpoint."""
    fields = {name: {"type": "string"} for name in ("id", "title")}
    items = [{"id": str(number), "title": "A title " * 12} for number in range(80_000)]
    children = [
        {
            "type": "Footer",
            "label": "Done",
            "on-click-action": {"name": "complete", "payload": {}},
        }
    ]
    screen = {
        "id": "MAIN",
        "title": "Main",
        "terminal": True,
        "data": {
            "items": {
                "type": "array",
                "items": {"type": "object", "properties": fields},
                "__example__": items,
            }
        },
        "layout": {"type": "SingleColumnLayout", "children": children},
    }
    more = {"data_api_version": "3.0", "routing_model": {"MAIN": []}} if endpoint else {}
    text = json.dumps({"version": "7.1", **more, "screens": [screen]})
    assert 10_000_000 < len(text) < 10 * 1024 * 1024
    return text


def test_publishing_a_flow_of_ten_megabytes_over_and_over(database_url: str, folder: Path) -> None:
    with attacked(folder, database_url) as target:
        tenant = target.attacker
        flow = tenant.create("Large", flowJson=ten_megabytes(endpoint=True))
        with watched(target) as watch:
            with watch.attack():
                answers = [
                    tenant.http.post(f"{tenant.flows}/{flow}/publish", timeout=120)
                    for _ in range(ATTEMPTS)
                ]
            watch.assert_undisturbed(TIMES)
        print(watch.figures())
    assert {answer.status_code for answer in answers} == {400}
    assert all("data_api_version and no endPointUri" in answer.text for answer in answers)


def test_cloning_and_publishing_a_flow_of_ten_megabytes(database_url: str, folder: Path) -> None:
    with attacked(folder, database_url) as target:
        tenant = target.attacker
        flow = tenant.create("Large", flowJson=ten_megabytes(endpoint=False))
        with watched(target) as watch:
            with watch.attack():
                clones = [
                    tenant.create(f"Clone {number}", cloneFlowId=flow, publish=True)
                    for number in range(ATTEMPTS)
                ]
            watch.assert_undisturbed(TIMES)
        print(watch.figures())
        assert {tenant.status_of(clone) for clone in clones} == {"PUBLISHED"}
