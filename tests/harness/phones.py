"""A flow with one of everything a simulated phone can do, and a phone to do it on."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx2

from harness.servers import Account

SOMEBODY = "+12025550123"


def _screen(name: str, title: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    layout = {"type": "SingleColumnLayout", "children": list(children)}
    return {"id": name, "title": title, "layout": layout, **more}


def _options(*ids: str) -> list[dict[str, str]]:
    return [{"id": each, "title": each.capitalize()} for each in ids]


GESTURES = json.dumps(
    {
        "version": "7.1",
        "screens": [
            _screen(
                "DETAILS",
                "Your visit",
                {"type": "TextInput", "name": "name", "label": "Name", "required": True},
                {
                    "type": "CheckboxGroup",
                    "name": "extras",
                    "label": "Extras",
                    "data-source": _options("bed", "parking"),
                },
                {"type": "OptIn", "name": "news", "label": "Send me news"},
                {"type": "DatePicker", "name": "day", "label": "Arrival"},
                {
                    "type": "Footer",
                    "label": "Continue",
                    "on-click-action": {
                        "name": "navigate",
                        "next": {"type": "screen", "name": "PHOTOS"},
                        "payload": {},
                    },
                },
            ),
            _screen(
                "PHOTOS",
                "Your papers",
                {"type": "DocumentPicker", "name": "papers", "label": "Papers"},
                {
                    "type": "Footer",
                    "label": "Send",
                    "on-click-action": {
                        "name": "complete",
                        "payload": {
                            "name": "${screen.DETAILS.form.name}",
                            "extras": "${screen.DETAILS.form.extras}",
                            "day": "${screen.DETAILS.form.day}",
                            "papers": "${form.papers}",
                        },
                    },
                },
                terminal=True,
            ),
        ],
    }
)

ONE_SCREEN = json.dumps(
    {
        "version": "7.1",
        "screens": [
            _screen(
                "ALL",
                "All at once",
                {"type": "TextInput", "name": "name", "label": "Name", "required": False},
                {
                    "type": "CheckboxGroup",
                    "name": "extras",
                    "label": "Extras",
                    "data-source": _options("bed", "parking"),
                },
                {"type": "OptIn", "name": "news", "label": "Send me news"},
                {"type": "OptIn", "name": "calls", "label": "Call me", "init-value": True},
                {"type": "DatePicker", "name": "day", "label": "Arrival"},
                {"type": "DocumentPicker", "name": "papers", "label": "Papers"},
                {
                    "type": "Footer",
                    "label": "Send",
                    "on-click-action": {"name": "complete", "payload": {"name": "${form.name}"}},
                },
                terminal=True,
            )
        ],
    }
)
"""Everything on one screen, so that any gesture can be the first."""


def phone_path(tenant: Account, msisdn: str = SOMEBODY) -> str:
    """Where the phone of a user is."""
    return f"/api/v1/accounts/{tenant.account_id}/channels/{tenant.channel_id}/phones/{msisdn}"


def flow_message(tenant: Account, flow: str, msisdn: str = SOMEBODY) -> dict[str, Any]:
    """The request that sends a flow."""
    parameters = {"flowId": flow, "flowCta": "Open"}
    interactive = {
        "type": "flow",
        "body": {"text": "Please fill this in."},
        "action": {"parameters": parameters},
    }
    return {
        "user": {"msisdn": msisdn},
        "type": "interactive",
        "content": {"interactive": interactive},
    }


def sent(tenant: Account, flow_json: str = GESTURES, msisdn: str = SOMEBODY) -> str:
    """A published flow, sent to a user who wrote before; the message's id."""
    done(tenant.http.post(f"{phone_path(tenant, msisdn)}/say", json={"text": "Hello"}))
    flow = tenant.create(secrets.token_hex(8), flowJson=flow_json, publish=True)
    body = flow_message(tenant, flow, msisdn)
    umid: str = done(tenant.http.post(tenant.messages, json=body))["umid"]
    return umid


def done(response: httpx2.Response) -> Any:
    """The body of an answer that must be good."""
    assert response.status_code == 200, response.text
    return response.json()
