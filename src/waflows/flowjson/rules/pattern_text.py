"""What a pattern and a Footer's label may hold."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component
from waflows.flowjson.examples import FOOTER, INPUT, fails, page, passes, sending
from waflows.flowjson.family import Family, OnComponent
from waflows.flowjson.rule import Gap

_PATTERN = INPUT.replace(" }", ', "helper-text": "Capitals", "pattern": PATTERN }')

BROKEN = Gap(
    id="pattern-broken",
    code="WAFLOWS_BROKEN_PATTERN",
    evidence=("page", "reading"),
    title="A pattern is a regular expression",
    wording={
        "slashes": "Pattern '{pattern}' stands between slashes, which are taken as characters.",
        "open": "Pattern '{pattern}' has a bracket that is not closed, or not opened.",
    },
    why="A pattern that cannot be read accepts everything or nothing.",
    help="Write the regular expression itself, with every bracket closed.",
    since="6.2",
    failing=fails(
        page(_PATTERN.replace("PATTERN", '«"([A-Z"»'), last=sending("city")),
        "Pattern '([A-Z' has a bracket that is not closed, or not opened.",
        "screens[0].layout.children[0].pattern",
    )
    + fails(
        page(_PATTERN.replace("PATTERN", '«"/[A-Z]+/"»'), last=sending("city")),
        "Pattern '/[A-Z]+/' stands between slashes, which are taken as characters.",
        "screens[0].layout.children[0].pattern",
    ),
    passing=passes(page(_PATTERN.replace("PATTERN", '"([(A-Z)]+)\\\\("'))),
)
EMOJI = Gap(
    id="footer-emoji",
    code="WAFLOWS_EMOJI_IN_FOOTER",
    evidence=("reports",),
    title="A Footer's label has no emoji",
    message="The label of the Footer has an emoji.",
    why="Reports say that phones drop it, or do not show the button.",
    help="Write the label in letters only.",
    failing=fails(
        page(last=FOOTER.replace('"Done"', '«"Done \U0001f389"»')),
        "The label of the Footer has an emoji.",
        "screens[0].layout.children[0].label",
    ),
    passing=passes(page(last=FOOTER.replace('"Done"', '"Pronto, até já"'))),
)


def check_input(component: Component) -> Iterator[Finding]:
    """The pattern of a text input."""
    pattern = component.value.get("pattern")
    if not isinstance(pattern, str) or "${" in pattern:
        return
    if len(pattern) > 2 and pattern[0] == pattern[-1] == "/":
        yield BROKEN.finding(component.target("pattern"), say="slashes", pattern=pattern)
    elif not _is_balanced(pattern):
        yield BROKEN.finding(component.target("pattern"), say="open", pattern=pattern)


def check_footer(component: Component) -> Iterator[Finding]:
    """The label of a Footer."""
    label = component.value.get("label")
    if isinstance(label, str) and any(0x1F300 <= ord(sign) <= 0x1FAFF for sign in label):
        yield EMOJI.finding(component.target("label"))


def _is_balanced(pattern: str) -> bool:
    """Whether every parenthesis and bracket of a regular expression has its other half."""
    depth, in_set, escaped = 0, False, False
    for sign in pattern:
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif in_set:
            in_set = sign != "]"
        elif sign == "[":
            in_set = True
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0 and not in_set and not escaped


FAMILY = Family(
    rules=(BROKEN, EMOJI),
    checks=(
        OnComponent(check_input, types=("TextInput",), since="6.2"),
        OnComponent(check_footer, types=("Footer",)),
    ),
)
