"""How fast Flow JSON is checked, as ratios to `json.loads` of the same text in the same run.

Documents of about 100 KB and 1 MB, clean and with faults, and clean ones up to 10 MB for
linearity. Beside it: `jsonschema` and `jsonschema-rs` holding the same decoded document against a
JSON Schema of the same component tables (types, required and unknown properties, enums; no
routes, bindings, expressions or positions). First of all the documents of the corpus, where they
are. Memory is the peak of allocations while linting, against the size of the text.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs

from bench.tables import Table
from waflows import flowjson
from waflows.flowjson import spec

AIM_CLEAN, AIM_FAULTS, AIM_MEMORY, AIM_CORPUS = 10, 25, 20, 12
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "flows"
"""Documents that people have published: the work of other authors, not kept in the repository."""


def screen(index: int, last: int, items: int) -> dict[str, Any]:
    """A screen as people write them: texts, inputs, a list, a condition, a footer."""
    name = f"SCREEN_{letters(index)}"
    action: dict[str, Any] = {"name": "complete", "payload": {"city": "${form.city}"}}
    if index < last:
        following = {"type": "screen", "name": f"SCREEN_{letters(index + 1)}"}
        action = {"name": "navigate", "next": following, "payload": {"city": "${form.city}"}}
    rooms = [
        {"id": f"room_{n}", "title": f"Room number {n}", "description": "Quiet, to the garden"}
        for n in range(items)
    ]
    lists = [
        {
            "type": "Dropdown",
            "name": f"room_{start}",
            "label": "Room",
            "data-source": rooms[start : start + 100],
        }
        for start in range(0, items, 100)
    ]
    children = [
        {"type": "TextHeading", "text": "Where would you like to stay?"},
        {"type": "TextBody", "text": "`'You come from ' ${data.city}`"},
        {"type": "TextInput", "name": "city", "label": "City", "required": True},
        {"type": "TextInput", "name": "mail", "label": "Mail", "input-type": "email"},
        {"type": "DatePicker", "name": "day", "label": "Day", "helper-text": "Not on Mondays"},
        *lists,
        {
            "type": "If",
            "condition": "(${form.city} == 'Porto') && (${data.city} != '')",
            "then": [{"type": "TextCaption", "text": "${data.city}"}],
        },
        {"type": "Footer", "label": "Continue", "on-click-action": action},
    ]
    found: dict[str, Any] = {
        "id": name,
        "title": "Your stay",
        "data": {"city": {"type": "string", "__example__": "Lisbon"}},
        "layout": {"type": "SingleColumnLayout", "children": children},
    }
    if index == last:
        found["terminal"] = True
    return found


def letters(number: int) -> str:
    """A number in letters, as screen ids must be."""
    return "".join(chr(ord("A") + int(digit)) for digit in f"{number:03}")


def document(size: int, *, faults: bool = False) -> str:
    """A flow of about `size` bytes, with faults on every screen or none."""
    screens = max(2, min(100, size // 8_000))
    items = max(1, size // screens // 175 - 14)
    made = [screen(index, screens - 1, items) for index in range(screens)]
    if faults:
        for found in made:
            children = found["layout"]["children"]
            children[0]["colour"] = "red"
            children[2]["required"] = "yes"
            children[-2]["condition"] = "${form.town} == own"
    return json.dumps({"version": "7.3", "screens": made}, indent=2)


def schema() -> dict[str, Any]:
    """The component tables of 7.3 as a JSON Schema."""
    tables = spec.for_version("7.3")

    def value(slot: spec.Slot) -> dict[str, Any]:
        types = [*slot.types, *(["string"] if slot.dynamic else [])]
        rule: dict[str, Any] = {"type": sorted(set(types))}
        if slot.entry.allowed and not slot.dynamic:
            rule["enum"] = list(slot.entry.allowed)
        if slot.entry.type == "components":
            rule["items"] = {"$ref": "#/$defs/component"}
        elif slot.item in tables.items:
            rule["items"] = {"$ref": f"#/$defs/{slot.item}"}
        elif slot.entry.type == "layout":
            rule = {"$ref": "#/$defs/layout"}
        elif slot.entry.type == "array<screen>":
            rule["items"] = {"$ref": "#/$defs/screen"}
        return rule

    def shape(of: spec.Shape) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: value(slot) for name, slot in of.slots.items()},
            "required": list(of.required),
            "additionalProperties": False,
        }

    kinds = [
        {
            "if": {"properties": {"type": {"const": name}}},
            "then": {"$ref": f"#/$defs/{name}"},
        }
        for name in tables.components
    ]
    definitions = {name: shape(of) for name, of in (tables.components | tables.items).items()}
    definitions |= {"layout": shape(tables.layout), "screen": shape(tables.screen)}
    definitions["component"] = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": list(tables.components)}},
        "allOf": kinds,
    }
    return {**shape(tables.flow), "$defs": definitions}


def best(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Seconds of this thread in the quickest run of each call; the calls take turns."""
    found = [float("inf")] * len(calls)
    for _ in range(rounds):
        for index, call in enumerate(calls):
            start = time.thread_time()
            call()
            found[index] = min(found[index], time.thread_time() - start)
    return found


def peak(call: Callable[[], object]) -> int:
    """Bytes allocated at most while calling."""
    tracemalloc.start()
    call()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def times(value: float, aim: float) -> str:
    """A ratio, and whether it is within its aim."""
    return f"{value:.1f} {'✓' if value <= aim else '✗'}"


def _errors(validator: Any, value: Any) -> list[Any]:
    return list(validator.iter_errors(value))


def measure() -> list[Table]:
    """One table, a row for each document."""
    slow = jsonschema.Draft202012Validator(schema())
    fast = jsonschema_rs.validator_for(schema())
    plans = [(100_000, False), (100_000, True), (1_000_000, False), (1_000_000, True)]
    plans += [(2_500_000, False), (5_000_000, False), (10_000_000, False), (10_000_000, True)]
    rows = []
    for size, faults in plans:
        text = document(size, faults=faults)
        value = json.loads(text)
        found = flowjson.lint(text)
        errors = sum(each.severity == "error" for each in found.diagnostics)
        assert bool(found.diagnostics) is faults, found.diagnostics[:3]
        calls: list[Callable[[], object]] = [
            partial(json.loads, text),
            partial(flowjson.lint, text),
            partial(_errors, fast, value),
        ]
        base, lint, rust = best(15 if size <= 1_000_000 else 3, *calls)
        beside = ""
        if size <= 1_000_000:
            [python] = best(1, partial(_errors, slow, value))
            beside = f"{python / base:.0f}"
        memory = peak(partial(flowjson.lint, text)) / len(text)
        rows.append(
            [
                f"{len(text) // 1000:,} KB, " + (f"{errors} faults" if faults else "clean"),
                f"{base * 1000:.2f}",
                times(lint / base, AIM_FAULTS if faults else AIM_CLEAN),
                beside,
                f"{rust / base:.1f}",
                times(memory, AIM_MEMORY),
            ]
        )
    columns = [
        "",
        "`json.loads` ms",
        f"`lint` (aim {AIM_CLEAN}, faulty {AIM_FAULTS})",
        "`jsonschema`",
        "`jsonschema-rs`",
        f"memory of the text (aim {AIM_MEMORY})",
    ]
    made = Table("Checking a Flow JSON, in times of `json.loads`", columns, rows)
    published = corpus()
    return [published, made] if published is not None else [made]


def corpus() -> Table | None:
    """What checking costs for documents as people write them; None where they are not."""
    texts = [file.read_text("utf-8-sig") for file in sorted(CORPUS.rglob("*.json"))]
    if not texts:
        print(f"Published documents are not in this repository: none in {CORPUS}.", file=sys.stderr)
        return None
    loads, lints, ratios = 0.0, 0.0, []
    for text in texts:
        base, lint = best(9, partial(json.loads, text), partial(flowjson.lint, text))
        loads, lints = loads + base, lints + lint
        ratios.append(lint / base)
    total = sum(len(text) for text in texts)
    row = [
        f"{len(texts)} documents, {total // 1000:,} KB",
        f"{loads * 1000:.2f}",
        f"{lints * 1000:.1f}",
        times(lints / loads, AIM_CORPUS),
        f"{statistics.median(ratios):.1f}",
    ]
    columns = ["", "`json.loads` ms", "`lint` ms", f"sum (aim {AIM_CORPUS})", "median document"]
    return Table("Published documents, in times of `json.loads`", columns, [row])
