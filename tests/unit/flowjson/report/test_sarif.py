"""The report for code scanning."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pytest
from harness.linted import HERE, VERSION_TWICE, checked, with_fault
from hypothesis import given
from hypothesis import strategies as st

from waflows.flowjson import RULES, Diagnostic, Pointer
from waflows.flowjson.report import Checked, Run, Unusable
from waflows.flowjson.report.sarif import sarif


def log_of(run: Run) -> Any:
    return json.loads(sarif(run, RULES, "1.2.3"))["runs"][0]


def test_columns_count_code_points_and_end_after_the_last() -> None:
    run = log_of(with_fault("It is wrong.", Pointer(3, 4, 7, 9, "screens[0]")))

    assert run["columnKind"] == "unicodeCodePoints"
    [result] = run["results"]
    [location] = result["locations"]
    assert location["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 7,
        "endLine": 4,
        "endColumn": 10,
    }
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "screens[0]"


def test_each_broken_rule_is_described_once_and_found_by_its_index() -> None:
    run = log_of(
        Run((checked(VERSION_TWICE), checked(VERSION_TWICE, "b.json"), checked("{,", "c.json")))
    )

    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in rules}
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert result["level"] == rule["defaultConfiguration"]["level"]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_described(rule: str) -> None:
    found = Diagnostic(
        rule=rule,
        code="X",
        error_type="FLOW_JSON_ERROR",
        severity="error",
        message="m",
        help="h",
        pointers=(HERE,),
    )

    [described] = log_of(
        Run((Checked(name="a", place="a", text="", version=None, diagnostics=[found]),))
    )["tool"]["driver"]["rules"]

    assert described["shortDescription"]["text"]
    assert described["fullDescription"]["text"]
    assert described["help"]["text"]
    assert described["help"]["markdown"]


def test_further_places_are_related_locations_with_numbers() -> None:
    [result] = [
        each
        for each in log_of(Run((checked(VERSION_TWICE),)))["results"]
        if each["ruleId"] == "duplicate-key"
    ]

    assert [related["id"] for related in result["relatedLocations"]] == [1]
    assert "region" in result["relatedLocations"][0]["physicalLocation"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_place_in_the_repository_is_a_relative_uri_that_reads_back(name: str) -> None:
    place = str(PurePosixPath("flows", name.replace("/", "_")))
    run = log_of(with_fault("It is wrong.", HERE, name=place))

    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]

    assert location["uriBaseId"] == "%SRCROOT%"
    assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", location["uri"])
    assert unquote(location["uri"]) == place


def test_a_place_elsewhere_is_an_absolute_uri() -> None:
    run = log_of(with_fault("It is wrong.", HERE, name="/else where/a.json"))

    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///else%20where/a.json"}


def test_a_clean_run_has_results_and_they_are_none() -> None:
    run = log_of(Run((Checked(name="a", place="a", text="", version="7.1"),)))

    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert run["tool"]["driver"]["version"] == "1.2.3"


def test_what_could_not_be_checked_makes_the_execution_unsuccessful() -> None:
    [invocation] = log_of(Run((), (Unusable("b", "b", "Cannot read b."),)))["invocations"]

    assert not invocation["executionSuccessful"]
    [told] = invocation["toolExecutionNotifications"]
    assert told["level"] == "error"
    assert told["message"]["text"] == "Cannot read b."


def test_half_a_surrogate_pair_in_a_message_or_a_name_is_survived() -> None:
    run = log_of(with_fault("\ud83d", HERE, name="\udcff.json"))

    assert run["results"][0]["message"]["text"].startswith("?")
