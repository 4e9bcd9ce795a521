"""What Meta's checks refuse is not published here either, with Meta's code, in both dialects."""

from __future__ import annotations

from typing import Any

import pytest
from harness.flow_json import VALID
from harness.servers import Tenant

from waflows.flowjson import RULES

REFUSED = {
    "components-per-screen": "MAX_ALLOWED_COMPONENTS_PER_SCREEN",
    "list-size": "MIN_ITEMS_REQUIRED",
    "rich-text-alone": "INVALID_RICHTEXT_PLACEMENT",
    "navigation-list-screen": "INVALID_COMPONENT_PLACEMENT",
    "navigation-list-badge": "DUPLICATE_PROPETY_FOR_CONDITION",
    "navigation-list-end": "INVALID_PROPERTY_VALUE_FOR_CONDITION",
    "navigation-lists-per-screen": "COMPONENT_TYPE_MAX_NUMBER_PER_SCREEN",
    "carousels-per-screen": "COMPONENT_TYPE_MAX_NUMBER_PER_SCREEN",
    "pickers-per-screen": "COMPONENT_TYPE_MAX_NUMBER_PER_SCREEN",
    "if-nesting": "MAXIMUM_IF_NESTING",
    "branch-child": "INVALID_COMPONENT_PLACEMENT",
    "sensitive-unknown": "INVALID_SENSITIVE_FIELD",
    "pattern-helper-text": "MISSING_REQUIRED_PROPERTY",
    "navigate-on-terminal": "INVALID_PROPERTY_VALUE",
    "expression-syntax": "INVALID_PROPERTY_VALUE",
    "dyn-missing-schema": "INVALID_SCREEN_DYNAMIC_DATA",
    "dyn-item-type": "INVALID_SCREEN_DYNAMIC_DATA",
    "date-format": "INVALID_PROPERTY_VALUE_FORMAT",
    "date-range": "INVALID_DATE_RANGE",
    "calendar-range-only": "UNEXPECTED_CALENDAR_PICKER_RANGE_MODE_PROP",
    "calendar-range-missing": "MISSING_CALENDAR_PICKER_RANGE_MODE_PROP",
    "calendar-type": "INVALID_TYPE",
    "calendar-range-keys": "INVALID_PROPERTY_NAME_FOR_CONDITION",
    "init-value-type": "INVALID_PROPERTY_VALUE",
    "error-message-type": "INVALID_PROPERTY_VALUE",
    "update-data-type": "INVALID_UPDATE_DATA_ACTION_PAYLOAD",
    "option-image-and-color": "DATA_SOURCE_ITEMS_HAVE_BOTH_IMAGE_AND_COLOR",
    "option-color": "INVALID_PROPERTY_VALUE_FORMAT",
    "navigate-payload-missing": "MISSING_NAVIGATION_ACTION_PAYLOAD",
    "open-url-target": "INVALID_PROPERTY_VALUE_FORMAT",
}
"""Rules, of each of which a failing example is sent, and the code of the refusal."""


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"name": "Refused", "categories": ["OTHER"], "flowJson": text, **more}


@pytest.mark.parametrize(("rule", "code"), REFUSED.items())
def test_a_flow_that_meta_refuses_is_not_published(server: Tenant, rule: str, code: str) -> None:
    text = RULES[rule].failing[0].text

    refused = server.http.post(server.flows, json=body(text, publish=True))

    assert refused.status_code == 400
    assert f"{code} at line" in refused.json()["message"]
    flow = server.http.post(server.guide_flows, json=body(text)).json()
    assert {each["error"] for each in flow["validation_errors"]} == {code}
    refused = server.http.post(f"{server.guide_flows}/{flow['id']}/publish")
    assert refused.status_code == 409
    assert f"{code} at line" in refused.json()["message"]
    assert server.status_of(flow["id"]) == "DRAFT"


@pytest.mark.parametrize(
    "rule",
    ["screen-title-missing", "form-several", "form-empty", "hidden-required", "init-value-in-form"],
)
def test_what_only_others_report_is_a_warning_and_published(server: Tenant, rule: str) -> None:
    text = RULES[rule].failing[0].text

    published = server.http.post(server.flows, json=body(text, publish=True))

    assert published.status_code == 200
    address = f"{server.flows}/{published.json()['id']}?fields=warnings"
    warnings = server.http.get(address).json()["warnings"]
    assert [each["error"] for each in warnings] == [RULES[rule].code]


def test_a_flow_without_findings_is_published(server: Tenant) -> None:
    assert server.http.post(server.flows, json=body(VALID, publish=True)).status_code == 200
