"""JSON errors read the same on every version of Python."""

import json

import pytest

from waflows.json_errors import describe


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ('{"a": 1,}', "Illegal trailing comma before end of object at line 1, column 8"),
        ('{"a": 1,\n\n}', "Illegal trailing comma before end of object at line 1, column 8"),
        ("[1,\t]", "Illegal trailing comma before end of array at line 1, column 3"),
        (
            '{"a": [1, 2,], "b": 1}',
            "Illegal trailing comma before end of array at line 1, column 12",
        ),
        ("[,]", "Expecting value at line 1, column 2"),
        ("{,}", "Expecting property name enclosed in double quotes at line 1, column 2"),
        ("[1 2]", "Expecting ',' delimiter at line 1, column 4"),
        ('{"a" 1}', "Expecting ':' delimiter at line 1, column 6"),
        ('{"a": }', "Expecting value at line 1, column 7"),
        ("[1}", "Expecting ',' delimiter at line 1, column 3"),
        ('"abc', "Unterminated string starting at line 1, column 1"),
        ("", "Expecting value at line 1, column 1"),
    ],
)
def test_a_fault_is_described_in_words_and_place(text: str, described: str) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    assert describe(caught.value) == described
