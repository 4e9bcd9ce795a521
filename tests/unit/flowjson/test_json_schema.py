"""The JSON Schema of Flow JSON against the linter: never stricter, and not much more lenient."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest
from harness.corpus import CORPUS, needs_the_corpus, own_documents, rows
from jsonschema import Draft202012Validator

from waflows.flowjson import RULES, Example, Report, json_schema, lint
from waflows.flowjson.spec import versions

from .test_pywa import VERSIONS, Builder

OWN = [json.loads(document.decode("utf-8-sig")) for document in own_documents()]
IN_THE_SCHEMA = (
    "version-missing",
    "version-invalid",
    "schema-unknown-property",
    "schema-required",
    "schema-invalid-value",
    "schema-wrong-type",
    "schema-min-items",
    "schema-min-chars",
    "schema-enum",
    "schema-format",
    "schema-pattern",
    "schema-dependencies",
    "schema-not",
    "min-value",
    "max-value",
    "list-size",
    "calendar-range-only",
    "calendar-range-missing",
    "calendar-type",
    "calendar-range-keys",
    "option-image-and-color",
    "option-color",
    "no-terminal",
    "terminal-footer",
    "navigate-on-terminal",
    "need-routing-model",
    "no-data-api-version",
    "refresh-on-back",
    "reserved-screen-id",
    "form-required-parent",
    "outside-form",
    "max-embedded-link-per-screen",
    "max-footer-per-screen",
    "max-image-per-screen",
    "max-opt-in-per-screen",
    "components-per-screen",
    "pickers-per-screen",
    "branch-child",
    "rich-text-alone",
    "navigation-list-screen",
    "navigation-lists-per-screen",
    "navigation-list-badge",
    "navigation-list-end",
    "pattern-helper-text",
    "pattern-input-type",
    "if-then-empty",
    "if-cond-empty",
    "switch-cases-empty",
    "dm-no-type",
    "dm-type-not-string",
    "dm-no-items",
    "dm-items-type",
    "dm-example-nested",
    "dm-example-type",
    "error-message-type",
)
"""Rules whose faults can be seen without following a binding, a route or a screen's name."""


@cache
def validator(version: str) -> Draft202012Validator:
    return Draft202012Validator(json_schema.for_one_version(version))


@cache
def validator_of_all() -> Draft202012Validator:
    return Draft202012Validator(json_schema.for_all_versions())


def has_errors(report: Report) -> bool:
    return any(found.severity == "error" for found in report.diagnostics)


def complaints(value: Any) -> list[str]:
    """What the schema of the document's version refuses."""
    version = versions.nearest(value.get("version")) if isinstance(value, dict) else versions.LATEST
    return [
        f"{each.json_path}: {each.message[:200]}" for each in validator(version).iter_errors(value)
    ]


@pytest.mark.parametrize("version", versions.VERSIONS)
def test_the_schema_of_a_version_is_a_valid_schema(version: str) -> None:
    Draft202012Validator.check_schema(json_schema.for_one_version(version))


def test_the_schema_of_all_versions_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(json_schema.for_all_versions())


def test_our_own_documents_without_errors_validate() -> None:
    sound = [value for value in OWN if not has_errors(lint(json.dumps(value)))]

    assert len(sound) > 100
    for value in sound:
        assert complaints(value) == []


@needs_the_corpus
def test_documents_of_others_without_errors_validate() -> None:
    texts = [(CORPUS / row["file"]).read_bytes() for row in rows()]
    sound = [json.loads(text.decode("utf-8-sig")) for text in texts if not has_errors(lint(text))]

    assert len(sound) > 50
    for value in sound:
        assert complaints(value) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_flows_of_an_open_client_validate(version: str) -> None:
    for seed in range(5):
        text = Builder(Random(f"{version} {seed}"), version).flow().to_json()
        assert complaints(json.loads(text)) == []


def test_a_document_that_lost_a_property_is_refused_only_where_the_linter_refuses_it() -> None:
    sound = [value for value in OWN if not has_errors(lint(json.dumps(value)))]
    compared = 0
    for value in Random(1).sample(sound, 30):
        for smaller in without_one_property(value):
            if not has_errors(lint(json.dumps(smaller))):
                compared += 1
                assert complaints(smaller) == []
    assert compared > 30


def without_one_property(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in properties(value, ()):
        smaller = copy.deepcopy(value)
        owner: Any = smaller
        for step in path[:-1]:
            owner = owner[step]
        del owner[path[-1]]
        yield smaller


def properties(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        if isinstance(value, dict):
            yield (*path, key)
        if isinstance(each, dict | list):
            yield from properties(each, (*path, key))


@pytest.mark.parametrize(
    ("rule", "example"),
    [(rule, example) for rule in IN_THE_SCHEMA for example in RULES[rule].failing],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_schema_refuses_what_breaks_a_rule_it_can_express(rule: str, example: Example) -> None:
    assert complaints(json.loads(example.text))


def test_the_version_of_a_document_selects_the_rules_of_the_schema_of_all_versions() -> None:
    for value in OWN:
        known = isinstance(value, dict) and value.get("version") in versions.VERSIONS
        refused = bool(complaints(value)) or not known
        assert validator_of_all().is_valid(value) is not refused
