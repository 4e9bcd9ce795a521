"""The components, read like Meta's reference: one block each, one line per property.

Sources: the Components, Media upload and Changelog pages. Properties that only examples and open
clients show (`enabled` of TextInput, `visible` of Image, `name` of Dropdown) are accepted.
"""

from __future__ import annotations

from waflows.flowjson.spec.model import ANY, NOT_FORM, ComponentType, Property

_Lines = tuple[Property, ...]
_BRANCHES = "4.0"
_BOTH = ("data_exchange", "update_data")
_DATES = ("single", "range")


def _text(name: str, longest: int | None = None, *, required: bool = False) -> Property:
    return Property(name, dynamic=ANY, longest=longest, required=required)


def _flag(name: str, since: str | None = None) -> Property:
    return Property(name, "boolean", dynamic=ANY, since=since)


def _count(name: str, lowest: int | None = None, highest: int | None = None) -> Property:
    return Property(name, "integer", dynamic=NOT_FORM, minimum=lowest, maximum=highest)


def _choice(name: str, *allowed: str, since: str | None = None) -> Property:
    return Property(name, dynamic=ANY, allowed=allowed, since=since)


def _label_from_4(longest: int) -> _Lines:
    return (
        Property("label", dynamic=ANY, longest=longest, until="4.0"),
        Property("label", dynamic=ANY, longest=longest, required=True, since="4.0"),
    )


def _select(*actions: str, since: str | None = None) -> _Lines:
    return (Property("on-select-action", "action", actions=actions, since=since),)


def _select_from_6() -> _Lines:
    return (
        Property("on-select-action", "action", actions=("data_exchange",), until="6.0"),
        Property("on-select-action", "action", actions=_BOTH, since="6.0"),
        _unselect("6.0"),
    )


def _unselect(since: str) -> Property:
    return Property("on-unselect-action", "action", actions=("update_data",), since=since)


def _click_from_6(*, required: bool) -> _Lines:
    before, after = ("data_exchange", "navigate"), ("data_exchange", "navigate", "open_url")
    return (
        Property("on-click-action", "action", required, actions=before, until="6.0"),
        Property("on-click-action", "action", required, actions=after, since="6.0"),
    )


def _outside_form(value: str, error: str = "string", shown: int | None = None) -> _Lines:
    return (
        Property("init-value", value, dynamic=ANY, since="4.0"),
        Property("error-message", error, dynamic=ANY, longest=shown, since="4.0"),
    )


def _list(name: str, item: str, least: int, most: int) -> Property:
    kind = f"array<{item}>"
    return Property(name, kind, required=True, dynamic=NOT_FORM, least_items=least, most_items=most)


_TYPE = Property("type", required=True)
_NAME = Property("name", required=True)
_VISIBLE = _flag("visible")
_ENABLED = _flag("enabled")
_REQUIRED = _flag("required")
_MEDIA_SIZE = ("regular", "large")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MIME_TYPES = (
    "application/gzip",
    "application/msword",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/x-7z-compressed",
    "application/zip",
    "image/avif",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "text/plain",
    "video/mp4",
    "video/mpeg",
)


def _heading(name: str) -> ComponentType:
    return ComponentType(
        name,
        "text",
        (_TYPE, _text("text", 80, required=True), _VISIBLE),
        branch_since=_BRANCHES,
    )


def _paragraph(name: str, longest: int) -> ComponentType:
    return ComponentType(
        name,
        "text",
        (
            _TYPE,
            Property("text", required=True, dynamic=ANY, longest=longest, until="5.1"),
            Property(
                "text",
                "string | array<string>",
                required=True,
                dynamic=ANY,
                longest=longest,
                since="5.1",
            ),
            _choice("font-weight", "bold", "italic", "bold_italic", "normal"),
            _flag("strikethrough"),
            _VISIBLE,
            Property("markdown", "boolean", since="5.1"),
        ),
        branch_since=_BRANCHES,
    )


def _group(name: str, value: str, least_most: _Lines) -> ComponentType:
    return ComponentType(
        name,
        "input",
        (
            _TYPE,
            _NAME,
            *_label_from_4(30),
            _list("data-source", "DataSourceItem", 1, 20),
            *least_most,
            _ENABLED,
            _REQUIRED,
            _VISIBLE,
            *_select_from_6(),
            Property("description", dynamic=ANY, longest=300, since="4.0"),
            _choice("media-size", *_MEDIA_SIZE, since="5.0"),
            *_outside_form(value),
        ),
        value=("array" if value.startswith("array") else "string",),
        branch_since=_BRANCHES,
        outside_form_since="4.0",
    )


def _picker(name: str, files: str, *own: Property) -> ComponentType:
    return ComponentType(
        name,
        "media",
        (
            _TYPE,
            _NAME,
            _text("label", 80, required=True),
            _text("description", 300),
            *own,
            _count("max-file-size-kb", 1, 25600),
            _count(f"min-uploaded-{files}", 0, 30),
            _count(f"max-uploaded-{files}", 1, 30),
            _ENABLED,
            _VISIBLE,
            Property("error-message", "string | object", dynamic=NOT_FORM),
        ),
        since="4.0",
        value=("array",),
        outside_form_since="4.0",
    )


COMPONENTS: dict[str, ComponentType] = {
    component.name: component
    for component in (
        _heading("TextHeading"),
        _heading("TextSubheading"),
        _paragraph("TextBody", 4096),
        _paragraph("TextCaption", 4096),  # the page says 409, which reads like a cut-off 4096
        ComponentType(
            "RichText",
            "text",
            (
                _TYPE,
                Property("text", "string | array<string>", required=True, dynamic=ANY),
                _VISIBLE,
            ),
            since="5.1",
        ),
        ComponentType(
            "TextInput",
            "input",
            (
                _TYPE,
                _NAME,
                _text("label", 20, required=True),
                _choice("label-variant", "large", since="7.0"),
                _choice("input-type", "text", "number", "email", "password", "passcode", "phone"),
                Property("pattern", since="6.2"),
                _REQUIRED,
                _count("min-chars"),
                _count("max-chars"),
                _text("helper-text", 80),
                _VISIBLE,
                _ENABLED,
                *_outside_form("string | number", shown=30),
            ),
            value=("string",),
            branch_since=_BRANCHES,
            outside_form_since="4.0",
        ),
        ComponentType(
            "TextArea",
            "input",
            (
                _TYPE,
                _NAME,
                _text("label", 20, required=True),
                _choice("label-variant", "large", since="7.0"),
                _REQUIRED,
                _count("max-length"),
                _text("helper-text", 80),
                _ENABLED,
                _VISIBLE,
                *_outside_form("string"),
            ),
            value=("string",),
            branch_since=_BRANCHES,
            outside_form_since="4.0",
        ),
        _group(
            "CheckboxGroup",
            "array<string>",
            (_count("min-selected-items"), _count("max-selected-items")),
        ),
        # The page on Flow JSON says string, the component's table array of strings: a list is
        # reported by a rule, since some follow the table.
        _group("RadioButtonsGroup", "string | array<string>", ()),
        ComponentType(
            "Dropdown",
            "input",
            (
                _TYPE,
                _NAME,
                _text("label", 20, required=True),
                _list("data-source", "DataSourceItem", 1, 200),
                _REQUIRED,
                _ENABLED,
                _VISIBLE,
                *_select_from_6(),
                *_outside_form("string"),
            ),
            value=("string",),
            branch_since=_BRANCHES,
            outside_form_since="4.0",
        ),
        ComponentType(
            "ChipsSelector",
            "input",
            (
                _TYPE,
                _NAME,
                _text("label", 80, required=True),
                _list("data-source", "ChipsItem", 2, 20),
                _count("min-selected-items"),
                _count("max-selected-items"),
                _ENABLED,
                _REQUIRED,
                _VISIBLE,
                _text("description", 300),
                *_select(*_BOTH, since="7.1"),
                _unselect("7.1"),
                *_outside_form("array<string>"),
            ),
            since="6.3",
            value=("array",),
            branch_since="7.1",
            outside_form_since="6.3",
        ),
        ComponentType(
            "OptIn",
            "input",
            (
                _TYPE,
                _NAME,
                _text("label", 120, required=True),
                _REQUIRED,
                *_click_from_6(required=False),
                *_select("update_data", since="6.0"),
                _unselect("6.0"),
                _VISIBLE,
                Property("init-value", "boolean", dynamic=ANY, since="4.0"),
            ),
            value=("boolean",),
            branch_since=_BRANCHES,
            outside_form_since="4.0",
            most_per_screen=5,
        ),
        ComponentType(
            "DatePicker",
            "input",
            (
                _TYPE,
                _NAME,
                _text("label", 40, required=True),
                _text("min-date"),
                _text("max-date"),
                Property("unavailable-dates", "array<string>", dynamic=NOT_FORM),
                _VISIBLE,
                _text("helper-text", 80),
                _ENABLED,
                _REQUIRED,
                *_select("data_exchange"),
                *_outside_form("string", shown=80),
            ),
            value=("string",),
            branch_since=_BRANCHES,
            outside_form_since="4.0",
        ),
        ComponentType(
            "CalendarPicker",
            "input",
            (
                _TYPE,
                _NAME,
                _text("title", 80),
                _text("description", 300),
                Property("label", "string | dates", required=True, dynamic=ANY, longest=40),
                Property("helper-text", "string | dates", dynamic=ANY, longest=80),
                Property("required", "boolean | dates", dynamic=ANY),
                _VISIBLE,
                _ENABLED,
                _choice("mode", *_DATES),
                _text("min-date"),
                _text("max-date"),
                Property("unavailable-dates", "array<string>", dynamic=NOT_FORM),
                Property("include-days", "array<string>", dynamic=NOT_FORM, allowed=_WEEKDAYS),
                _count("min-days"),
                _count("max-days"),
                *_select("data_exchange"),
                *_outside_form("string | dates", "string | dates", shown=80),
            ),
            since="6.1",
            value=("string", "object"),
            outside_form_since="6.1",
        ),
        _picker(
            "PhotoPicker",
            "photos",
            _choice("photo-source", "camera_gallery", "camera", "gallery"),
        ),
        _picker(
            "DocumentPicker",
            "documents",
            Property("allowed-mime-types", "array<string>", dynamic=NOT_FORM, allowed=_MIME_TYPES),
        ),
        ComponentType(
            "Footer",
            "action",
            (
                _TYPE,
                _text("label", 35, required=True),
                _text("left-caption", 15),
                _text("center-caption", 15),
                _text("right-caption", 15),
                _ENABLED,
                Property(
                    "on-click-action",
                    "action",
                    required=True,
                    actions=("navigate", "data_exchange", "complete"),
                ),
            ),
            branch_since=_BRANCHES,
            most_per_screen=1,
        ),
        ComponentType(
            "EmbeddedLink",
            "action",
            (
                _TYPE,
                _text("text", 25, required=True),
                *_click_from_6(required=True),
                _VISIBLE,
            ),
            branch_since=_BRANCHES,
            most_per_screen=2,
        ),
        ComponentType(
            "NavigationList",
            "action",
            (
                _TYPE,
                _NAME,
                _list("list-items", "NavigationListItem", 1, 20),
                _text("label", 80),
                _text("description", 300),
                _choice("media-size", *_MEDIA_SIZE),
                Property("on-click-action", "action", actions=("data_exchange", "navigate")),
            ),
            since="6.2",
        ),
        ComponentType(
            "Image",
            "media",
            (
                _TYPE,
                _text("src", required=True),
                _count("width"),
                _count("height"),
                Property("scale-type", allowed=("cover", "contain")),
                Property("aspect-ratio", "number", dynamic=NOT_FORM),
                _text("alt-text"),
                _VISIBLE,
            ),
            branch_since=_BRANCHES,
            most_per_screen=3,
        ),
        ComponentType(
            "ImageCarousel",
            "media",
            (
                _TYPE,
                _list("images", "ImageCarouselItem", 1, 3),
                Property("aspect-ratio", allowed=("4:3", "16:9")),
                Property("scale-type", allowed=("contain", "cover")),
                _VISIBLE,
            ),
            since="7.1",
        ),
        ComponentType(
            "If",
            "conditional",
            (
                _TYPE,
                Property("condition", "expression", required=True),
                Property("then", "components", required=True),
                Property("else", "components"),
            ),
            since="4.0",
            branch_since=_BRANCHES,
        ),
        ComponentType(
            "Switch",
            "conditional",
            (
                _TYPE,
                Property("value", "binding", required=True),
                Property("cases", "cases", required=True),
            ),
            since="4.0",
            branch_since=_BRANCHES,
        ),
        ComponentType(
            "Form",
            "container",
            (
                _TYPE,
                _NAME,
                Property("children", "components", required=True),
                Property("init-values", "object", dynamic=NOT_FORM),
                Property("error-messages", "object", dynamic=NOT_FORM),
            ),
        ),
    )
}
