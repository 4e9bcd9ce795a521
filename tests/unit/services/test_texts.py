"""What may be kept as a Flow JSON, and the words for a text that may not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.flow_json import AWKWARD, VALID
from hypothesis import given
from hypothesis import strategies as st

from waflows.errors import InvalidFlowJson
from waflows.services.flows import texts

REFUSED = [
    ('{"a": NaN}', "NaN is not a JSON value at line 1, column 7"),
    ('["NaN",\n -Infinity]', "-Infinity is not a JSON value at line 2, column 2"),
    ('["\\"NaN", {"Infinity": Infinity}]', "Infinity is not a JSON value at line 1, column 24"),
    ("[NaN, 1,]", "NaN is not a JSON value at line 1, column 2"),
    ("[1, NaN, 2", "NaN is not a JSON value at line 1, column 5"),
    ('{"a": 1,}', "Illegal trailing comma before end of object at line 1, column 8"),
    ("\ufeff[1 2]", "Expecting ',' delimiter at line 1, column 4"),
    ('"a\nb"', "Invalid control character at line 1, column 3"),
    ("[" * 300 + "NaN" + "]" * 300, "NaN is not a JSON value."),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_a_text_that_is_not_json_is_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(InvalidFlowJson) as caught:
        texts.check_now(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '"\\ud800"', "[" * 300 + "]" * 300, "1"])
def test_a_text_that_is_json_is_kept_whatever_its_faults(text: str) -> None:
    assert texts.check_now(text).checked.findings


@pytest.mark.parametrize(
    ("text", "has_endpoint"),
    [
        (VALID, False),
        (AWKWARD.decode(), False),
        (json.dumps(json.loads(VALID) | {"data_api_version": "3.0"}), True),
        ('{"data_api\\u005fversion": null}', True),
        ('{"data_api_version": 1, "data_api_version": 2}', True),
        ('{"screens": [{"data_api_version": "3.0"}]}', False),
        ('["data_api_version"]', False),
    ],
)
def test_a_flow_json_has_an_endpoint_when_it_names_a_version_of_the_data_api(
    text: str, has_endpoint: bool
) -> None:
    assert texts.check_now(text).checked.has_endpoint is has_endpoint


PIECES = ["{", "}", "[", "]", ",", ":", '"a"', '"a":1', "1", "NaN", "-Infinity", "null", " ", '"']


def _refuse(word: str) -> Any:
    raise ValueError(word)


@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=8)))
def test_what_is_kept_is_what_a_strict_reader_of_json_takes(text: str) -> None:
    try:
        json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse)
        is_json = True
    except ValueError:
        is_json = False
    try:
        kept = texts.check_now(text)
    except InvalidFlowJson:
        assert not is_json
    else:
        assert is_json
        assert kept.bytes == len(text.encode())
