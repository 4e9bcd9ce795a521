"""The body of a message to send, as 8x8 writes it, and its conversion for the use cases.

8x8's document has many kinds of messages for many apps. waflows sends texts, flows and templates;
anything else the document has is refused as not implemented, never silently ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from waflows import times
from waflows.api.eightbyeight.template_messages import (
    PayloadBody,
    TemplateBody,
    checked_token,
    template_content,
)
from waflows.errors import InvalidMessage, InvalidParameter, MessageProblem, Unsupported
from waflows.services import clock
from waflows.services.messages.bubbles import (
    BODY_LENGTH,
    BUTTON_LENGTH,
    CLIENT_MESSAGE_ID_LENGTH,
    FOOTER_LENGTH,
)
from waflows.services.messages.outgoing import Content, FlowContent, Outgoing, TextContent
from waflows.services.names import PRINTABLE_OR_EMPTY_PATTERN
from waflows.storage.messages import Header

_TYPES = [
    "text",
    "audio",
    "video",
    "image",
    "location",
    "file",
    "interactive",
    "template",
    "carousel",
    "richCard",
]
_INTERACTIVE_TYPES = [
    "button",
    "list",
    "product",
    "product_list",
    "cta_url",
    "flow",
    "call_permission_request",
    "request_contact_info",
    "voice_call",
    "location_request_message",
]
_HEADER_TYPES = ("text", "video", "image", "document")
_ACTIONS = ("navigate", "data_exchange")
_MODES = ("published", "draft")
_MESSAGE_VERSION = "3"


class UserBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The recipient of a message."""

    msisdn: Annotated[str, Meta(description="International phone number, E.164.")] | None = None
    country: (
        Annotated[
            str,
            Meta(
                description="Country of a national number, which waflows does not accept.",
                extra_json_schema={"maxLength": 2},
            ),
        ]
        | None
    ) = None
    channel_user_id: (
        Annotated[str, Meta(description="WhatsApp's own id of the user; only beside `msisdn`.")]
        | None
    ) = None
    line_user_id: Annotated[str, Meta(description="Not for WhatsApp.")] | None = None


class TextBody(msgspec.Struct, frozen=True):
    """A text of an interactive message."""

    text: str = ""


class MediaBody(msgspec.Struct, frozen=True):
    """A picture, video or document of a header."""

    link: str = ""


class HeaderBody(msgspec.Struct, frozen=True, kw_only=True):
    """The header of an interactive message."""

    type: Annotated[str, Meta(extra_json_schema={"enum": list(_HEADER_TYPES)})] = "text"
    text: str = ""
    image: MediaBody | None = None
    video: MediaBody | None = None
    document: MediaBody | None = None


class ParametersBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The flow that the button of an interactive message opens.

    `flowActionData` is the guide's name of `flowActionPayload`.
    """

    flow_id: str = ""
    flow_cta: Annotated[
        str, Meta(description="Label.", extra_json_schema={"maxLength": BUTTON_LENGTH})
    ] = ""
    flow_token: (
        Annotated[
            str,
            Meta(description="Returned with the answer; waflows issues one when it is absent."),
        ]
        | None
    ) = None
    mode: (
        Annotated[
            str,
            Meta(
                description="`draft` sends a draft, for testing.",
                extra_json_schema={"enum": list(_MODES)},
            ),
        ]
        | None
    ) = None
    flow_message_version: Annotated[str, Meta(extra_json_schema={"const": "3"})] | None = None
    flow_action: Annotated[str, Meta(extra_json_schema={"enum": list(_ACTIONS)})] | None = None
    flow_action_payload: PayloadBody | None = None
    flow_action_data: PayloadBody | None = None


class ActionBody(msgspec.Struct, frozen=True):
    """The action of an interactive message."""

    parameters: ParametersBody | None = None


class InteractiveBody(msgspec.Struct, frozen=True, kw_only=True):
    """An interactive message; waflows supports the type `flow`."""

    type: Annotated[str, Meta(extra_json_schema={"enum": _INTERACTIVE_TYPES})] = ""
    header: HeaderBody | None = None
    body: Annotated[TextBody, Meta(description=f"At most {BODY_LENGTH} characters.")] | None = None
    footer: Annotated[TextBody, Meta(description=f"At most {FOOTER_LENGTH} characters.")] | None = (
        None
    )
    action: ActionBody | None = None


class ContentBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The content of a message; its `type` says which field is used."""

    text: str | None = None
    interactive: InteractiveBody | None = None
    template: TemplateBody | None = None
    whats_app: (
        Annotated[dict[str, Any], Meta(description="Direct Send, which waflows does not support.")]
        | None
    ) = None


class FallbackBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A channel to try; only WhatsApp is supported."""

    channel: str


class ContextBody(msgspec.Struct, frozen=True):
    """The message that this one quotes."""

    umid: str


_Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class MessageBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One message to one person. The case of `type` does not matter."""

    user: Annotated[UserBody, Meta(extra={"missing": MessageProblem.MISSING_USER})]
    client_message_id: (
        Annotated[
            str,
            Meta(
                description="Your own id of the message: sending the same request with it"
                " again sends nothing more.",
                extra_json_schema={
                    "maxLength": CLIENT_MESSAGE_ID_LENGTH,
                    "pattern": PRINTABLE_OR_EMPTY_PATTERN,
                },
            ),
        ]
        | None
    ) = None
    type: Annotated[
        str,
        Meta(
            description="waflows sends text, interactive and template.",
            extra_json_schema={"enum": _TYPES},
            extra={"missing": MessageProblem.INVALID_CONTENT_TYPE},
        ),
    ]
    content: Annotated[ContentBody, Meta(extra={"missing": MessageProblem.MISSING_CONTENT})]
    scheduled: _Moment | None = None
    expiry: _Moment | None = None
    dlr_callback_url: Annotated[str, Meta(extra_json_schema={"format": "uri"})] | None = None
    channels: list[FallbackBody] | None = None
    context: ContextBody | None = None


def outgoing(body: MessageBody) -> Outgoing:
    """Converts the body for the use cases; raises InvalidMessage, InvalidParameter, Unsupported."""
    _refuse_unsupported(body)
    content = _content(body)
    return Outgoing(
        msisdn=_msisdn(body.user),
        country=body.user.country,
        client_message_id=body.client_message_id or None,
        reply_to=body.context.umid if body.context else None,
        content=content,
    )


def _refuse_unsupported(body: MessageBody) -> None:
    if body.scheduled is not None and clock.now_ms() < _parse_time("scheduled", body.scheduled):
        raise Unsupported(
            "Scheduled messages are not supported: omit scheduled, or send the message later."
        )
    if body.expiry is not None and _parse_time("expiry", body.expiry) <= clock.now_ms():
        raise InvalidMessage(MessageProblem.INVALID_EXPIRY, "expiry must be in the future.")
    if body.content.whats_app:
        raise Unsupported("Direct Send is not supported: register a template and send it.")
    if body.dlr_callback_url is not None:
        raise Unsupported("dlrCallbackUrl is not supported: set a webhook of type CADR instead.")
    for each in body.channels or []:
        if each.channel.lower() != "whatsapp":
            raise InvalidMessage(
                MessageProblem.INVALID_FALLBACK_CHANNEL,
                f"channels may name WhatsApp only, not {each.channel[:50]!r}.",
            )


def _parse_time(name: str, text: str) -> int:
    at_ms = times.parse(text)
    if at_ms is None:
        raise InvalidParameter(f"{name} must be a time such as 2026-03-01T09:30:00Z.")
    return at_ms


def _msisdn(user: UserBody) -> str:
    if user.msisdn is None:
        raise InvalidMessage(
            MessageProblem.MISSING_MSISDN,
            "user.msisdn is required: waflows identifies people by their phone numbers only.",
        )
    return user.msisdn


def _content(body: MessageBody) -> Content:
    kind = body.type.lower()
    if kind == "text":
        return _text(body.content)
    if kind == "interactive":
        return _flow(body.content.interactive)
    if kind == "template":
        return template_content(body.content.template)
    if kind in {known.lower() for known in _TYPES}:
        raise Unsupported(
            f"Messages of type {kind} are not supported: waflows sends text, interactive and"
            " template."
        )
    raise InvalidMessage(
        MessageProblem.INVALID_CONTENT_TYPE,
        f"type must be one of {', '.join(_TYPES)}, not {body.type[:50]!r}.",
    )


def _text(content: ContentBody) -> TextContent:
    if content.text is None:
        raise InvalidMessage(
            MessageProblem.MISSING_TEXT, "content.text is required for a message of type text."
        )
    return TextContent(content.text)


def _flow(interactive: InteractiveBody | None) -> FlowContent:
    if interactive is None:
        raise InvalidMessage(
            MessageProblem.MISSING_CONTENT,
            "content.interactive is required for a message of type interactive.",
        )
    kind = interactive.type.lower()
    if kind not in _INTERACTIVE_TYPES:
        raise InvalidMessage(
            MessageProblem.INVALID_CONTENT_TYPE,
            "content.interactive.type must be flow; waflows does not support 8x8's other types.",
        )
    if kind != "flow":
        raise Unsupported(f"Interactive messages of type {kind} are not supported, only flow.")
    action = interactive.action
    parameters = action.parameters if action else None
    if parameters is None or not parameters.flow_id:
        raise InvalidParameter(
            "content.interactive.action.parameters.flowId is required: the flow to open."
        )
    if parameters.flow_message_version not in {None, _MESSAGE_VERSION}:
        raise InvalidParameter(f'flowMessageVersion must be "{_MESSAGE_VERSION}".')
    payload = _one_payload(parameters)
    return FlowContent(
        flow_id=parameters.flow_id,
        button=parameters.flow_cta,
        body=interactive.body.text if interactive.body else "",
        header=_header(interactive.header),
        footer=interactive.footer.text if interactive.footer else "",
        token=checked_token(parameters.flow_token),
        mode=_mode(parameters.mode),
        action=_action(parameters.flow_action),
        screen=payload.screen,
        data=payload.data,
    )


def _one_payload(parameters: ParametersBody) -> PayloadBody:
    both = parameters.flow_action_payload, parameters.flow_action_data
    if None not in both:
        raise InvalidParameter("Send flowActionPayload or flowActionData, not both.")
    return both[0] or both[1] or PayloadBody()


def _mode(text: str | None) -> Literal["published", "draft"]:
    match (text or "published").lower():
        case "published":
            return "published"
        case "draft":
            return "draft"
    raise InvalidParameter(f"mode must be one of {', '.join(_MODES)}.")


def _action(text: str | None) -> Literal["navigate", "data_exchange"]:
    match (text or "navigate").lower():
        case "navigate":
            return "navigate"
        case "data_exchange":
            return "data_exchange"
    raise InvalidParameter(f"flowAction must be one of {', '.join(_ACTIONS)}.")


def _header(header: HeaderBody | None) -> Header | None:
    if header is None:
        return None
    match header.type.lower():
        case "text":
            return Header("text", header.text)
        case "image":
            return Header("image", link=header.image.link if header.image else "")
        case "video":
            return Header("video", link=header.video.link if header.video else "")
        case "document":
            return Header("document", link=header.document.link if header.document else "")
    raise InvalidParameter(
        f"content.interactive.header.type must be one of {', '.join(_HEADER_TYPES)}."
    )
