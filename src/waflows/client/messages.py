"""The content of messages, in the API's terms. Does no I/O."""

from __future__ import annotations

from typing import Any, Required, TypedDict


class FlowMessage(TypedDict, total=False):
    """A message with a button that opens a flow; `body` and `button` are required.

    `screen` and `data` set the first screen; the default is the flow's first entry screen. `token`
    is returned with the answer; without one, a waflows server issues a signed token. `draft` sends
    an unpublished flow. `ask_endpoint` asks the flow's data endpoint for the first screen.
    """

    body: Required[str]
    button: Required[str]
    header: str | None
    footer: str | None
    screen: str | None
    data: dict[str, Any] | None
    token: str | None
    draft: bool
    ask_endpoint: bool


def flow_message(flow_id: str, message: FlowMessage) -> dict[str, Any]:
    """The `interactive` object of a message."""
    payload = _given({"screen": message.get("screen"), "data": message.get("data")})
    parameters = {
        "flowId": flow_id,
        "flowCta": message["button"],
        "flowToken": message.get("token"),
        "mode": "draft" if message.get("draft") else None,
        "flowAction": "data_exchange" if message.get("ask_endpoint") else None,
        "flowActionPayload": payload or None,
    }
    header, footer = message.get("header"), message.get("footer")
    parts = {
        "type": "flow",
        "header": {"type": "text", "text": header} if header else None,
        "body": {"text": message["body"]},
        "footer": {"text": footer} if footer else None,
        "action": {"parameters": _given(parameters)},
    }
    return _given(parts)


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
