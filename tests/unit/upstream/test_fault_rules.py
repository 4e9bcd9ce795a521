"""Rules by which chosen calls fail: whom they strike, how often, and that they can be repeated."""

from __future__ import annotations

from waflows.upstream.fault_rules import FaultRules, Rule


def _struck(rules: FaultRules, count: int = 20) -> list[bool]:
    return [rules.strike("webhook", "127.0.0.1") is not None for _ in range(count)]


def test_a_rule_strikes_its_kind_of_call_and_its_name_alone() -> None:
    rules = FaultRules()
    rules.add(Rule(call="webhook", name="127.0.0.1:9000", status=500))

    assert rules.strike("webhook", "127.0.0.1", "127.0.0.1:9000") is not None
    assert rules.strike("webhook", "127.0.0.1", "127.0.0.1:9001") is None
    assert rules.strike("endpoint", "127.0.0.1", "127.0.0.1:9000") is None
    assert (rules.concern("webhook"), rules.concern("incoming")) == (True, False)


def test_a_rule_without_a_name_strikes_every_call_of_its_kind() -> None:
    rules = FaultRules()
    rules.add(Rule(call="incoming", cut=True))

    assert rules.strike("incoming", "listFlows") is not None
    assert rules.strike("incoming") is not None


def test_a_rule_strikes_as_often_as_it_says_and_is_gone() -> None:
    rules = FaultRules()
    rules.add(Rule(call="webhook", status=500, times=3))

    assert _struck(rules, 2) == [True, True]
    assert [rule.times for rule in rules.list()] == [1]
    assert _struck(rules, 3) == [True, False, False]
    assert rules.list() == []


def test_a_probability_is_kept_to_and_drawn_alike_from_the_same_seed() -> None:
    def drawn(seed: int) -> list[bool]:
        rules = FaultRules()
        rules.add(Rule(call="webhook", status=500, probability=0.3, seed=seed))
        return _struck(rules, 1000)

    assert drawn(7) == drawn(7) != drawn(8)
    assert 200 < sum(drawn(7)) < 400


def test_certain_and_impossible_rules_are_just_that() -> None:
    for probability in (0.0, 1.0):
        rules = FaultRules()
        rules.add(Rule(call="webhook", status=500, probability=probability))
        assert set(_struck(rules)) == {probability == 1.0}


def test_a_rule_that_lets_a_call_pass_leaves_it_to_the_next() -> None:
    rules = FaultRules()
    rules.add(Rule(call="webhook", status=500, probability=0.0))
    second = rules.add(Rule(call="webhook", status=503))

    assert rules.strike("webhook") == second


def test_rules_are_removed_one_by_one_or_all() -> None:
    rules = FaultRules()
    first, _ = (rules.add(Rule(call="webhook", status=500)) for _ in range(2))

    assert rules.remove(first.id)
    assert not rules.remove(first.id)
    assert len(rules.list()) == 1
    rules.clear()
    assert _struck(rules, 1) == [False]
