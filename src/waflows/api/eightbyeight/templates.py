"""Message templates: /api/v1/accounts/{accountId}/channels/{channelId}/templates."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows import times
from waflows.api import paths
from waflows.errors import InvalidMessage, InvalidParameter, MessageProblem, Unsupported
from waflows.http.reading import WholeNumber
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.messages import templates
from waflows.services.messages.languages import LANGUAGES
from waflows.services.messages.templates import BUTTON_LENGTH, CATEGORIES, NAME_LENGTH, NewTemplate
from waflows.storage.accounts import Channel
from waflows.storage.templates import Button, Component, Template

_NEW_TYPES = (
    "HEADER",
    "BODY",
    "FOOTER",
    "BUTTONS",
    "CAROUSEL",
    "CALL_PERMISSION_REQUEST",
    "REQUEST_CONTACT_INFO",
)
_NEW_FORMATS = ("Text", "Image", "Gif", "Video", "Document", "Location")
_BUTTON_TYPES = (
    "PHONE_NUMBER",
    "URL",
    "QUICK_REPLY",
    "OTP",
    "COPY_CODE",
    "FLOW",
    "VOICE_CALL",
    "REQUEST_CONTACT_INFO",
)
_ACTIONS = ("navigate", "data_exchange")
_Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class ButtonBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A button of a template."""

    type: Annotated[str, Meta(extra_json_schema={"enum": list(_BUTTON_TYPES)})]
    text: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": BUTTON_LENGTH})]
    phone_number: str | UnsetType = UNSET
    country: (
        Annotated[str, Meta(extra_json_schema={"minLength": 2, "maxLength": 2})] | UnsetType
    ) = UNSET
    url: Annotated[str, Meta(extra_json_schema={"format": "uri"})] | UnsetType = UNSET
    example: list[str] | UnsetType = UNSET
    flow_id: Annotated[str, Meta(description="The flow that a FLOW button opens.")] | UnsetType = (
        UNSET
    )
    flow_action: Annotated[str, Meta(extra_json_schema={"enum": list(_ACTIONS)})] | UnsetType = (
        UNSET
    )
    navigate_screen: str | UnsetType = UNSET


class NewComponentBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A component of a new template."""

    type: Annotated[
        str,
        Meta(
            extra_json_schema={"enum": list(_NEW_TYPES)},
            extra={"missing": MessageProblem.COMPONENT_TYPE},
        ),
    ]
    format: Annotated[str, Meta(extra_json_schema={"enum": list(_NEW_FORMATS)})] | None = None
    text: str | None = None
    buttons: list[ButtonBody] | None = None
    examples: list[str] | None = None


class NewTemplateBody(msgspec.Struct, frozen=True, kw_only=True):
    """A new template. The case of types, formats and the category does not matter."""

    language: Annotated[
        str,
        Meta(description="Such as en_US.", extra={"missing": MessageProblem.MISSING_LANGUAGE}),
    ]
    name: Annotated[
        str,
        Meta(
            description="Letters, digits and underscores.",
            extra_json_schema={"minLength": 1, "maxLength": NAME_LENGTH},
            extra={"missing": MessageProblem.TEMPLATE_NAME},
        ),
    ]
    category: Annotated[str, Meta(description=", ".join(CATEGORIES))]
    components: Annotated[
        list[NewComponentBody], Meta(extra={"missing": MessageProblem.EMPTY_TEMPLATE})
    ]
    allow_category_change: bool | None = None
    message_send_ttl_seconds: WholeNumber | None = None


class Done(msgspec.Struct, frozen=True):
    """An empty answer: it is done."""


class Examples(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Example values for the placeholders."""

    header_text: list[str] = []
    body_text: list[str] = []
    header_handle: list[str] = []


class ShownComponent(msgspec.Struct, frozen=True, kw_only=True):
    """A component of a template."""

    type: Literal["HEADER", "BODY", "FOOTER", "BUTTONS"]
    format: (
        Annotated[str, Meta(extra_json_schema={"enum": ["Text", "Image", "Video", "Document"]})]
        | UnsetType
    ) = UNSET
    text: str | UnsetType = UNSET
    buttons: list[ButtonBody] | UnsetType = UNSET
    example: Examples | UnsetType = UNSET


class ShownTemplate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A template in one language."""

    channel_id: str
    channel_name: str
    template_name: str
    language: str
    language_name: str
    components: list[ShownComponent]
    category: str
    category_name: str
    status: str
    status_name: str
    created_at: _Moment
    updated_at: _Moment


class TemplateList(msgspec.Struct, frozen=True):
    """A channel's templates."""

    templates: list[ShownTemplate]


async def list_templates(call: Call[NoQuery, None]) -> Reply:
    """Lists the message templates of a channel."""
    channel, found = await call.state.db.read(
        templates.list_templates, call.account_id, call.channel_id
    )
    return Reply(TemplateList([_shown(channel, template) for template in found]))


async def create_template(call: Call[NoQuery, NewTemplateBody]) -> Reply:
    """Registers a message template.

    It is approved at once; there is no review.
    """
    await call.state.db.run(templates.create, call.account_id, call.channel_id, _new(call.body))
    return Reply(Done())


async def delete_template(call: Call[NoQuery, None]) -> Reply:
    """Deletes a message template in every language."""
    await call.state.db.run(
        templates.delete, call.account_id, call.channel_id, call.path["templateName"]
    )
    return Reply(Done())


def _new(body: NewTemplateBody) -> NewTemplate:
    return NewTemplate(
        body.name,
        body.language,
        body.category.upper(),
        [_component(component) for component in body.components],
    )


def _component(body: NewComponentBody) -> Component:
    kind = body.type.upper()
    if kind not in _NEW_TYPES:
        raise InvalidMessage(
            MessageProblem.COMPONENT_TYPE,
            f"A component's type must be one of {', '.join(_NEW_TYPES)}, not {body.type[:50]!r}.",
        )
    if kind not in {"HEADER", "BODY", "FOOTER", "BUTTONS"}:
        raise Unsupported(f"Template components of type {kind} are not supported.")
    return msgspec.convert(
        {
            "type": kind,
            "format": _format(kind, body.format),
            "text": body.text or "",
            "buttons": [_button(button) for button in body.buttons or []],
            "examples": body.examples or [],
        },
        Component,
    )


def _format(kind: str, text: str | None) -> str | None:
    if kind != "HEADER":
        return None
    wanted = (text or "Text").capitalize()
    if wanted not in _NEW_FORMATS:
        raise InvalidParameter(f"format must be one of {', '.join(_NEW_FORMATS)}.")
    if wanted in {"Gif", "Location"}:
        raise Unsupported(f"Headers of format {wanted} are not supported.")
    return wanted


def _button(body: ButtonBody) -> dict[str, object]:
    kind = body.type.upper()
    if kind not in _BUTTON_TYPES:
        raise InvalidParameter(f"A button's type must be one of {', '.join(_BUTTON_TYPES)}.")
    if kind not in {"PHONE_NUMBER", "URL", "QUICK_REPLY", "FLOW"}:
        raise Unsupported(f"Buttons of type {kind} are not supported.")
    action = None if body.flow_action is UNSET else body.flow_action.lower()
    if action not in {None, *_ACTIONS}:
        raise InvalidParameter(f"flowAction must be one of {', '.join(_ACTIONS)}.")
    given = {name: getattr(body, name) for name in body.__struct_fields__}
    present = {name: value for name, value in given.items() if value is not UNSET}
    return present | {"type": kind} | ({"flow_action": action} if action else {})


def _shown(channel: Channel, template: Template) -> ShownTemplate:
    return ShownTemplate(
        channel_id=channel.id,
        channel_name=channel.name,
        template_name=template.name,
        language=template.language,
        language_name=LANGUAGES[template.language],
        components=[_shown_component(component) for component in template.components],
        category=template.category,
        category_name=CATEGORIES[template.category],
        status=template.status,
        status_name=template.status.capitalize(),
        created_at=times.hundredths(template.created_at),
        updated_at=times.hundredths(template.updated_at),
    )


def _shown_component(component: Component) -> ShownComponent:
    return ShownComponent(
        type=component.type,
        format=component.format or UNSET,
        text=component.text or UNSET,
        buttons=[_shown_button(button) for button in component.buttons] or UNSET,
        example=_examples(component),
    )


def _shown_button(button: Button) -> ButtonBody:
    return ButtonBody(
        type=button.type,
        text=button.text,
        phone_number=button.phone_number or UNSET,
        country=button.country or UNSET,
        url=button.url or UNSET,
        example=button.example or UNSET,
        flow_id=button.flow_id or UNSET,
        flow_action=button.flow_action or UNSET,
        navigate_screen=button.navigate_screen or UNSET,
    )


def _examples(component: Component) -> Examples | UnsetType:
    if not component.examples:
        return UNSET
    if component.type == "BODY":
        return Examples(body_text=component.examples)
    if component.format in {None, "Text"}:
        return Examples(header_text=component.examples)
    return Examples(header_handle=component.examples)


_templates = RouteGroup(f"{paths.CHANNEL}/templates", tag="Templates")
ROUTES: list[Route] = [
    _templates.get("", list_templates, "List a channel's templates", answers=TemplateList),
    _templates.post(
        "",
        create_template,
        "Register a template",
        whole_channel=True,
        body=NewTemplateBody,
        answers=Done,
        more_statuses=(409, 501),
    ),
    _templates.delete(
        "/{templateName}",
        delete_template,
        "Delete a template",
        whole_channel=True,
        answers=Done,
    ),
]
