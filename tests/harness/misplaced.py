"""Documents with one value replaced by another: whatever anybody may write there.

`documents` are those of the repository: the rules' examples, the samples, the corpus of the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness.gallery import GALLERY
from waflows import runtime
from waflows.flowjson import RULES, lint
from waflows.runtime import Open, State
from waflows.testing.autoplay import explore

STRANGERS = ("[]", "{}", "null", "0", "-1.5", "1e999", "9" * 400, "true", '""', "[[]]", "[{}]")
"""JSON of every type, in the sizes that are most often forgotten."""
_ROOT = Path(__file__).parents[2]
_HOLE = "\x00hole"
_STEPS = 12

Step = str | int


def documents() -> dict[str, Any]:
    """The value of every document in the repository that is JSON, by a name of its own."""
    texts = {"gallery": GALLERY}
    for rule in RULES.values():
        for index, example in enumerate((*rule.failing, *rule.passing)):
            texts[f"{rule.id}-{index}"] = example.text
    for folder in ("src/waflows/samples", "tests/examples"):
        for path in sorted((_ROOT / folder).rglob("*.json")):
            texts[str(path.relative_to(_ROOT))] = path.read_text("utf-8")
    found = {}
    for name, text in texts.items():
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found[name] = value
    return found


def places(value: Any) -> Iterator[tuple[Step, ...]]:
    """The path of every value in a document, the document itself included."""
    pending: list[tuple[tuple[Step, ...], Any]] = [((), value)]
    while pending:
        path, found = pending.pop()
        yield path
        if isinstance(found, dict):
            pending += [((*path, key), each) for key, each in found.items()]
        elif isinstance(found, list):
            pending += [((*path, index), each) for index, each in enumerate(found)]


def replaced(value: Any, path: tuple[Step, ...], stranger: str) -> str:
    """The text of a document with other JSON at a place."""
    copy = json.loads(json.dumps(value))
    if not path:
        return stranger
    inside = copy
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = _HOLE
    return json.dumps(copy).replace(json.dumps(_HOLE), stranger)


def check_and_play(text: str) -> None:
    """Lints a document and plays it; raises only what should not have been raised."""
    msgspec.json.encode(lint(text))  # as an answer
    try:
        flow = runtime.load(text)
    except runtime.Unplayable:
        return
    runtime.step(flow, State(), Open())
    explore(flow, most_steps=_STEPS)
