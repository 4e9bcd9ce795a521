"""How much may be in flight to each webhook, so that a slow or dead one delays no other. Pure.

A webhook starts with a few lanes; each quick success adds one, a failure reduces it to one. A
webhook that failed, was slow, or has not answered for a second is a suspect. Suspects share a
separate budget, so however many of them hang, they take no room from those that answer. Right after
a start nothing is known about any webhook; those that hang are detected after a second, and from
then on count against the suspects' budget. A good webhook has more lanes than concurrent calls, so
that the next call need not wait for the database.
"""

from __future__ import annotations

from waflows.services.webhooks.deliveries import Room
from waflows.storage.outbox import Lane

MOST = 512
"""Lanes in flight to webhooks that are not suspects, in one process."""

_MOST_OF_SUSPECTS = MOST // 2
# Webhooks that become suspects while in flight come on top of the suspects' budget.
_MOST_IN_ALL = 4 * MOST

CALLS_AT_ONCE = 32
"""Calls in flight to one webhook."""

_FRESH = 4
_MOST_OF_ONE = 4 * CALLS_AT_ONCE
_SLOW_SECONDS = 1.0
_MOST_REMEMBERED = 4096


class Pacing:
    """What is in flight, and what is known about each webhook."""

    def __init__(self) -> None:
        self._lanes: set[Lane] = set()
        self._in_flight: dict[str, int] = {}
        self._limits: dict[str, int] = {}
        self._suspects: set[str] = set()
        # Since when a webhook with something in flight has not answered.
        self._silent_since: dict[str, float] = {}

    @property
    def lanes(self) -> frozenset[Lane]:
        """The lanes in flight."""
        return frozenset(self._lanes)

    def room(self) -> Room:
        """How much more may be started."""
        of = dict(self._limits)
        of_suspects = 0
        for webhook_id, count in self._in_flight.items():
            of[webhook_id] = of.get(webhook_id, _FRESH) - count
            of_suspects += count if webhook_id in self._suspects else 0
        left = _MOST_IN_ALL - len(self._lanes)
        return Room(
            for_others=min(MOST - (len(self._lanes) - of_suspects), left),
            fresh=_FRESH,
            of=of,
            suspects=frozenset(self._suspects),
            for_suspects=min(_MOST_OF_SUSPECTS - of_suspects, left),
            mine=self.lanes,
        )

    def begin(self, lane: Lane, now: float) -> None:
        """A lane was taken, at a time in seconds."""
        self._lanes.add(lane)
        self._silent_since.setdefault(lane.webhook_id, now)
        self._in_flight[lane.webhook_id] = self._in_flight.get(lane.webhook_id, 0) + 1

    def end(self, lane: Lane) -> None:
        """A lane was finished."""
        self._lanes.discard(lane)
        left = self._in_flight[lane.webhook_id] - 1
        if left:
            self._in_flight[lane.webhook_id] = left
        else:
            del self._in_flight[lane.webhook_id]
            del self._silent_since[lane.webhook_id]

    def has_too_much(self, webhook_id: str) -> bool:
        """Whether a webhook holds more lanes than it is now allowed."""
        return self._in_flight.get(webhook_id, 0) > self._limits.get(webhook_id, _FRESH)

    def suspect_silent(self, now: float) -> bool:
        """Marks webhooks as suspects that have not answered for too long.

        Returns whether there are new ones; then there is more room for the others.
        """
        silent = {
            webhook_id
            for webhook_id, since in self._silent_since.items()
            if now - since >= _SLOW_SECONDS and webhook_id not in self._suspects
        }
        self._suspects |= silent
        return bool(silent)

    def next_suspicion(self) -> float | None:
        """When `suspect_silent` may find the next one; None if there is none in flight."""
        times = [at for one, at in self._silent_since.items() if one not in self._suspects]
        return min(times) + _SLOW_SECONDS if times else None

    def learn(self, webhook_id: str, *, good: bool, seconds: float, now: float) -> None:
        """Records a call: when it ended, whether it succeeded, and how long it took."""
        if webhook_id in self._silent_since:
            self._silent_since[webhook_id] = now
        if len(self._limits) >= _MOST_REMEMBERED:
            self._limits.clear()
            self._suspects.clear()
        limit = self._limits.get(webhook_id, _FRESH)
        if not good:
            limit = 1
        elif seconds < _SLOW_SECONDS:
            limit = min(limit + 1, _MOST_OF_ONE)
        self._limits[webhook_id] = limit
        if good and seconds < _SLOW_SECONDS:
            self._suspects.discard(webhook_id)
        else:
            self._suspects.add(webhook_id)
