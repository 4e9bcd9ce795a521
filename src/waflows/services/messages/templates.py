"""Message templates: what may be sent at any time, and whose button may open a flow.

Nobody reviews templates here, so each is approved as soon as it is created.
"""

from __future__ import annotations

import re

import msgspec

from waflows.errors import (
    InvalidId,
    InvalidMessage,
    InvalidParameter,
    MessageProblem,
    NameTaken,
    NotFound,
    OutOfRange,
)
from waflows.services import clock
from waflows.services.accounts import quotas
from waflows.services.flows import lifecycle
from waflows.services.messages import bubbles, flow_openings
from waflows.services.messages.languages import LANGUAGES
from waflows.services.messages.outgoing import TemplateContent
from waflows.storage import accounts as account_store
from waflows.storage import templates as store
from waflows.storage.accounts import Channel
from waflows.storage.database import Transaction
from waflows.storage.flows import Status
from waflows.storage.messages import Bubble, Header, SentFlow
from waflows.storage.templates import Button, Component, Template
from waflows.storage.usage import Usage
from waflows.urls import is_http_url

CATEGORIES = {"AUTHENTICATION": "Authentication", "MARKETING": "Marketing", "UTILITY": "Utility"}
NAME_LENGTH = 200
BUTTON_LENGTH = 25
MOST_BUTTONS = 10
PARAMETER_LENGTH = 1024

_NAME = re.compile(r"[A-Za-z0-9_]+")
_PLACEHOLDER = re.compile(r"\{\{\s*([0-9]{1,3})\s*\}\}")
_URL_LENGTH = 2000
_PHONE_LENGTH = 20


class NewTemplate(msgspec.Struct, frozen=True):
    """A template as asked for."""

    name: str
    language: str
    category: str
    components: list[Component]


def list_templates(
    tx: Transaction, account_id: str, channel_id: str
) -> tuple[Channel, list[Template]]:
    """A channel and its templates, oldest first; raises NotFound."""
    return _channel(tx, account_id, channel_id), store.of_channel(tx, account_id, channel_id)


def create(tx: Transaction, account_id: str, channel_id: str, wanted: NewTemplate) -> Template:
    """Registers a template, approved at once.

    Raises NotFound (channel), InvalidMessage, InvalidParameter, OutOfRange, InvalidId (flow),
    NameTaken, QuotaReached.
    """
    lifecycle.require_channel(tx, account_id, channel_id)
    _check_name(wanted.name)
    _check_language(wanted.language)
    if wanted.category not in CATEGORIES:
        raise InvalidParameter(f"category must be one of {', '.join(CATEGORIES)}.")
    _check_components(wanted.components)
    flow_id = _bound_flow(tx, account_id, channel_id, wanted.components)
    now = clock.now_ms()
    template = Template(
        account_id=account_id,
        channel_id=channel_id,
        name=wanted.name,
        language=wanted.language,
        category=wanted.category,
        components=wanted.components,
        status="APPROVED",
        flow_id=flow_id,
        created_at=now,
        updated_at=now,
    )
    if not store.insert(tx, template):
        raise NameTaken(
            f"The channel already has a template {wanted.name} in {wanted.language}; delete it"
            " first or use another name."
        )
    quotas.take(tx, account_id, Usage(templates=1))
    return template


def delete(tx: Transaction, account_id: str, channel_id: str, name: str) -> None:
    """Removes a template in every language; raises NotFound."""
    lifecycle.require_channel(tx, account_id, channel_id)
    gone = store.delete(tx, account_id, channel_id, name) if _NAME.fullmatch(name) else 0
    if not gone:
        raise NotFound(f"Template not found: the channel has no template {name[:NAME_LENGTH]}.")
    quotas.give_back(tx, account_id, Usage(templates=gone))


def filled(
    tx: Transaction, account_id: str, channel_id: str, content: TemplateContent
) -> tuple[Bubble, SentFlow | None]:
    """What a chat shows of a template message, and the flow behind its button, if it has one.

    The flow's token is the caller's, or empty. Raises InvalidMessage for parameters that do not
    fit the template, and what `flow_openings.opened` raises.
    """
    template = _wanted(tx, account_id, channel_id, content)
    body = template.component("BODY")
    assert body is not None, "every template has a body"
    footer = template.component("FOOTER")
    bubble = Bubble(
        body=_with_parameters("body", body.text, content.body),
        header=_header(template.component("HEADER"), content),
        footer=footer.text if footer else "",
        template=template.name,
    )
    index, button = _flow_button(template.components)
    if button is None:
        _refuse_button_parameters(content, template)
        return bubble, None
    if content.button_index is not None and content.button_index != index:
        raise InvalidMessage(
            MessageProblem.INVALID_INDEX,
            f"The flow button of template {template.name} has index {index}, not"
            f" {content.button_index}.",
        )
    action = button.flow_action or "navigate"
    opening = flow_openings.Opening(
        button.flow_id,
        "published",
        action,
        content.screen or button.navigate_screen or None,
        content.data,
    )
    flow = flow_openings.opened(tx, account_id, channel_id, opening)
    return (
        msgspec.structs.replace(bubble, button=button.text),
        msgspec.structs.replace(flow, token=content.token or ""),
    )


def names_with_flow(tx: Transaction, account_id: str, flow_id: str) -> list[str]:
    """The names of the templates that open a flow."""
    return store.names_with_flow(tx, account_id, flow_id)


# --- what a template may be


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= NAME_LENGTH:
        raise InvalidMessage(
            MessageProblem.TEMPLATE_NAME_LENGTH,
            f"The name of a template must be 1 to {NAME_LENGTH} characters long, not {len(name)}.",
        )
    if not _NAME.fullmatch(name):
        raise InvalidMessage(
            MessageProblem.TEMPLATE_NAME,
            "The name of a template must be letters, digits and underscores.",
        )


def _check_language(language: str) -> None:
    if not language:
        raise InvalidMessage(
            MessageProblem.MISSING_LANGUAGE,
            "The language of a template is required, such as en_US.",
        )
    if language not in LANGUAGES:
        raise InvalidMessage(
            MessageProblem.INVALID_LANGUAGE,
            f"Language {language[:20]!r} is not available for templates; use one such as en_US.",
        )


def _check_components(components: list[Component]) -> None:
    kinds = [each.type for each in components]
    if not kinds:
        raise InvalidMessage(MessageProblem.EMPTY_TEMPLATE, "components must include a BODY.")
    if kinds.count("BODY") != 1 or len(set(kinds)) != len(kinds):
        raise InvalidMessage(
            MessageProblem.COMPONENT_COMBINATION,
            "A template has one BODY and at most one each of HEADER, FOOTER and BUTTONS.",
        )
    for component in components:
        _CHECKS[component.type](component)


def _check_header(header: Component) -> None:
    if header.format not in {None, "Text"}:
        return
    bubbles.required_text("The text of the HEADER", header.text, bubbles.HEADER_LENGTH)
    if _placeholders("HEADER", header.text) > 1:
        raise InvalidParameter("The HEADER may have one placeholder at most.")


def _check_body(body: Component) -> None:
    bubbles.required_text("The text of the BODY", body.text, bubbles.BODY_LENGTH)
    _placeholders("BODY", body.text)


def _check_footer(footer: Component) -> None:
    bubbles.required_text("The text of the FOOTER", footer.text, bubbles.FOOTER_LENGTH)
    if _placeholders("FOOTER", footer.text):
        raise InvalidParameter("The FOOTER may have no placeholder.")


def _check_buttons(component: Component) -> None:
    if not 1 <= len(component.buttons) <= MOST_BUTTONS:
        raise OutOfRange(f"BUTTONS must have 1 to {MOST_BUTTONS} buttons.")
    for button in component.buttons:
        bubbles.required_text("The text of a button", button.text, BUTTON_LENGTH)
        if button.type == "URL" and not _is_button_url(button.url):
            raise InvalidParameter("A URL button needs url: an http or https address.")
        if button.type == "PHONE_NUMBER" and not 1 <= len(button.phone_number) <= _PHONE_LENGTH:
            raise InvalidParameter("A PHONE_NUMBER button needs phoneNumber.")
        if button.type == "FLOW" and not button.flow_id:
            raise InvalidParameter("A FLOW button needs flowId: a flow of the channel.")
    if sum(button.type == "FLOW" for button in component.buttons) > 1:
        raise InvalidMessage(
            MessageProblem.COMPONENT_COMBINATION, "A template has one FLOW button at most."
        )


_CHECKS = {
    "HEADER": _check_header,
    "BODY": _check_body,
    "FOOTER": _check_footer,
    "BUTTONS": _check_buttons,
}


def _placeholders(where: str, text: str) -> int:
    """How many placeholders a text has; they are numbered from {{1}} without a gap."""
    numbers = {int(number) for number in _PLACEHOLDER.findall(text)}
    if numbers != set(range(1, len(numbers) + 1)):
        raise InvalidParameter(
            f"The placeholders of the {where} must be {{{{1}}}}, {{{{2}}}} and so on, without a"
            " gap."
        )
    return len(numbers)


def _bound_flow(
    tx: Transaction, account_id: str, channel_id: str, components: list[Component]
) -> str | None:
    """The flow of the FLOW button, locked until the transaction ends."""
    _, button = _flow_button(components)
    if button is None:
        return None
    flow = None
    if button.flow_id.isdecimal():
        try:
            flow = lifecycle.locked(tx, account_id, channel_id, button.flow_id)
        except NotFound:
            flow = None
    if flow is None:
        raise InvalidId(f"flowId {button.flow_id[:64]!r} is not the id of a flow of this channel.")
    if flow.status is Status.DEPRECATED:
        raise InvalidId(f"Flow {flow.id} is DEPRECATED and can no longer be sent.")
    flow_openings.check_entrance(
        tx, flow, button.flow_action or "navigate", button.navigate_screen or None
    )
    return flow.id


def _flow_button(components: list[Component]) -> tuple[int, Button | None]:
    for component in components:
        for index, button in enumerate(component.buttons):
            if button.type == "FLOW":
                return index, button
    return -1, None


# --- what fills a template


def _wanted(
    tx: Transaction, account_id: str, channel_id: str, content: TemplateContent
) -> Template:
    if not content.name:
        raise InvalidMessage(
            MessageProblem.EMPTY_TEMPLATE, "content.template.name is required: a template's name."
        )
    _check_name(content.name)
    _check_language(content.language)
    found = store.find(tx, account_id, channel_id, content.name, content.language)
    if found is None:
        raise InvalidMessage(
            MessageProblem.TEMPLATE_NOT_FOUND,
            f"Template not found: the channel has no template {content.name} in"
            f" {content.language}.",
        )
    return found


def _header(header: Component | None, content: TemplateContent) -> Header | None:
    wanted = header.format or "Text" if header else None
    if wanted in {None, "Text"}:
        if content.media is not None:
            raise InvalidMessage(
                MessageProblem.PARAMETER_TYPE,
                f"The template's header takes no {content.media.type} parameter.",
            )
        text = _with_parameters("header", header.text if header else "", content.header)
        return Header("text", text) if header else None
    assert wanted is not None, "it is one of media"
    if content.media is None:
        raise InvalidMessage(
            MessageProblem.MISSING_PARAMETERS,
            f"The template's header needs a parameter of type {wanted.lower()} with a url.",
        )
    if content.media.type != wanted.lower() or content.header:
        raise InvalidMessage(
            MessageProblem.PARAMETER_TYPE,
            f"The template's header takes one parameter, of type {wanted.lower()}.",
        )
    return bubbles.checked_header("The header parameter", content.media)


def _with_parameters(where: str, text: str, parameters: list[str]) -> str:
    wanted = len(set(_PLACEHOLDER.findall(text)))
    given = len(parameters)
    if wanted != given:
        problem = MessageProblem.INVALID_PARAMETER
        if given == 0:
            problem = MessageProblem.MISSING_PARAMETERS
        elif given > wanted:
            problem = MessageProblem.TOO_MANY_PARAMETERS
        raise InvalidMessage(
            problem,
            f"The template's {where} has placeholders for {wanted} parameters, not {given}.",
        )
    if any(len(parameter) > PARAMETER_LENGTH for parameter in parameters):
        raise InvalidMessage(
            MessageProblem.PARAMETER_TOO_LONG,
            f"A parameter of the {where} may have {PARAMETER_LENGTH} characters at most.",
        )
    return _PLACEHOLDER.sub(lambda match: parameters[int(match[1]) - 1], text)


def _refuse_button_parameters(content: TemplateContent, template: Template) -> None:
    if content.button_index is not None or content.token is not None or content.data is not None:
        raise InvalidMessage(
            MessageProblem.INVALID_BUTTON_PARAMETER,
            f"Template {template.name} has no flow button to take parameters.",
        )


def _channel(tx: Transaction, account_id: str, channel_id: str) -> Channel:
    lifecycle.require_channel(tx, account_id, channel_id)
    channel = account_store.find_channel(tx, account_id, channel_id)
    assert channel is not None, "it was just required"
    return channel


def _is_button_url(url: str) -> bool:
    """Whether a URL is valid for a button; it may contain a placeholder."""
    return len(url) <= _URL_LENGTH and is_http_url(_PLACEHOLDER.sub("1", url))
