"""What Meta does not document and this machine had to choose, all in one place.

Each function or constant is one choice, with what is known and why this was taken: what the phone
most likely does, or where nothing tells, what does the author the least harm. `docs/playing.md`
lists them for readers. Nothing else in the package decides such a matter.
"""

from __future__ import annotations

import math
import re
from typing import Any

from waflows.flowjson.spec import versions

UNVISITED = ""
"""A global reference to a screen the user has not been to. Meta: "empty", handle the empty string;
taken literally, whatever type the field is of."""

UNKNOWN_IN_PAYLOAD = ""
"""A payload value whose binding finds nothing. `null` is not a Flow value, and a key that is gone
surprises the receiver more than an empty one."""

LONGEST_TEXT = 100_000
"""Characters an expression's text and a typed text may have; bounds what repeated joining makes."""

LARGEST_DATA = 10 * 1024 * 1024
"""Weight of a screen's data and of a request's payload: Meta's limit for an endpoint's answer. A
weight counts characters, and eight for each value, which is about what it takes as JSON."""

LARGEST_STATE = 12 * 1024 * 1024
"""Weight of all that is known of a flow being played: one screen's data, and some of others."""

LARGEST_VIEW = 8 * 1024 * 1024
"""Weight of a screen as drawn. Fifty of every component, with pictures, take less."""

LARGEST_RESPONSE = 1024 * 1024
"""Weight of what a flow answers in the end, of the summary of it, and of a step's action log."""

LONGEST_URL = 8_000
"""Characters of an address that is opened; browsers take fewer."""

LONGEST_MESSAGE = 2_000
"""Characters of what is said about a step that was refused."""

MOST_WORK = 200_000
"""Components, items, bindings and kilobytes of text that one step, or drawing one screen, may look
at. A screen has at most fifty components, so an honest one takes a few thousand."""

PART_SECONDS = 0.3
"""Processor time for a step, and again for drawing its screen: what the count of work missed."""

LONGEST_CHAIN = 20
"""How many inputs may take their initial value from one another in a row before the last is empty.
A cycle ends in an empty value too."""

DEFAULT_CASE = "default"
"""The case of a Switch used when no other key is the value: an official example has it."""

PATTERN_SECONDS = 0.05
"""How long a `pattern` may work on one text. A text is accepted when its pattern takes longer or is
not a regular expression, since an input that cannot be filled in is worse."""
LONGEST_PATTERN = 2_000

ALL_PATTERNS_SECONDS = 0.2
"""How long all patterns of one step may work together, before and after it, compiling included."""

MAX_CHARS = 80
MAX_LENGTH = 600
FIRST_DATE, LAST_DATE = "1900-01-01", "2100-12-31"
"""What the reference does state as the client's defaults."""

_NUMBER = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*", re.ASCII)

MASK = "•" * 12
"""A sensitive value in the response summary; that of CalendarPicker and ChipsSelector too, of which
nothing is said: a value called sensitive is better hidden."""

SOMETHING_WRONG = "Something went wrong. Please try again later."
"""The generic error; WhatsApp's own words are not public."""


def number(value: float) -> int | float:
    """A calculated number as phones have it: a double, whole where it is whole, never infinite."""
    if not math.isfinite(value):
        return 0
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def as_number(value: Any) -> float | None:
    """What arithmetic and comparison take for a number: numbers, and texts that are one.

    The value of a TextInput of `input-type` number is a text in a payload and a number in an
    expression.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and len(value) <= 400 and _NUMBER.fullmatch(value):
        return float(value)
    return None


def operand(value: Any) -> float:
    """A value in arithmetic: anything but a number counts as 0, as at Meta."""
    found = as_number(value)
    return found if found is not None and math.isfinite(found) else 0.0


def equal(left: Any, right: Any) -> bool:
    """`==`: of one type, except that a number equals the text that says it; nothing equals ''."""
    left, right = ("" if side is None else side for side in (left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) != isinstance(right, str):
        first, second = as_number(left), as_number(right)
        return first is not None and first == second
    return bool(left == right)


def true(value: Any) -> bool:
    """A condition, an operand of `&&`, `||` and `!`: `true` is true, anything else is not."""
    return value is True


def runs_when_shown(version: str) -> bool:
    """6.0 to 6.3: the component's `on-select-action` also runs when its screen is shown.

    Taken to be once on entering a screen, forward or back, not on a refresh, and only for inputs
    that hold a value: it is the restored selection that fires. Of several endpoint calls the first
    goes out: a screen waits for one answer.
    """
    return versions.at_least(version, "6.0") and not versions.at_least(version, "7.0")


def component_action(kind: str, unselecting: bool, has_unselect: bool) -> str:
    """Which property runs for the component.

    Documented for groups, dropdown and chips: without an `on-unselect-action` the other one runs
    for both. For an OptIn nothing is said; there each runs for its own.
    """
    own = unselecting and (has_unselect or kind == "OptIn")
    return "on-unselect-action" if own else "on-select-action"


def item_action(unselecting: bool) -> str:
    """Which property runs for a list item: each only for its own.

    An item's `on-select-action` that also ran on clearing would, where another item is chosen,
    set the data of the item that was left.
    """
    return "on-unselect-action" if unselecting else "on-select-action"


def handed_on(examples: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """The data of a screen reached by `navigate`: the payload, and the example of what it lacks.

    A payload that leaves a declared field out cannot be published, so this is a draft being tried.
    """
    return {**examples, **payload}


def label(text: str, required: bool) -> str:
    """The label as the phone shows it."""
    return text if required or not text else f"{text} (optional)"


# What is a matter of code and not of a value, and where it is:
#
# hidden inputs      keep what was typed and give it to payloads; nothing of them is validated
#                    (`Scope.value`, `engine`). Nothing is known; a hidden required input that
#                    blocked the footer could never be filled.
# initial values     hold until the user touches the field, and follow the data until then; what
#                    the user entered stays (`Scope.value`).
# vanished options   a selected item that is no longer in the list, is no longer selected
#                    (`Scope.value`).
# the same screen    an answer with it replaces the screen's data: official endpoints send the
#                    whole data again, also what has not changed (`moves.enter`).
# going on again     a screen left by BACK keeps what was typed, for the next time and for global
#                    references; its data is replaced by the next payload (`moves.enter`).
# error messages     a bound error is shown until its field is changed; it does not hold back the
#                    footer (`render`). Errors of the phone's own show once the field was touched
#                    or the footer was tapped.
# footers            wait for the required inputs and, for `navigate`, for the payload's data
#                    (documented); other faults show when the footer is tapped (`submission`).
# answers            may leave declared fields out and add others (`answers`).
# choosing nothing   a radio button and a dropdown can be cleared (`inputs`).
