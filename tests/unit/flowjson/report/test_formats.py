"""The reports for programs: JSON, GitHub Actions, code scanning."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.flowjson import RULES, Diagnostic, Pointer, lint
from waflows.flowjson.report import Checked, Run, Unusable
from waflows.flowjson.report.github import github
from waflows.flowjson.report.json import json as json_report
from waflows.flowjson.report.sarif import sarif

TWICE = '{\n  "version": "7.1", "version": "7.2",\n  "screens": []}'


def checked(text: str, name: str = "flows/a.json") -> Checked:
    report = lint(text)
    return Checked(name, name, text, report.version, report.diagnostics)


def with_fault(message: str, *pointers: Pointer, name: str = "a.json") -> Run:
    found = Diagnostic(
        "json-syntax",
        "INVALID_FLOW_JSON",
        "FLOW_JSON_ERROR",
        "error",
        message,
        "Mend it.",
        pointers,
    )
    return Run((Checked(name, name, "{}", "7.1", [found]),))


def log_of(run: Run) -> Any:
    return json.loads(sarif(run, RULES, "1.2.3"))["runs"][0]


HERE = Pointer(1, 1, 1, 2, "")


class TestJson:
    def test_a_fault_has_the_fields_of_metas_api_and_rule_severity_and_help(self) -> None:
        report = json.loads(json_report(Run((checked(TWICE),))))

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

    def test_a_clean_file_is_listed_without_faults_and_an_unusable_one_with_the_reason(
        self,
    ) -> None:
        run = Run(
            (Checked("a", "a", "", "7.1"),), (Unusable("b", "b", "Cannot read b: no such file."),)
        )

        assert json.loads(json_report(run)) == {
            "files": [{"file": "a", "version": "7.1", "diagnostics": []}],
            "unusable": [{"file": "b", "reason": "Cannot read b: no such file."}],
            "errors": 0,
            "warnings": 0,
        }

    def test_half_a_surrogate_pair_in_a_message_or_a_name_is_survived(self) -> None:
        run = with_fault("\ud83d", HERE, name="\udcff.json")

        assert json.loads(json_report(run))["files"][0]["diagnostics"][0]["message"] == "?"
        assert log_of(run)["results"][0]["message"]["text"].startswith("?")


class TestGitHub:
    def test_a_fault_is_one_workflow_command(self) -> None:
        run = with_fault("It is wrong.", Pointer(3, 3, 7, 9, "screens"))

        assert github(run) == (
            "::error file=a.json,line=3,endLine=3,col=7,endColumn=9,"
            "title=INVALID_FLOW_JSON (json-syntax)::It is wrong.%0Ahelp: Mend it.\n"
        )

    def test_a_fault_over_several_lines_has_no_columns(self) -> None:
        run = with_fault("It is wrong.", Pointer(3, 5, 7, 1, "screens"))

        assert github(run).startswith("::error file=a.json,line=3,endLine=5,title=")

    def test_a_warning_is_a_warning_and_an_unusable_file_an_error(self) -> None:
        run = Run((checked('{"a": 1, "a": 2}'),), (Unusable("b", "b", "Cannot read b."),))

        report = github(run)

        assert "::warning file=flows/a.json," in report
        assert report.endswith("::error file=b,title=Not checked::Cannot read b.\n")

    def test_no_text_can_end_a_command_or_begin_another(self) -> None:
        run = with_fault("100%\r\n::stop-commands::x", HERE, name="a,line=9:b\n::set-env::%.json")

        [line] = github(run).splitlines()

        assert "file=a%2Cline=9%3Ab%0A%3A%3Aset-env%3A%3A%25.json,line=1," in line
        assert line.endswith("::100%25%0D%0A::stop-commands::x%0Ahelp: Mend it.")

    @given(message=st.text(), name=st.text())
    def test_what_was_escaped_reads_back_as_it_was(self, message: str, name: str) -> None:
        line = github(with_fault(message, HERE, name=name)).removesuffix("\n")

        found = re.fullmatch(r"::error file=([^,:]*),[^:]*::(.*)", line, re.DOTALL)

        assert found is not None
        assert "\n" not in line
        assert unquote_command(found[1]) == name
        assert unquote_command(found[2]) == f"{message}\nhelp: Mend it."


def unquote_command(text: str) -> str:
    """What the GitHub runner makes of an escaped text."""
    for escape, sign in (
        ("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")
    ):  # fmt: skip
        text = text.replace(escape, sign)
    return text


class TestSarif:
    def test_columns_count_code_points_and_end_after_the_last(self) -> None:
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

    def test_each_broken_rule_is_described_once_and_found_by_its_index(self) -> None:
        run = log_of(Run((checked(TWICE), checked(TWICE, "b.json"), checked("{,", "c.json"))))

        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in rules}
        for result in run["results"]:
            rule = rules[result["ruleIndex"]]
            assert rule["id"] == result["ruleId"]
            assert result["level"] == rule["defaultConfiguration"]["level"]

    @pytest.mark.parametrize("rule", RULES)
    def test_every_rule_can_be_described(self, rule: str) -> None:
        found = Diagnostic(rule, "X", "FLOW_JSON_ERROR", "error", "m", "h", (HERE,))

        [described] = log_of(Run((Checked("a", "a", "", None, [found]),)))["tool"]["driver"][
            "rules"
        ]

        assert described["shortDescription"]["text"]
        assert described["fullDescription"]["text"]
        assert described["help"]["text"]
        assert described["help"]["markdown"]

    def test_further_places_are_related_locations_with_numbers(self) -> None:
        [result] = [
            each
            for each in log_of(Run((checked(TWICE),)))["results"]
            if each["ruleId"] == "duplicate-key"
        ]

        assert [related["id"] for related in result["relatedLocations"]] == [1]
        assert "region" in result["relatedLocations"][0]["physicalLocation"]

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    def test_a_place_in_the_repository_is_a_relative_uri_that_reads_back(self, name: str) -> None:
        place = str(PurePosixPath("flows", name.replace("/", "_")))
        run = log_of(with_fault("It is wrong.", HERE, name=place))

        location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]

        assert location["uriBaseId"] == "%SRCROOT%"
        assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", location["uri"])
        assert unquote(location["uri"]) == place

    def test_a_place_elsewhere_is_an_absolute_uri(self) -> None:
        run = log_of(with_fault("It is wrong.", HERE, name="/else where/a.json"))

        location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location == {"uri": "file:///else%20where/a.json"}

    def test_a_clean_run_has_results_and_they_are_none(self) -> None:
        run = log_of(Run((Checked("a", "a", "", "7.1"),)))

        assert run["results"] == []
        assert run["invocations"] == [
            {"executionSuccessful": True, "toolExecutionNotifications": []}
        ]
        assert run["tool"]["driver"]["version"] == "1.2.3"

    def test_what_could_not_be_checked_makes_the_execution_unsuccessful(self) -> None:
        [invocation] = log_of(Run((), (Unusable("b", "b", "Cannot read b."),)))["invocations"]

        assert not invocation["executionSuccessful"]
        [told] = invocation["toolExecutionNotifications"]
        assert told["level"] == "error"
        assert told["message"]["text"] == "Cannot read b."
