"""Everything with properties that is not a component: flow, screen, layout, list items, actions."""

from __future__ import annotations

from waflows.flowjson.spec.model import ANY, ObjectType, Property

MAX_BYTES = 10 * 1024 * 1024
MAX_VALUES = 250_000
MAX_SCREENS = 100
MAX_COMPONENTS_PER_SCREEN = 50
MAX_BRANCHES = 10
MAX_IF_NESTING = 3
MAX_CAROUSELS_PER_SCREEN = 2
MAX_CAROUSELS_PER_FLOW = 3
MAX_NAVIGATION_LISTS_PER_SCREEN = 2
MOST_IMAGE_KB = 300
"""What Meta recommends for a picture at most."""
DATA_TYPES = ("string", "number", "boolean", "object", "array")

FLOW = ObjectType(
    "flow",
    (
        Property("version", required=True),
        Property("screens", "array<screen>", required=True),
        Property("routing_model", "object"),
        Property("data_api_version"),
        Property("data_channel_uri", until="3.0", format="uri"),
    ),
)

SCREEN = ObjectType(
    "screen",
    (
        Property("id", required=True, format="letters"),
        Property("layout", "layout", required=True),
        Property("title", dynamic=ANY),
        Property("terminal", "boolean"),
        Property("success", "boolean", since="3.1"),
        Property("refresh_on_back", "boolean"),
        Property("data", "object"),
        Property("sensitive", "array<string>", since="5.1"),
    ),
)

LAYOUT = ObjectType(
    "layout",
    (
        Property("type", required=True, allowed=("SingleColumnLayout",)),
        Property("children", "components", required=True),
    ),
)

_UPDATES = ("update_data",)


def _item(name: str, *properties: Property) -> ObjectType:
    return ObjectType(name, properties)


ITEMS: dict[str, ObjectType] = {
    item.name: item
    for item in (
        _item(
            "DataSourceItem",
            Property("id", required=True),
            Property("title", required=True, longest=30),
            Property("description", longest=300),
            Property("metadata", longest=20),
            Property("enabled", "boolean"),
            Property("image", since="5.0"),
            Property("alt-text", since="5.0"),
            Property("color", since="5.0"),
            Property("on-select-action", "action", actions=_UPDATES, since="6.0"),
            Property("on-unselect-action", "action", actions=_UPDATES, since="6.0"),
        ),
        _item(
            "ChipsItem",
            Property("id", required=True),
            Property("title", required=True),
            Property("enabled", "boolean"),
            Property("on-select-action", "action", actions=_UPDATES),
            Property("on-unselect-action", "action", actions=_UPDATES),
        ),
        _item(
            "NavigationListItem",
            Property("id", required=True),
            Property("main-content", "NavigationListContent", required=True),
            Property("start", "NavigationListStart"),
            Property("end", "NavigationListEnd"),
            Property("badge", longest=15),
            Property("tags", "array<string>", most_items=3, longest=15),
            Property("on-click-action", "action", actions=("data_exchange", "navigate")),
        ),
        _item(
            "NavigationListContent",
            Property("title", required=True, longest=30),
            Property("description", longest=20),
            Property("metadata", longest=80),
        ),
        _item("NavigationListStart", Property("image", required=True), Property("alt-text")),
        _item(
            "NavigationListEnd",
            Property("title", longest=10),
            Property("description", longest=10),
            Property("metadata", longest=10),
        ),
        _item(
            "ImageCarouselItem",
            Property("src", required=True),
            Property("alt-text", required=True),
        ),
    )
}

_PAYLOAD = Property("payload", "object", required=True)

ACTIONS: dict[str, ObjectType] = {
    action.name: action
    for action in (
        ObjectType(
            "navigate",
            (
                Property("name", required=True),
                Property("next", "NextScreen", required=True),
                _PAYLOAD,
            ),
        ),
        ObjectType("data_exchange", (Property("name", required=True), _PAYLOAD)),
        ObjectType("complete", (Property("name", required=True), _PAYLOAD)),
        ObjectType("update_data", (Property("name", required=True), _PAYLOAD), since="6.0"),
        ObjectType(
            "open_url",
            (Property("name", required=True), Property("url", required=True, dynamic=ANY)),
            since="6.0",
        ),
    )
}

NEXT_SCREEN = ObjectType(
    "NextScreen",
    (
        Property("type", required=True, allowed=("screen",)),
        Property("name", required=True),
    ),
)
