"""A script of answers: a list of steps, each a verb with its target.

    - expect: Your details
    - fill: {Name: Ines, Email: ines@example.com}
    - choose: {Room: Double, Extras: [Breakfast, Parking]}
    - pick: {Arrival: 2030-05-04, Stay: [2030-05-04, 2030-05-06]}
    - check: I agree
    - upload: {Photos: [kitchen.jpg]}
    - tap: Continue
    - back
    - answer: {screen: CONFIRM, data: {total: 30}}

Each `answer` is the data endpoint's response to the next request. The script is YAML or JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from waflows.cli import flow_files
from waflows.errors import OperatorError
from waflows.testing import FlowExpectationError, Phone
from waflows.testing.phone import Endpoint

Step = tuple[str, Any]


class BadAnswers(OperatorError):
    """The script of answers is not valid."""


def read(file: str) -> list[Step]:
    """The steps of a script. Raises BadAnswers, UnusableFile."""
    try:
        listed = msgspec.yaml.decode(flow_files.read(file))
    except msgspec.MsgspecError as error:
        raise BadAnswers(f"{file} is not YAML: {error}") from None
    if not isinstance(listed, list):
        raise BadAnswers(f"{file} must be a list of steps, such as `- tap: Continue`.")
    return [_step(each, f"{file}, step {number}") for number, each in enumerate(listed, 1)]


def play(phone: Phone, steps: list[Step]) -> None:
    """Runs the steps. Raises FlowExpectationError for a step that is not possible."""
    for number, (verb, what) in enumerate(steps, 1):
        try:
            VERBS[verb](phone, what)
        except FlowExpectationError as error:
            raise FlowExpectationError(f"Step {number}, {verb}: {error}") from None


def endpoint_of(steps: list[Step]) -> Endpoint | None:
    """An endpoint that gives the script's `answer` steps; None if there are none."""
    answers = [what for verb, what in steps if verb == "answer"]
    if not answers:
        return None
    left = iter(answers)

    def endpoint(request: dict[str, Any]) -> dict[str, Any]:
        found = next(left, None)
        if found is None:
            raise BadAnswers(f"The script has no `answer` left for the request {request}.")
        return dict(found)

    return endpoint


def _step(each: Any, where: str) -> Step:
    if each == "back":
        return "back", None
    if not isinstance(each, dict) or len(each) != 1:
        raise BadAnswers(f"{where}: a step must be one verb, such as `tap: Continue`.")
    verb, what = next(iter(each.items()))
    if verb not in VERBS:
        raise BadAnswers(f"{where}: unknown verb {verb!r}; use one of {', '.join(VERBS)}.")
    form = _FORMS[verb]
    return str(verb), form(what, f"{where}, {verb}")


# --- the arguments of verbs


def _texts(what: Any, where: str) -> list[str]:
    return [_text(each, where) for each in (what if isinstance(what, list) else [what])]


def _text(what: Any, where: str) -> str:
    if isinstance(what, str | date) or (
        isinstance(what, int | float) and not isinstance(what, bool)
    ):
        return str(what)
    raise BadAnswers(f"{where}: {what!r} is not a string; put it in quotes.")


def _labelled(what: Any, where: str) -> dict[str, list[str]]:
    if not isinstance(what, dict):
        raise BadAnswers(f"{where}: expected labels and values, such as {{Name: Ines}}.")
    return {_text(label, where): _texts(value, where) for label, value in what.items()}


def _dates(what: Any, where: str) -> dict[str, list[str]]:
    picked = _labelled(what, where)
    for days in picked.values():
        if len(days) not in {1, 2}:
            raise BadAnswers(f"{where}: expected a date, or a list of start and end dates.")
    return picked


def _answer(what: Any, where: str) -> dict[str, Any]:
    if not isinstance(what, dict):
        raise BadAnswers(f"{where}: expected `screen` and `data`.")
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(what))
    return found


def _nothing(what: Any, where: str) -> None:
    if what is not None:
        raise BadAnswers(f"{where}: takes no value.")


# --- the verbs


def _each(method: str) -> Callable[[Phone, dict[str, list[str]]], None]:
    def act(phone: Phone, what: dict[str, list[str]]) -> None:
        for label, values in what.items():
            getattr(phone, method)(label, *values)

    return act


def _all(method: str) -> Callable[[Phone, list[str]], None]:
    def act(phone: Phone, what: list[str]) -> None:
        for label in what:
            getattr(phone, method)(label)

    return act


def _fill(phone: Phone, what: dict[str, list[str]]) -> None:
    for label, values in what.items():
        phone.fill(label, ", ".join(values))


VERBS: dict[str, Callable[[Phone, Any], None]] = {
    "fill": _fill,
    "choose": _each("choose"),
    "unchoose": _each("unchoose"),
    "check": _all("check"),
    "uncheck": _all("uncheck"),
    "pick": _each("pick"),
    "upload": _each("upload"),
    "tap": _all("tap"),
    "back": lambda phone, _: phone.back(),
    "expect": _all("expect_screen"),
    "see": _all("expect_text"),
    "answer": lambda _phone, _answer: None,
}
_FORMS: dict[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(("fill", "choose", "unchoose", "upload"), _labelled),
    **dict.fromkeys(("check", "uncheck", "tap", "expect", "see"), _texts),
    "pick": _dates,
    "back": _nothing,
    "answer": _answer,
}
