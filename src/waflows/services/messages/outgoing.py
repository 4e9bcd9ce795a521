"""What a business may send: plain data, the same for the API, the console and tests."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from waflows.storage.messages import Header


class TextContent(msgspec.Struct, frozen=True, tag="text"):
    """A text."""

    text: str


class FlowContent(msgspec.Struct, frozen=True, kw_only=True, tag="flow"):
    """An interactive message with a button that opens a flow.

    `token` None has waflows issue one. `screen` None means the flow's first entry screen.
    """

    flow_id: str
    button: str
    body: str
    header: Header | None = None
    footer: str = ""
    token: str | None = None
    mode: Literal["published", "draft"] = "published"
    action: Literal["navigate", "data_exchange"] = "navigate"
    screen: str | None = None
    data: dict[str, Any] | None = None


class TemplateContent(msgspec.Struct, frozen=True, kw_only=True, tag="template"):
    """A message template, its placeholders filled in.

    The parameters are texts in the order of the placeholders `{{1}}`, `{{2}}`…; `media` fills a
    header that is not a text. The fields of the flow button are as for `FlowContent`;
    `button_index` is the button's position according to the caller, from 0.
    """

    name: str
    language: str
    header: list[str] = []
    media: Header | None = None
    body: list[str] = []
    button_index: int | None = None
    token: str | None = None
    screen: str | None = None
    data: dict[str, Any] | None = None


Content = TextContent | FlowContent | TemplateContent


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one person, as asked for.

    `reply_to` is the id of the message it quotes; `country` says that the number is a national one.
    """

    msisdn: str
    content: Content
    country: str | None = None
    client_message_id: str | None = None
    reply_to: str | None = None
