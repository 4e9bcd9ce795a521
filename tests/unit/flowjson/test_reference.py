"""The rules and tables against the reference: nothing documented is missing or reworded."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from waflows.flowjson import RULES, lint, spec
from waflows.flowjson.spec import versions

DATA = Path(__file__).parents[2] / "data"

NEVER_REPORTED = {
    "version-unavailable": "depends on the account",
    "nav-missing-binding-target-model": "no message documented",
    "nav-invalid-value": "no trigger documented",
    "nav-differ": "no trigger documented",
}
"""Entries that no document can be shown to raise."""
LENIENT = {
    "condition": "an expression, which is more than a binding",
    "value": "a binding by its own type",
    "input-type": "a binding by an open client's types, though not by the table",
}
"""Properties that take bindings otherwise than the reference says."""


ENTRIES = json.loads((DATA / "flow-json-errors.json").read_text("utf-8"))
COMPONENTS = json.loads((DATA / "flow-json-components.json").read_text("utf-8"))


def pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!\\\$)\\\{\w+\\\}", ".*", re.escape(template)))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_every_documented_entry_is_a_rule_in_its_own_words(entry: dict[str, Any]) -> None:
    rule = RULES[entry["id"]]
    assert rule.code == entry["code"]
    for template in entry["message_templates"]:
        assert any(pattern(message).fullmatch(template) for message in rule.messages), template


def trigger(entry: dict[str, Any]) -> str | None:
    if "minimal_trigger" in entry:
        return json.dumps(entry["minimal_trigger"], indent=2)
    return entry.get("minimal_trigger_text")


@pytest.mark.parametrize(
    "entry", [each for each in ENTRIES if trigger(each)], ids=lambda entry: entry["id"]
)
def test_the_documented_trigger_raises_its_entry_and_no_other(entry: dict[str, Any]) -> None:
    text = trigger(entry)
    assert text is not None
    found = [each for each in lint(text).diagnostics if each.rule != "version-frozen"]
    assert {each.rule for each in found} == {entry["id"]}
    for each in found:
        assert any(pattern(m).fullmatch(each.message) for m in entry["message_templates"])


def test_every_entry_that_a_document_can_raise_has_a_failing_example() -> None:
    shown_elsewhere = {"max-screens", "rm-no-entry"}
    for entry in ENTRIES:
        if entry["id"] not in {*NEVER_REPORTED, *shown_elsewhere}:
            assert RULES[entry["id"]].failing, entry["id"]


def lines(component: dict[str, Any], version: str) -> dict[str, dict[str, Any]]:
    found = {}
    for line in component["properties"]:
        since = line["introduced"]
        if since is None or versions.at_least(version, since):
            found[line["name"]] = line
    return found


@pytest.mark.parametrize("version", versions.VERSIONS)
def test_the_tables_have_the_components_and_properties_of_the_reference(version: str) -> None:
    tables = spec.for_version(version)
    there = {
        name: component
        for name, component in COMPONENTS.items()
        if versions.at_least(version, component["introduced"])
    }
    assert set(tables.components) == set(there)
    for name, component in there.items():
        expected = lines(component, version)
        shape = tables.components[name]
        assert set(shape.slots) == set(expected), name
        required = {
            key
            for key, line in expected.items()
            if line["required"] is True
            or ("required_from" in line and versions.at_least(version, line["required_from"]))
        }
        assert set(shape.required) == required, name


@pytest.mark.parametrize("name", COMPONENTS)
def test_the_tables_have_the_limits_and_values_of_the_reference(name: str) -> None:
    tables = spec.for_version(versions.LATEST)
    for key, line in lines(COMPONENTS[name], versions.LATEST).items():
        entry = tables.components[name].slots[key].entry
        if key != "type" and "allowed" in line:
            assert set(entry.allowed) == set(line["allowed"]), key
        assert (entry.minimum, entry.maximum) == (line.get("min"), line.get("max")), key
        if (name, key) != ("TextCaption", "text"):  # 409 or 4096: the sources disagree
            shown = [
                limit["value"]
                for limit in COMPONENTS[name]["limits"]
                if limit["kind"] == "max_length" and key in limit["property"].split("|")
            ]
            assert entry.longest in {*shown, line.get("max_length")}, key
        if "allowed_actions" in line:
            assert set(entry.actions) == set(line["allowed_actions"]), key
        if key not in LENIENT:
            assert bool(entry.dynamic) == bool(line["dynamic"]), key
