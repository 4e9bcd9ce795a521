"""If, Switch, visible, enabled."""

from __future__ import annotations

from typing import Any

import pytest
from unit.runtime.playing import Play, body, group, one, text_input

from waflows.runtime import Open, Select, Type


def branch(condition: str, *then: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "If", "condition": condition, "then": list(then), **more}


def test_an_if_shows_one_branch_and_changes_as_the_user_types() -> None:
    play = Play(
        one(
            text_input("age", **{"input-type": "number"}),
            branch("${form.age} > 17", body("adult"), **{"else": [body("child")]}),
        )
    )

    assert play.texts == ["child"]
    play(Type("age", "18"))
    assert play.texts == ["adult"]


def test_ifs_nest_and_may_stand_in_a_form() -> None:
    inner = branch("!${data.b}", body("a but not b"))
    form = {"type": "Form", "name": "f", "children": [branch("${data.a}", inner)]}

    assert Play(one(form), Open(data={"a": True, "b": False})).texts == ["a but not b"]
    assert Play(one(form), Open(data={"a": True, "b": True})).texts == []


@pytest.mark.parametrize("condition", ["(", "", "${data.a} +", "${data.text}", "'x'"])
def test_a_condition_that_is_no_truth_value_does_not_hold(condition: str) -> None:
    value = one(branch(condition, body("then"), **{"else": [body("else")]}))

    assert Play(value, Open(data={"text": "true"})).texts == ["else"]


@pytest.mark.parametrize(
    ("animal", "text"), [("cat", "meow"), ("cow", "none of them"), ("", "none of them")]
)
def test_a_switch_shows_the_case_of_its_value_or_the_default(animal: str, text: str) -> None:
    cases = {"cat": [body("meow")], "default": [body("none of them")]}
    play = Play(
        one(text_input("animal"), {"type": "Switch", "value": "${form.animal}", "cases": cases})
    )

    play(Type("animal", animal))

    assert play.texts == [text]


def test_a_switch_without_default_shows_nothing_for_other_values() -> None:
    switch = {"type": "Switch", "value": "${data.n}", "cases": {"2": [body("two")]}}

    assert Play(one(switch), Open(data={"n": 2})).texts == ["two"]
    assert Play(one(switch), Open(data={"n": 3})).texts == []


def test_visible_hides_and_enabled_disables() -> None:
    play = Play(
        one(
            group("RadioButtonsGroup", "kind", "person", "company"),
            text_input("vat", visible="`${form.kind} == 'company'`"),
            text_input("code", enabled="`${form.kind} == 'company'`"),
        )
    )
    assert [w.name for w in play.widgets("text-field")] == ["code"]
    assert "disabled" in play.refused(Type("code", "1"))
    assert "no input" in play.refused(Type("vat", "1"))

    play(Select("kind", "company"), Type("vat", "1"), Type("code", "1"))


def test_a_hidden_input_is_not_validated_and_keeps_what_was_typed() -> None:
    play = Play(
        one(
            group("RadioButtonsGroup", "kind", "person", "company"),
            text_input("vat", required=True, visible="`${form.kind} == 'company'`"),
            {
                "type": "Footer",
                "label": "Go",
                "on-click-action": {"name": "complete", "payload": {"vat": "${form.vat}"}},
            },
        )
    )
    play(Select("kind", "company"))
    assert not play.widgets("footer")[0].enabled
    play(Type("vat", "PT1"), Select("kind", "person"))

    play.tap()

    assert play.response["vat"] == "PT1"
