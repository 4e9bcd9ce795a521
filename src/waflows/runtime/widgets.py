"""The rendered screen: plain data with every value resolved. A test asserts on it, a page draws it.

Form, If and Switch are not drawn themselves; their content is there or not: a
screen is a list of widgets. `key` names a widget for events and stays the same while the screen is
shown. Texts are a flow author's or the endpoint's: whoever draws them must treat them as text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.runtime.events import Media
from waflows.runtime.state import Phase
from waflows.runtime.validation import Problem


class _Widget(msgspec.Struct, frozen=True, kw_only=True, tag_field="widget", omit_defaults=True):
    key: str
    component: str
    """The component's type, such as `TextHeading`."""


class _Input(_Widget, frozen=True, kw_only=True):
    """`error` is what the phone shows now; `problem` is what keeps the footer, shown or not."""

    name: str
    label: str
    required: bool = False
    enabled: bool = True
    error: str = ""
    problem: Problem | None = None


class Text(_Widget, frozen=True, tag="text", kw_only=True):
    """TextHeading, TextSubheading, TextBody, TextCaption and RichText; one string a paragraph.

    `weight` is normal, bold, italic or bold_italic. RichText is always `markdown`.
    """

    text: tuple[str, ...]
    weight: str = "normal"
    strikethrough: bool = False
    markdown: bool = False


class TextField(_Input, frozen=True, tag="text-field", kw_only=True):
    """TextInput and TextArea. `counter` is what the phone writes below, such as `17 / 600`."""

    value: str
    input_type: str = "text"
    helper: str = ""
    counter: str = ""
    longest: int
    large_label: bool = False


class OptionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An item to choose; `image` is base64, `color` six hexadecimal digits."""

    id: str
    title: str
    description: str = ""
    metadata: str = ""
    enabled: bool = True
    selected: bool = False
    image: str = ""
    alt_text: str = ""
    color: str = ""


class Choice(_Input, frozen=True, tag="choice", kw_only=True):
    """CheckboxGroup, RadioButtonsGroup, Dropdown and ChipsSelector."""

    options: tuple[OptionView, ...]
    multiple: bool
    description: str = ""
    hint: str = ""
    large_media: bool = False


class OptIn(_Input, frozen=True, tag="opt-in", kw_only=True):
    """A box to tick; a tap on `link`, where there is one, runs its action."""

    value: bool
    link: str = ""


class DatePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One date to pick. `value` is ISO or empty; `opens_on` is the day the calendar shows first."""

    label: str
    value: str = ""
    helper: str = ""
    required: bool = False
    error: str = ""
    opens_on: str = ""


class Dates(_Input, frozen=True, tag="dates", kw_only=True):
    """DatePicker and CalendarPicker: one part, or two for a range. Dates are ISO in any version."""

    parts: tuple[DatePart, ...]
    title: str = ""
    description: str = ""
    first: str
    last: str
    unavailable: tuple[str, ...] = ()
    weekdays: tuple[str, ...]
    least_days: int | None = None
    most_days: int | None = None


class Upload(_Input, frozen=True, tag="upload", kw_only=True):
    """PhotoPicker and DocumentPicker. `file_errors` are the endpoint's, by the file's id."""

    files: tuple[Media, ...]
    description: str = ""
    hint: str = ""
    least: int
    most: int
    max_kb: int
    types: tuple[str, ...] = ()
    source: str = "camera_gallery"
    file_errors: dict[str, str] = {}


class Footer(_Widget, frozen=True, tag="footer", kw_only=True):
    """The button at the bottom. While it is disabled, `why` says what it waits for."""

    label: str
    left: str = ""
    center: str = ""
    right: str = ""
    enabled: bool = True
    why: str = ""
    action: str = ""


class Link(_Widget, frozen=True, tag="link", kw_only=True):
    """EmbeddedLink."""

    text: str
    action: str = ""


class ListItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of a NavigationList; `end` are the texts on its right."""

    id: str
    title: str
    description: str = ""
    metadata: str = ""
    image: str = ""
    alt_text: str = ""
    end: tuple[str, ...] = ()
    badge: str = ""
    tags: tuple[str, ...] = ()
    action: str = ""


class NavigationList(_Widget, frozen=True, tag="navigation-list", kw_only=True):
    """A list whose entries lead on."""

    items: tuple[ListItem, ...]
    label: str = ""
    description: str = ""
    large_media: bool = False


class Picture(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An image as base64 text without a `data:` prefix; `problem` says why it stays empty."""

    src: str
    alt_text: str = ""
    problem: str = ""


class Image(_Widget, frozen=True, tag="image", kw_only=True):
    """An image; sizes are in points, None where the phone chooses."""

    picture: Picture
    width: int | None = None
    height: int | None = None
    scale: str = "contain"
    aspect_ratio: float = 1.0


class Carousel(_Widget, frozen=True, tag="carousel", kw_only=True):
    """ImageCarousel; `shown` counts its images from 0."""

    pictures: tuple[Picture, ...]
    shown: int = 0
    scale: str = "contain"
    aspect_ratio: str = "4:3"


Input = TextField | Choice | OptIn | Dates | Upload
Widget = Text | Input | Footer | Link | NavigationList | Image | Carousel


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sheet shows.

    `step` of `steps` is the progress indicator's, none for a flow of one screen. `can_go_back` is
    false on the first screen, where back closes. `detail` is what the phone tells only while the
    flow is a draft. `response` is set once the flow is completed.
    """

    phase: Phase
    screen: str = ""
    title: str = ""
    terminal: bool = False
    can_go_back: bool = False
    step: int = 0
    steps: int = 0
    widgets: tuple[Widget, ...] = ()
    snackbar: str = ""
    detail: str = ""
    response: dict[str, Any] | None = None
