"""Requests to 8x8's messaging API, written for these tests from the structure of its document.

8x8's own examples are not kept here. Where its document lies beside the repository, the same tests
run over its examples as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

MESSAGES = "/api/v1/subaccounts/{subAccountId}/messages"
TEMPLATES = "/api/v1/accounts/{accountId}/channels/{channelId}/templates"
WEBHOOKS = "/api/v1/accounts/{accountId}/webhooks"

_DOCUMENT = Path(__file__).resolve().parents[2].parent / "shared" / "8x8" / "openapi.json"
_PERSON = {"msisdn": "+12025550143"}
_PICTURE = "https://example.org/picture.jpg"

SOURCES = [
    "ours",
    pytest.param(
        "8x8's",
        marks=pytest.mark.skipif(
            not _DOCUMENT.is_file(),
            reason="8x8's examples are not in this repository: they are read from"
            " ../shared/8x8/openapi.json, and ours stand in for them",
        ),
    ),
]
"""Whose examples a test runs over."""


def examples(source: str, path: str) -> dict[str, Any]:
    """The bodies to POST to a path, by name."""
    if source == "ours":
        found: dict[str, Any] = json.loads(json.dumps(_OURS[path]))
        return found
    document = json.loads(_DOCUMENT.read_text("utf-8"))
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return {name: example["value"] for name, example in body["examples"].items()}


def _message(kind: str, **content: Any) -> dict[str, Any]:
    return {"user": _PERSON, "type": kind, "content": content}


def _interactive(kind: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"text": "Which bicycle is it about?"}
    return _message(
        "interactive", interactive={"type": kind, "body": body, "action": action} | more
    )


_CARD = {"title": "City bicycle", "media": {"contentInfo": {"fileUrl": _PICTURE}}}
_FLOW_COMPONENT = {
    "type": "button",
    "subType": "flow",
    "index": 0,
    "parameters": [{"type": "action"}],
}

_OUR_MESSAGES = {
    "whatsAppText": _message("text", text="Your bicycle is ready."),
    "whatsAppInteractiveMessageFlowButton": _interactive(
        "flow",
        {"parameters": {"flowId": "", "flowCta": "Book a repair"}},
        header={"type": "text", "text": "Workshop"},
        footer={"text": "Open until six"},
    ),
    "whatsAppFlowTemplate": _message(
        "template", template={"name": "", "language": "en_US", "components": [_FLOW_COMPONENT]}
    ),
    "audio": _message("audio", url="https://example.org/bell.mp3"),
    "video": _message("video", url="https://example.org/ride.mp4"),
    "image": _message("image", url=_PICTURE, text="Your bicycle"),
    "image, capitalised": _message("Image", url=_PICTURE),
    "location": _message("location", location={"latitude": 1.29, "longitude": 103.85}),
    "file": _message("file", url="https://example.org/bill.pdf"),
    "carousel": _message("carousel", carousel={"cardWidth": "MEDIUM", "cards": [_CARD, _CARD]}),
    "richCard": _message("richCard", richCard=_CARD),
    "button": _interactive("button", {"buttons": [{"type": "reply", "reply": {"id": "1"}}]}),
    "list": _interactive("list", {"button": "Choose", "sections": [{"rows": [{"id": "1"}]}]}),
    "product": _interactive("product", {"catalog_id": "1", "product_retailer_id": "2"}),
    "product_list": _interactive("product_list", {"catalog_id": "1", "sections": []}),
    "cta_url": _interactive("cta_url", {"parameters": {"url": "https://example.org"}}),
    "call_permission_request": _interactive("call_permission_request", {}),
    "request_contact_info": _interactive("request_contact_info", {}),
    "voice_call": _interactive("voice_call", {"parameters": {"display_text": "Call"}}),
    "location_request_message": _interactive("location_request_message", {}),
    "a kind that is not listed": _message("buttons", text="Yes or no?"),
    "an interactive kind that is not listed": _interactive("poll", {}),
    "an interactive message without a kind": _message("interactive", interactive={"action": {}}),
}

_OUR_TEMPLATES = {
    "whatsAppFlowTemplate": {
        "name": "workshop_sign_up",
        "category": "UTILITY",
        "language": "en",
        "components": [
            {"type": "BODY", "text": "The next workshop is on Saturday."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "FLOW",
                        "text": "Sign up",
                        "flowId": "",
                        "flowAction": "navigate",
                        "navigateScreen": "SIGN_UP",
                    }
                ],
            },
        ],
    }
}

_RECEIPTS = {"subAccountId": "workshop", "url": "http://example.org/receipts", "enabled": True}
_OUR_WEBHOOKS = {
    "no authorization": [
        _RECEIPTS,
        {"subAccountId": "*", "url": "http://example.org/all", "enabled": True, "type": "MSG"},
    ],
    "basic authorization": [{**_RECEIPTS, "httpAuthorization": "Basic d29ya3Nob3A6czNjcmV0"}],
    "oauth": [
        {
            **_RECEIPTS,
            "oauth": {
                "url": "https://example.org/token",
                "clientId": "workshop",
                "clientSecret": "s3cret",
                "credentialsLocation": "header",
                "scope": "receipts",
            },
        }
    ],
}

_OURS: dict[str, dict[str, Any]] = {
    MESSAGES: _OUR_MESSAGES,
    TEMPLATES: _OUR_TEMPLATES,
    WEBHOOKS: _OUR_WEBHOOKS,
}
