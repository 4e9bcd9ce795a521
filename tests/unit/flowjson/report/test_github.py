"""The report for GitHub Actions."""

from __future__ import annotations

import re

from harness.linted import HERE, checked, with_fault
from hypothesis import given
from hypothesis import strategies as st

from waflows.flowjson import Pointer
from waflows.flowjson.report import Run, Unusable
from waflows.flowjson.report.github import github


def test_a_fault_is_one_workflow_command() -> None:
    run = with_fault("It is wrong.", Pointer(3, 3, 7, 9, "screens"))

    assert github(run) == (
        "::error file=a.json,line=3,endLine=3,col=7,endColumn=9,"
        "title=INVALID_FLOW_JSON (json-syntax)::It is wrong.%0Ahelp: Mend it.\n"
    )


def test_a_fault_over_several_lines_has_no_columns() -> None:
    run = with_fault("It is wrong.", Pointer(3, 5, 7, 1, "screens"))

    assert github(run).startswith("::error file=a.json,line=3,endLine=5,title=")


def test_a_warning_is_a_warning_and_an_unusable_file_an_error() -> None:
    run = Run((checked('{"a": 1, "a": 2}'),), (Unusable("b", "b", "Cannot read b."),))

    report = github(run)

    assert "::warning file=flows/a.json," in report
    assert report.endswith("::error file=b,title=Not checked::Cannot read b.\n")


def test_no_text_can_end_a_command_or_begin_another() -> None:
    run = with_fault("100%\r\n::stop-commands::x", HERE, name="a,line=9:b\n::set-env::%.json")

    [line] = github(run).splitlines()

    assert "file=a%2Cline=9%3Ab%0A%3A%3Aset-env%3A%3A%25.json,line=1," in line
    assert line.endswith("::100%25%0D%0A::stop-commands::x%0Ahelp: Mend it.")


@given(message=st.text(), name=st.text())
def test_what_was_escaped_reads_back_as_it_was(message: str, name: str) -> None:
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
