"""Messages as 8x8's API takes them, and a person who writes to a channel."""

from __future__ import annotations

import json
from typing import Any

from harness.servers import Tenant, opened
from waflows.services.messages import conversations

PERSON = "+6581234567"


def hear(tenant: Tenant, text: str = "Hello", *, msisdn: str = PERSON, name: str = "Ines") -> str:
    """Has a person write to the tenant's channel; the id of the message."""
    with opened(tenant.database_url) as db:
        return db.run_now(
            conversations.receive_text, tenant.account_id, tenant.channel_id, msisdn, text, name
        )


def text_message(text: str = "Good morning", **more: Any) -> dict[str, Any]:
    """The body of a text."""
    return {"user": {"msisdn": PERSON}, "type": "text", "content": {"text": text}, **more}


def flow_message(flow_id: str, **parameters: Any) -> dict[str, Any]:
    """The body of an interactive message with a flow button."""
    interactive = {
        "type": "flow",
        "body": {"text": "How was your visit?"},
        "action": {"parameters": {"flowId": flow_id, "flowCta": "Tell us", **parameters}},
    }
    return {
        "user": {"msisdn": PERSON},
        "type": "interactive",
        "content": {"interactive": interactive},
    }


def template_message(
    name: str, *components: dict[str, Any], language: str = "en"
) -> dict[str, Any]:
    """The body of a template message."""
    template = {"name": name, "language": language, "components": list(components)}
    return {"user": {"msisdn": PERSON}, "type": "template", "content": {"template": template}}


def template(
    name: str, *buttons: dict[str, Any], body: str = "We are open.", **more: Any
) -> dict[str, Any]:
    """The body that registers a template."""
    components: list[dict[str, Any]] = [{"type": "BODY", "text": body}]
    if buttons:
        components.append({"type": "BUTTONS", "buttons": list(buttons)})
    return {
        "name": name,
        "language": "en",
        "category": "UTILITY",
        "components": components,
    } | more


def flow_button(flow_id: str, **more: Any) -> dict[str, Any]:
    """A button of a template that opens a flow."""
    return {"type": "FLOW", "text": "Tell us", "flowId": flow_id, **more}


def flow_with_data(endpoint: bool = False) -> str:
    """A valid flow: an entry screen with data, another entry screen, and one that follows."""

    def screen(name: str, following: str, data: dict[str, Any]) -> dict[str, Any]:
        action: dict[str, Any] = {"name": "complete", "payload": {}}
        if following:
            following_screen = {"type": "screen", "name": following}
            action = {"name": "navigate", "next": following_screen, "payload": {}}
        footer = {"type": "Footer", "label": "On", "on-click-action": action}
        text = {"type": "TextBody", "text": "${data.guest}" if data else "Hello"}
        return {
            "id": name,
            "title": "Title",
            "data": data,
            "terminal": not following,
            "layout": {"type": "SingleColumnLayout", "children": [text, footer]},
        }

    guest = {
        "guest": {"type": "string", "__example__": "Ines"},
        "nights": {"type": "number", "__example__": 2},
    }
    document: dict[str, Any] = {
        "version": "7.3",
        "screens": [
            screen("WELCOME", "LAST", guest),
            screen("SHORT", "LAST", {}),
            screen("LAST", "", {}),
        ],
    }
    if endpoint:
        document |= {
            "data_api_version": "3.0",
            "routing_model": {"WELCOME": ["LAST"], "SHORT": ["LAST"], "LAST": []},
        }
    return json.dumps(document)
