"""Laying out changes white space only."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waflows.flowjson.layout import CannotLayOut, lay_out
from waflows.flowjson.linter import lint

_SPACE = st.text(st.sampled_from(" \t\n\r"), max_size=3)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]')
_NUMBERS = st.sampled_from(["0", "-0", "1.50", "1e400", "-0.0E-0", "9" * 400, "3"])
_ESCAPES = r'"\u00e9\/\"\\"'


def _texts() -> st.SearchStrategy[str]:
    """JSON texts with white space anywhere between tokens."""
    strings = st.text().map(lambda text: json.dumps(text, ensure_ascii=len(text) % 2 == 0))
    scalars = _NUMBERS | strings | st.sampled_from(["true", "false", "null", _ESCAPES, '"{ , }"'])
    padded = st.tuples(_SPACE, scalars, _SPACE).map("".join)
    return st.recursive(
        padded,
        lambda inner: (
            st.lists(inner, max_size=4).map(lambda parts: f"[{','.join(parts)}] ")
            | st.lists(st.tuples(strings, _SPACE, inner), max_size=4).map(
                lambda parts: f"\n{{{','.join(f'{k}{s}:{v}' for k, s, v in parts)}}}"
            )
        ),
        max_leaves=20,
    )


@given(st.sampled_from(["", "\ufeff"]), _texts())
@settings(max_examples=300, deadline=None)
def test_every_token_stays_as_it_was_and_a_second_time_changes_nothing(
    mark: str, text: str
) -> None:
    laid_out = lay_out(mark + text)

    assert laid_out.startswith(mark)
    assert laid_out.endswith("\n")
    assert _TOKEN.findall(laid_out) == _TOKEN.findall(mark + text)
    assert lay_out(laid_out) == laid_out


@given(st.text(st.sampled_from('{}[],:"\\/ut0189eE.+-n\n \ud800'), max_size=12) | st.text())
@settings(max_examples=500, deadline=None)
def test_a_text_is_refused_exactly_when_it_is_not_json_to_the_linter(text: str) -> None:
    rules = {found.rule for found in lint(text).diagnostics}
    try:
        lay_out(text)
    except CannotLayOut:
        assert "json-syntax" in rules
    else:
        assert "json-syntax" not in rules


def test_a_value_stands_on_a_line_of_its_own() -> None:
    text = '{"a":[1,{"b":[]},{}],"a":"x"}'

    assert lay_out(text) == (
        '{\n  "a": [\n    1,\n    {\n      "b": []\n    },\n    {}\n  ],\n  "a": "x"\n}\n'
    )


@pytest.mark.parametrize(
    ("given_end", "end"), [("\n", "\n"), ("\r\n", "\r\n"), ("\r", "\n"), ("", "\n")]
)
def test_the_line_break_of_the_first_line_is_kept(given_end: str, end: str) -> None:
    assert lay_out(f"[{given_end}1\n]") == f"[{end}  1{end}]{end}"


@pytest.mark.parametrize("text", ["", "{", "[1,]", "[NaN]", "[" * 5000, '"\ud800"'])
def test_what_is_not_json_is_refused(text: Any) -> None:
    with pytest.raises(CannotLayOut):
        lay_out(text)
