"""Entries of Meta's table whose trigger is not documented. waflows never reports them."""

from __future__ import annotations

from waflows.flowjson.examples import page, passes
from waflows.flowjson.family import Family
from waflows.flowjson.rule import Rule


def _entry(name: str, message: str, instead: str) -> Rule:
    return Rule(
        id=name,
        code="INVALID_ON_CLICK_ACTION_PAYLOAD",
        title=f"Undocumented trigger: {name}",
        message=message,
        why=f"Meta's table lists this without saying when it is raised. {instead}",
        help="See the rules named above.",
        failing=(),
        passing=passes(page()),
    )


FAMILY = Family(
    rules=(
        _entry(
            "nav-missing-binding-target-model",
            "(not documented)",
            "A payload field that the next screen does not declare is nav-fields-missing-in-model.",
        ),
        _entry(
            "nav-invalid-value",
            "Invalid value found for the property '{propertyName}'.",
            "A payload value of another type is nav-static-type or nav-dynamic-type.",
        ),
        _entry(
            "nav-differ",
            "Properties in navigate action payload differ from properties in data model of screen "
            "'{screenName}'.",
            "Differing fields are nav-fields-missing-in-model and nav-fields-missing-in-payload.",
        ),
    )
)
