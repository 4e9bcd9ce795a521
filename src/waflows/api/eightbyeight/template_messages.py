"""The part of a message's body that fills a template, and its conversion for the use cases."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from waflows.errors import InvalidMessage, InvalidParameter, MessageProblem, Unsupported
from waflows.http.reading import WholeNumber
from waflows.services.messages.outgoing import TemplateContent
from waflows.storage.messages import Header

_SUB_TYPES = ("QuickReply", "Url", "CopyCode", "Flow", "VoiceCall")
_MEDIA = ("image", "video", "document")
_TOKEN_LENGTH = 1024


class PayloadBody(msgspec.Struct, frozen=True):
    """The screen a flow opens with, and its data."""

    screen: str | None = None
    data: Annotated[dict[str, Any], Meta(extra_json_schema={"minProperties": 1})] | None = None


class ParameterBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The value of a template's placeholder, or the parameter of its flow button."""

    type: str = "text"
    text: str = ""
    url: str = ""
    flow_token: str | None = None
    flow_action_data: PayloadBody | None = None


class ComponentBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A component of a template, with its parameters."""

    type: str = "body"
    parameters: list[ParameterBody] = []
    index: WholeNumber | str | None = None
    sub_type: Annotated[str, Meta(extra_json_schema={"enum": list(_SUB_TYPES)})] | None = None


class TemplateBody(msgspec.Struct, frozen=True, kw_only=True):
    """A template with the values of its placeholders."""

    name: str = ""
    language: str = ""
    components: list[ComponentBody] = []


def template_content(template: TemplateBody | None) -> TemplateContent:
    """Converts the body for the use cases; raises InvalidMessage, InvalidParameter, Unsupported."""
    if template is None:
        raise InvalidMessage(
            MessageProblem.EMPTY_TEMPLATE,
            "content.template is required for a message of type template.",
        )
    found: dict[str, ComponentBody] = {}
    for component in template.components:
        kind = component.type.lower()
        if kind not in {"header", "body", "button"}:
            _refuse_component(kind)
        if kind in found:
            raise InvalidMessage(
                MessageProblem.COMPONENT_COMBINATION, f"There is more than one {kind} component."
            )
        found[kind] = component
    texts, media = _header_parameters(found.get("header"))
    button = found.get("button")
    index, token, payload = _button(button) if button else (None, None, PayloadBody())
    return TemplateContent(
        name=template.name,
        language=template.language,
        header=texts,
        media=media,
        body=[_text_parameter(each) for each in _parameters(found.get("body"))],
        button_index=index,
        token=token,
        screen=payload.screen,
        data=payload.data,
    )


def _refuse_component(kind: str) -> None:
    if kind == "footer":
        raise InvalidMessage(
            MessageProblem.TOO_MANY_PARAMETERS, "The footer of a template takes no parameters."
        )
    if kind in {"carousel", "call_permission_request", "request_contact_info"}:
        raise Unsupported(f"Template components of type {kind} are not supported.")
    raise InvalidMessage(
        MessageProblem.COMPONENT_TYPE,
        f"A component's type must be header, body or button, not {kind[:50]!r}.",
    )


def _parameters(component: ComponentBody | None) -> list[ParameterBody]:
    return component.parameters if component else []


def _header_parameters(component: ComponentBody | None) -> tuple[list[str], Header | None]:
    parameters = _parameters(component)
    kinds = [each.type.lower() for each in parameters]
    if len(parameters) != 1 or kinds[0] not in _MEDIA:
        return [_text_parameter(each) for each in parameters], None
    link = parameters[0].url
    match kinds[0]:
        case "image":
            return [], Header("image", link=link)
        case "video":
            return [], Header("video", link=link)
    return [], Header("document", link=link)


def _text_parameter(parameter: ParameterBody) -> str:
    if parameter.type.lower() != "text":
        raise InvalidMessage(
            MessageProblem.PARAMETER_TYPE,
            f"A placeholder takes a parameter of type text, not {parameter.type[:50]!r}.",
        )
    return parameter.text


def _button(component: ComponentBody) -> tuple[int, str | None, PayloadBody]:
    kind = (component.sub_type or "").lower()
    if kind not in {known.lower() for known in _SUB_TYPES}:
        raise InvalidMessage(
            MessageProblem.COMPONENT_SUB_TYPE,
            f"The subType of a button must be one of {', '.join(_SUB_TYPES)}.",
        )
    if kind != "flow":
        raise Unsupported(f"Parameters for a {component.sub_type} button are not supported.")
    index = str(component.index or 0)
    if not (index.isascii() and index.isdecimal() and len(index) < 3):
        raise InvalidMessage(MessageProblem.INVALID_INDEX, "index must be a number from 0 to 9.")
    if len(component.parameters) > 1:
        raise InvalidMessage(
            MessageProblem.TOO_MANY_PARAMETERS, "A flow button takes one parameter, of type action."
        )
    if not component.parameters:
        raise InvalidMessage(
            MessageProblem.MISSING_PARAMETERS, "A flow button needs one parameter, of type action."
        )
    parameter = component.parameters[0]
    if parameter.type.lower() != "action":
        raise InvalidMessage(
            MessageProblem.PARAMETER_TYPE, "A flow button takes a parameter of type action."
        )
    return (
        int(index),
        checked_token(parameter.flow_token),
        parameter.flow_action_data or PayloadBody(),
    )


def checked_token(text: str | None) -> str | None:
    """Returns a flow token that can be stored; raises InvalidParameter."""
    if text is not None and len(text) > _TOKEN_LENGTH:
        raise InvalidParameter(f"flowToken must be at most {_TOKEN_LENGTH} characters long.")
    return text or None
