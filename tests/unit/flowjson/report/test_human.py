"""The report for people."""

from __future__ import annotations

import json
import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from waflows.flowjson import Diagnostic, Pointer, lint
from waflows.flowjson.diagnostics import Edit, Fix, Severity
from waflows.flowjson.report import Checked, Run, Unusable
from waflows.flowjson.report.excerpt import shown
from waflows.flowjson.report.human import diagnoses, human, summary

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def diagnostic(*pointers: Pointer, severity: Severity = "error", **words: str) -> Diagnostic:
    told = {"message": "It is wrong.", "help": "Mend it."} | words
    return Diagnostic(
        rule="a-rule",
        code="A_CODE",
        error_type="FLOW_JSON_ERROR",
        severity=severity,
        message=told["message"],
        help=told["help"],
        pointers=pointers,
    )


def checked(text: str, *found: Diagnostic, name: str = "flow.json") -> Checked:
    return Checked(name=name, place=name, text=text, version="7.1", diagnostics=found)


def at(line: int, start: int, end: int, path: str = "a", last_line: int | None = None) -> Pointer:
    return Pointer(line, last_line or line, start, end, path)


def cells(text: str) -> int:
    return sum(shown(character)[1] for character in text)


def test_a_fault_is_told_with_its_place_its_line_and_what_mends_it() -> None:
    text = '{\n  "titel": 1\n}\n'

    assert diagnoses(checked(text, diagnostic(at(2, 3, 9, "titel")))) == (
        "error[A_CODE]: It is wrong.\n"
        " --> flow.json:2:3 at titel\n"
        "  |\n"
        '2 |   "titel": 1\n'
        "  |   ^^^^^^^\n"
        "  |\n"
        "  = help: Mend it.\n"
        "  = rule: a-rule\n"
        "\n"
    )


def test_a_warning_calls_itself_one() -> None:
    report = diagnoses(checked("{}", diagnostic(at(1, 1, 2), severity="warning")))

    assert report.startswith("warning[A_CODE]: ")


def test_places_of_one_fault_in_one_line_share_its_excerpt() -> None:
    report = diagnoses(checked('{"a": 1, "a": 2}', diagnostic(at(1, 10, 12), at(1, 2, 4))))

    assert '1 | {"a": 1, "a": 2}\n  |  ---     ^^^\n' in report


def test_places_in_other_lines_follow_in_the_order_of_the_text() -> None:
    text = "\n".join(f"line{number}" for number in range(1, 13))
    report = diagnoses(checked(text, diagnostic(at(12, 1, 6), at(3, 1, 5, "b"), at(4, 1, 5, "c"))))

    assert (
        "   |\n 3 | line3\n   | ----- b\n 4 | line4\n   | ----- c\n...\n12 | line12\n   | ^^^^^^\n"
    ) in report


def test_a_place_too_far_along_the_same_line_gets_an_excerpt_of_its_own() -> None:
    line = '"first"' + " " * 500 + '"second"'
    report = diagnoses(checked(line, diagnostic(at(1, 508, 515), at(1, 1, 7))), width=60)

    assert re.search(
        r'^1 \| "first" +…\n  \| -{7}\n1 \| … +"second"\n  \| +\^{8}$', report, re.MULTILINE
    )


def test_a_value_over_several_lines_is_marked_in_its_first_with_its_end_named() -> None:
    text = '{\r\n  "layout": {  \r\n  }\r\n}'
    report = diagnoses(checked(text, diagnostic(at(2, 13, 3, last_line=3))))

    assert '2 |   "layout": {\n  |             ^ to line 3, column 3\n' in report


def test_a_byte_order_mark_shifts_no_column() -> None:
    report = diagnoses(checked('\ufeff{"a": 1}', diagnostic(at(1, 2, 4))))

    assert '1 | {"a": 1}\n  |  ^^^\n' in report


def test_a_message_stays_on_its_line_and_a_name_does_too() -> None:
    report = diagnoses(checked("{}", diagnostic(at(1, 1, 1), message="a\nb\x1b[2J"), name="a\nb"))

    assert report.startswith("error[A_CODE]: a b␛[2J\n --> a b:1:1 at a\n")


def test_a_message_that_quotes_a_whole_book_is_cut() -> None:
    report = diagnoses(checked("{}", diagnostic(at(1, 1, 1), message="x" * 1_000_000)))

    assert len(report) < 2000


def test_colours_add_nothing_but_colours() -> None:
    one = checked('{\n "a": 1, "a": 2}', diagnostic(at(2, 10, 12), at(2, 2, 4), at(1, 1, 1)))
    coloured = diagnoses(one, colour=True)

    assert "\x1b[1;31merror[A_CODE]\x1b[0m" in coloured
    assert _ESCAPE.sub("", coloured) == diagnoses(one)


def test_the_summary_counts_what_was_found_and_where() -> None:
    clean, error = checked("{}"), diagnostic(at(1, 1, 1))
    warning = diagnostic(at(1, 1, 1), severity="warning")

    def sentence(*files: Checked) -> str:
        return summary(Run(files)).partition(".")[0]

    assert sentence(clean) == "No findings in 1 file"
    assert sentence(clean, clean) == "No findings in 2 files"
    assert sentence(checked("{}", error)) == "Found 1 error in 1 file"
    assert sentence(clean, checked("{}", warning, warning)) == "Found 2 warnings in 1 of 2 files"
    assert sentence(checked("{}", error, warning)) == "Found 1 error and 1 warning in 1 file"


def test_the_summary_counts_what_can_be_corrected_without_a_look() -> None:
    safe, unsafe = (
        msgspec.structs.replace(diagnostic(at(1, 1, 1)), fix=Fix((Edit(0, 1, "x"),), safety))
        for safety in ("safe", "unsafe")
    )

    assert " 1 can be corrected by `--fix`. " in summary(Run((checked("{}", safe, unsafe),)))
    assert "--fix" not in summary(Run((checked("{}", unsafe),)))


def test_nothing_is_said_about_files_when_none_could_be_checked() -> None:
    assert human(Run(unusable=(Unusable("a", "a", "Cannot read a."),))) == ""


pointers = st.builds(Pointer, *(st.integers(1, 40) for _ in range(4)), path=st.text(max_size=20))
diagnostics = st.builds(
    lambda places, message, advice: diagnostic(*places, message=message, help=advice),
    st.lists(pointers, min_size=1, max_size=4),
    st.text(),
    st.text(),
)


@given(text=st.text(), found=st.lists(diagnostics, max_size=3), width=st.integers(1, 200))
def test_any_fault_of_any_text_is_reported(text: str, found: list[Diagnostic], width: int) -> None:
    report = diagnoses(checked(text, *found), width=width)

    assert report.count("= rule: a-rule") >= len(found)
    assert not any(c < " " and c != "\n" for c in report)


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["version", "screens", "id", "日本", "e\u0301"]), inner)
    ),
)


@given(
    document=documents,
    indent=st.sampled_from([None, 2, "\t"]),
    plain=st.booleans(),
    cut=st.integers(0, 30),
    version=st.sampled_from(["3.0", "7.1"]),
)
def test_the_carets_stand_under_the_token_that_is_named(
    document: object, indent: int | str | None, plain: bool, cut: int, version: str
) -> None:
    document = {"version": version, "screens": [document]}
    text = json.dumps(document, indent=indent, ensure_ascii=plain)
    text = text[: len(text) - cut]
    lines = text.split("\n")

    for found in lint(text).diagnostics:
        report = diagnoses(checked(text, found), width=100_000)
        [carets] = re.findall(r"^ +\| ([ -]*)(\^+)(?:[ -].*)?$", report, re.MULTILINE)
        line = lines[found.line_start - 1]
        end = found.column_end if found.line_start == found.line_end else len(line.rstrip())
        before, token = line[: found.column_start - 1], line[found.column_start - 1 : end]
        assert len(carets[0]) == cells(before)
        assert len(carets[1]) == max(cells(token), 1)
