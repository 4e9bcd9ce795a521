"""The report for programs."""

from __future__ import annotations

import json

from harness.linted import HERE, VERSION_TWICE, checked, with_fault

from waflows.flowjson.report import Checked, Run, Unusable
from waflows.flowjson.report.json import json as json_report


def test_a_fault_has_the_fields_of_metas_api_and_rule_severity_and_help() -> None:
    report = json.loads(json_report(Run((checked(VERSION_TWICE),))))

    [file] = report["files"]
    assert file["file"] == "flows/a.json"
    assert file["version"] == "7.2"
    [twice] = [each for each in file["diagnostics"] if each["rule"] == "duplicate-key"]
    assert twice["code"] == "WAFLOWS_DUPLICATE_KEY"
    assert twice["error_type"] == "FLOW_JSON_WARNING"
    assert twice["severity"] == "warning"
    assert twice["message"]
    assert twice["help"]
    places = [
        {"line_start": 2, "line_end": 2, "column_start": start, "column_end": start + 8}
        for start in (3, 21)
    ]
    assert [place | {"path": "version"} for place in places] == sorted(
        twice["pointers"], key=lambda pointer: pointer["column_start"]
    )
    first = twice["pointers"][0]
    assert {name: twice[name] for name in first} == first


def test_a_clean_file_is_listed_without_faults_and_an_unusable_one_with_the_reason() -> None:
    run = Run(
        (Checked(name="a", place="a", text="", version="7.1"),),
        (Unusable("b", "b", "Cannot read b: no such file."),),
    )

    assert json.loads(json_report(run)) == {
        "files": [{"file": "a", "version": "7.1", "complete": True, "diagnostics": []}],
        "unusable": [{"file": "b", "reason": "Cannot read b: no such file."}],
        "errors": 0,
        "warnings": 0,
    }


def test_half_a_surrogate_pair_in_a_message_or_a_name_is_survived() -> None:
    run = with_fault("\ud83d", HERE, name="\udcff.json")

    assert json.loads(json_report(run))["files"][0]["diagnostics"][0]["message"] == "?"
