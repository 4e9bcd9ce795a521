"""The addresses that open_url leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Action
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnAction
from waflows.flowjson.rule import Gap, Rule

_LINK = """{
  "type": "EmbeddedLink", "text": "More",
  "on-click-action": { "name": "open_url", "url": URL }
}"""
_AT = "screens[0].layout.children[0].on-click-action.url"
_GOOD = passes(page(_LINK.replace("URL", '"https://example.com"')))

TARGET = Rule(
    id="open-url-target",
    code="INVALID_PROPERTY_VALUE_FORMAT",
    evidence=("page", "reports"),
    title="open_url leads to an address",
    message="Property 'url' should be in 'uri' format.",
    why="The client opens web addresses only. Scripts and files are never opened.",
    help="Write a whole address, such as https://example.com/terms.",
    since="6.0",
    failing=fails(
        page(_LINK.replace("URL", '«"javascript:alert(1)"»')),
        "Property 'url' should be in 'uri' format.",
        _AT,
    )
    + fails(
        page(_LINK.replace("URL", '«"not a url"»')),
        "Property 'url' should be in 'uri' format.",
        _AT,
    ),
    passing=_GOOD,
)
INSECURE = Gap(
    id="open-url-http",
    code="WAFLOWS_INSECURE_URL",
    evidence=("reports",),
    title="open_url leads to an https address",
    message="'{url}' is not encrypted.",
    why="Phones warn about pages without encryption, or do not open them.",
    help="Use the https address of the page.",
    since="6.0",
    failing=fails(
        page(_LINK.replace("URL", '«"http://example.com"»')),
        "'http://example.com' is not encrypted.",
        _AT,
    ),
    passing=_GOOD,
)
_WEB = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_OTHER = re.compile(r"(?:mailto|tel|sms|geo|whatsapp|intent|market):\S+", re.IGNORECASE)


def check_action(action: Action) -> Iterator[Finding]:
    """An address that is written in the document."""
    url = action.value.get("url")
    if not isinstance(url, str) or expressions.classify(url) is not None:
        return
    if not _WEB.fullmatch(url) and not _OTHER.fullmatch(url):
        yield TARGET.finding(action.target("url"))
    elif url.lower().startswith("http:"):
        yield INSECURE.finding(action.target("url"), url=url)


FAMILY = Family(
    rules=(TARGET, INSECURE),
    checks=(OnAction(check_action, names=("open_url",), since="6.0"),),
)
