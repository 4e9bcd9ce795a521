"""Rules by which chosen calls fail on purpose: what a development server offers to tests.

A rule names a kind of call, and a route or a host; of the rules that match, the first that strikes
decides. How often a rule strikes is counted or drawn, from a seed, so that a test can be repeated.
Knows nothing of HTTP: those who make or answer calls ask `strike` and do what it says.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Literal

import msgspec

Kind = Literal["incoming", "endpoint", "webhook", "oauth"]
"""Requests to this server, and the calls it makes: to data endpoints, webhooks, token servers."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which calls fail and how.

    `name` is the name of a route for `incoming`, a host (with its port or without) for the others,
    and empty for any. A struck call waits for `delay_ms`; then its connection is cut, or it is
    answered with `status`, or it goes on. It strikes `times` times, without limit for None, each
    time with `probability`, drawn from `seed`.
    """

    id: str = ""
    call: Kind
    name: str = ""
    status: int | None = None
    delay_ms: int = 0
    cut: bool = False
    times: int | None = None
    probability: float = 1.0
    seed: int = 0


class FaultRules:
    """The rules in force, in the order in which they were added.

    `operations` are the names of the server's routes, which a rule for `incoming` may have.
    """

    def __init__(self, operations: Sequence[str] = ()) -> None:
        self.operations = operations
        self._rules: dict[str, Rule] = {}
        self._dice: dict[str, random.Random] = {}
        self._ids = itertools.count(1)

    def add(self, rule: Rule) -> Rule:
        """Puts a rule in force, and gives it its id."""
        added = msgspec.structs.replace(rule, id=str(next(self._ids)))
        self._rules[added.id] = added
        self._dice[added.id] = random.Random(rule.seed)
        return added

    def list(self) -> list[Rule]:
        """The rules in force; `times` is what is left of it."""
        return list(self._rules.values())

    def remove(self, rule_id: str) -> bool:
        """Removes a rule; False when no rule has this id."""
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """Takes every rule out of force."""
        self._rules.clear()

    def concern(self, call: Kind) -> bool:
        """Whether any rule is about this kind of call."""
        return any(rule.call == call for rule in self._rules.values())

    def strike(self, call: Kind, *names: str) -> Rule | None:
        """The rule by which a call fails that goes by these names; None for none."""
        for rule in list(self._rules.values()):
            if rule.call != call or (rule.name and rule.name not in names):
                continue
            if self._dice[rule.id].random() >= rule.probability:
                continue
            self._count(rule)
            return rule
        return None

    def _count(self, rule: Rule) -> None:
        if rule.times is None:
            return
        if rule.times <= 1:
            del self._rules[rule.id]
            return
        self._rules[rule.id] = msgspec.structs.replace(rule, times=rule.times - 1)
