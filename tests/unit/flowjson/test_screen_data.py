"""Data that a screen is opened with, held against the data model the screen declares."""

from __future__ import annotations

from typing import Any

import pytest

from waflows.flowjson import screen_data

_MODEL: dict[str, Any] = {
    "guest": {"type": "string", "__example__": "Ines"},
    "nights": {"type": "number"},
    "member": {"type": "boolean"},
    "address": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
    },
    "rooms": {
        "type": "array",
        "items": {"type": "object", "properties": {"id": {"type": "string"}}},
    },
}
_DATA: dict[str, Any] = {
    "guest": "Ines",
    "nights": 2.5,
    "member": False,
    "address": {"city": "Porto"},
    "rooms": [{"id": "r1", "title": "Single"}],
}


def test_data_with_every_declared_field_in_its_type_fits() -> None:
    assert screen_data.faults(_MODEL, _DATA) == []
    assert screen_data.faults({}, {}) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"guest": 5}, "data.guest must be of type string, not number"),
        ({"guest": None}, "data.guest must be of type string, not null"),
        ({"nights": True}, "data.nights must be of type number, not boolean"),
        ({"member": 0}, "data.member must be of type boolean, not number"),
        ({"address": []}, "data.address must be of type object, not array"),
        ({"address": {"city": 1}}, "data.address.city must be of type string, not number"),
        (
            {"rooms": [{"id": "a"}, {"id": 2}]},
            "data.rooms[1].id must be of type string, not number",
        ),
        ({"rooms": ["a"]}, "data.rooms[0] must be of type object, not string"),
        ({"nigths": 2}, "data.nigths is not declared by the screen"),
    ],
)
def test_a_value_that_does_not_fit_is_told_by_its_path(change: dict[str, Any], fault: str) -> None:
    assert screen_data.faults(_MODEL, _DATA | change) == [fault]


def test_each_field_that_is_missing_is_told() -> None:
    assert screen_data.faults(_MODEL, {"guest": "Ines", "nights": 1, "member": True}) == [
        "data.address is missing",
        "data.rooms is missing",
    ]


def test_a_broken_declaration_asks_for_nothing() -> None:
    model = {"a": "text", "b": {"type": 7}, "c": {"type": "array", "items": True}}

    assert screen_data.faults(model, {"a": 1, "b": [], "c": [1, "x"]}) == []


def test_no_more_faults_are_told_than_one_can_read() -> None:
    model = {"list": {"type": "array", "items": {"type": "string"}}}

    assert len(screen_data.faults(model, {"list": [1] * 1000})) == screen_data.MOST_FAULTS
