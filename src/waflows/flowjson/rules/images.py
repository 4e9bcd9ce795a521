"""Pictures: Base64 in the document, of a form and a size that phones show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, Path
from waflows.flowjson.document import Component
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnComponent
from waflows.flowjson.rule import Gap
from waflows.flowjson.spec.objects import MOST_IMAGE_KB

_IMAGE = '{ "type": "Image", "src": SRC }'
_PIXEL = '"iVBORw0KGgo="'
_RICH = '{ "type": "RichText", "text": TEXT }'

SOURCE = Gap(
    id="image-source",
    code="WAFLOWS_IMAGE_SOURCE",
    evidence=("page", "reports"),
    title="A picture is written in Base64",
    wording={
        "address": "'{property}' is an address; pictures are written in the document, in Base64.",
        "prefix": "'{property}' begins with 'data:'; only the Base64 after the comma is read.",
        "other": "'{property}' is not Base64.",
    },
    why="The client decodes the text as Base64 of a JPEG or PNG. It loads nothing from the network "
    "and shows an empty place for everything else.",
    help="Write the Base64 of the file itself, without a prefix.",
    failing=fails(
        page(_IMAGE.replace("SRC", '«"https://example.com/a.png"»')),
        "'src' is an address; pictures are written in the document, in Base64.",
        "screens[0].layout.children[0].src",
    )
    + fails(
        page(_IMAGE.replace("SRC", '«"data:image/png;base64,iVBORw0KGgo="»')),
        "'src' begins with 'data:'; only the Base64 after the comma is read.",
        "screens[0].layout.children[0].src",
    ),
    passing=passes(page(_IMAGE.replace("SRC", _PIXEL))),
)
SIZE = Gap(
    id="image-size",
    code="WAFLOWS_IMAGE_SIZE",
    evidence=("page",),
    title="Pictures are small",
    message="'{property}' is about {size} KB; {limit} KB are recommended at most.",
    why="Larger pictures are slow to show, or not shown at all.",
    help="Scale the picture down, or send it with the screen's data.",
    failing=(),  # a picture of this size would fill the page; the rule's test builds one
    passing=passes(page(_IMAGE.replace("SRC", _PIXEL))),
)
MARKDOWN = Gap(
    id="image-in-markdown",
    code="WAFLOWS_MARKDOWN_IMAGE",
    evidence=("page",),
    title="A picture in rich text is written in Base64",
    message="The picture '{address}' is loaded from the network, which the client does not do.",
    why="Rich text shows pictures that are written in it: `![name](data:image/png;base64,…)`.",
    help="Write the picture in the text, or remove it.",
    since="5.1",
    failing=fails(
        page(_RICH.replace("TEXT", '«"![Map](https://example.com/map.png)"»')),
        "The picture 'https://example.com/map.png' is loaded from the network, which the client "
        "does not do.",
        "screens[0].layout.children[0].text",
    ),
    passing=passes(
        page(_RICH.replace("TEXT", '"![Map](data:image/png;base64,iVBORw0KGgo=)"')),
        page(_RICH.replace("TEXT", '"[Map](https://example.com/map.png)"')),
    ),
)
_LARGE, _SMALL = MOST_IMAGE_KB, 100
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|www\.", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]*")
_SHOWN = re.compile(r"!\[[^\]]{0,300}\]\(\s*(https?://[^)\s]{1,2000})")
_LISTS = ("CheckboxGroup", "RadioButtonsGroup", "Dropdown")


def check_image(component: Component) -> Iterator[Finding]:
    """The picture of an Image, and those of an ImageCarousel."""
    if component.type == "Image":
        yield from _picture(component, ("src",), component.value.get("src"), _LARGE)
        return
    for index, item in _items(component, "images"):
        yield from _picture(component, ("images", index, "src"), item.get("src"), _LARGE)


def check_options(component: Component) -> Iterator[Finding]:
    """The pictures beside options and list items."""
    if component.type == "NavigationList":
        for index, item in _items(component, "list-items"):
            start = item.get("start")
            if isinstance(start, dict):
                steps: Path = ("list-items", index, "start", "image")
                yield from _picture(component, steps, start.get("image"), _SMALL)
        return
    for index, item in _items(component, "data-source"):
        if "image" in item:
            steps = ("data-source", index, "image")
            yield from _picture(component, steps, item["image"], _SMALL)


def check_markdown(component: Component) -> Iterator[Finding]:
    """Pictures in rich text that would have to be loaded."""
    value = component.value
    if component.type != "RichText" and value.get("markdown") is not True:
        return
    text = value.get("text")
    lines = enumerate(text) if isinstance(text, list) else [(None, text)]
    for index, line in lines:
        found = _SHOWN.search(line) if isinstance(line, str) and "![" in line else None
        if found is not None:
            steps = ("text",) if index is None else ("text", index)
            yield MARKDOWN.finding(component.target(*steps), address=found[1])


def _items(component: Component, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    items = component.value.get(name)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield index, item


def _picture(component: Component, steps: Path, text: Any, limit: int) -> Iterator[Finding]:
    if not isinstance(text, str) or not text.strip() or "${" in text or text[0] == "`":
        return
    at, name = component.target(*steps), steps[-1]
    if text.startswith("data:"):
        yield SOURCE.finding(at, say="prefix", property=name)
    elif _ADDRESS.match(text):
        yield SOURCE.finding(at, say="address", property=name)
    elif not _BASE64.fullmatch(text):
        yield SOURCE.finding(at, say="other", property=name)
    size = len(text) * 3 // 4 // 1024
    if size > limit:
        yield SIZE.finding(at, property=name, size=size, limit=limit)


FAMILY = Family(
    rules=(SOURCE, SIZE, MARKDOWN),
    checks=(
        OnComponent(check_image, types=("Image", "ImageCarousel")),
        OnComponent(check_options, types=(*_LISTS, "NavigationList")),
        OnComponent(check_markdown, types=("RichText", "TextBody", "TextCaption"), since="5.1"),
    ),
)
