"""How the rules are registered: by family, each in a file named for the ids in it."""

from pathlib import Path

from waflows.flowjson import RULES, rules
from waflows.flowjson.family import UNKNOWN, OnAction, OnComponent
from waflows.flowjson.spec import components, objects, versions

FOLDER = Path(rules.__file__).parent


def test_every_file_of_rules_is_registered_and_no_rule_stands_in_two() -> None:
    there = {file.stem for file in FOLDER.glob("*.py")} - {"__init__"}
    assert set(rules.FAMILIES) == there
    ids = [rule.id for family in rules.FAMILIES.values() for rule in family.rules]
    assert sorted(ids) == sorted(RULES)


def test_a_file_named_for_a_prefix_holds_rules_of_that_prefix() -> None:
    for prefix in ("nav", "rm", "dm", "dyn", "schema", "native", "global", "max", "if", "dup"):
        named = [name for name in rules.FAMILIES if name.startswith(f"{prefix}_")]
        assert named
        for name in named:  # as the ids in it begin
            ids = [rule.id for rule in rules.FAMILIES[name].rules]
            assert any(each.startswith(f"{prefix}-") for each in ids), name


def test_a_check_names_components_actions_and_versions_that_exist() -> None:
    for name, family in rules.FAMILIES.items():
        for check in family.checks:
            if isinstance(check, OnComponent):
                assert set(check.types or ()) <= {UNKNOWN, *components.COMPONENTS}, name
            if isinstance(check, OnAction):
                assert set(check.names or ()) <= set(objects.ACTIONS), name
            assert {check.since, check.until} <= {None, *versions.VERSIONS}, name
