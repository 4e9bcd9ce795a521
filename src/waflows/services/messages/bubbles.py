"""What a chat shows of a message, within the lengths WhatsApp and 8x8 allow."""

from __future__ import annotations

from waflows.errors import InvalidMessage, InvalidParameter, MessageProblem, OutOfRange
from waflows.services.messages.outgoing import FlowContent, TextContent
from waflows.services.names import is_printable
from waflows.storage.messages import Bubble, Header
from waflows.urls import is_http_url

TEXT_LENGTH = 4096
"""WhatsApp's limit for a text; 8x8's 35,000 covers all its kinds of channels."""

BODY_LENGTH = 1024
HEADER_LENGTH = 60
FOOTER_LENGTH = 60
BUTTON_LENGTH = 30
CLIENT_MESSAGE_ID_LENGTH = 50


def of_text(content: TextContent) -> Bubble:
    """A text. Raises InvalidMessage for an empty one or one that is too long."""
    if not content.text.strip():
        raise InvalidMessage(MessageProblem.MISSING_TEXT, "content.text must not be empty.")
    if len(content.text) > TEXT_LENGTH:
        raise InvalidMessage(
            MessageProblem.TEXT_TOO_LONG,
            f"content.text is {len(content.text)} characters long; at most {TEXT_LENGTH}.",
        )
    return Bubble(body=content.text)


def of_flow(content: FlowContent) -> Bubble:
    """An interactive flow message. Raises InvalidMessage, InvalidParameter, OutOfRange."""
    where = "content.interactive"
    body = required_text(f"{where}.body.text", content.body, BODY_LENGTH)
    button = required_text(f"{where}.action.parameters.flowCta", content.button, BUTTON_LENGTH)
    footer = optional_text(f"{where}.footer.text", content.footer, FOOTER_LENGTH)
    return Bubble(
        body=body,
        header=checked_header(f"{where}.header", content.header),
        footer=footer,
        button=button,
    )


def checked_header(where: str, header: Header | None) -> Header | None:
    """A header that can be shown. Raises InvalidMessage, OutOfRange."""
    if header is None:
        return None
    if header.type == "text":
        required_text(f"{where}.text", header.text, HEADER_LENGTH)
        return header
    if not header.link:
        raise InvalidMessage(
            MessageProblem.MISSING_MEDIA_URL,
            f"{where}.{header.type}.link is required: the http or https address of the"
            f" {header.type}.",
        )
    if not is_http_url(header.link):
        raise InvalidMessage(
            MessageProblem.INVALID_MEDIA_URL,
            f"{where}.{header.type}.link must be an http or https address.",
        )
    return header


def required_text(where: str, text: str, length: int) -> str:
    """A text that must not be empty. Raises InvalidMessage, OutOfRange."""
    if not text.strip():
        raise InvalidMessage(
            MessageProblem.MISSING_TEXT, f"{where} is required: 1 to {length} characters."
        )
    return optional_text(where, text, length)


def optional_text(where: str, text: str, length: int) -> str:
    """A text that may be empty. Raises OutOfRange."""
    if len(text) > length:
        raise OutOfRange(f"{where} is {len(text)} characters long; at most {length}.")
    return text


def check_client_message_id(client_message_id: str | None) -> None:
    """Raises InvalidMessage for one that is too long, InvalidParameter for an unprintable one."""
    if client_message_id is None:
        return
    if len(client_message_id) > CLIENT_MESSAGE_ID_LENGTH:
        raise InvalidMessage(
            MessageProblem.CLIENT_MESSAGE_ID_TOO_LONG,
            f"clientMessageId is {len(client_message_id)} characters long; at most"
            f" {CLIENT_MESSAGE_ID_LENGTH}.",
        )
    if client_message_id and not is_printable(client_message_id):
        raise InvalidParameter("clientMessageId must be printable text.")
