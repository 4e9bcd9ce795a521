"""How much may be in flight to each webhook, so that a slow or dead one delays no other. Pure.

A webhook begins with a few lanes; each quick success adds one, a failure takes it down to one. One
that failed or was slow is a suspect, and suspects together get half of all there is: however many
of them hang, the other half is for those that answer. A good webhook has more lanes than calls at
once, so that the next call need not wait for the database.
"""

from __future__ import annotations

from waflows.services.deliveries import Room
from waflows.storage.outbox import Lane

MOST = 512
"""Lanes taken by one process."""

CALLS_AT_ONCE = 32
"""Calls in flight to one webhook."""

_FRESH = 4
_MOST_OF_ONE = 4 * CALLS_AT_ONCE
_SLOW_SECONDS = 1.0
_MOST_REMEMBERED = 4096


class Pacing:
    """What is in flight, and what is known of each webhook."""

    def __init__(self) -> None:
        self._lanes: set[Lane] = set()
        self._in_flight: dict[str, int] = {}
        self._limits: dict[str, int] = {}
        self._suspects: set[str] = set()

    @property
    def lanes(self) -> frozenset[Lane]:
        """The lanes in flight."""
        return frozenset(self._lanes)

    def room(self) -> Room:
        """How much more may be begun."""
        of = dict(self._limits)
        of_suspects = 0
        for webhook_id, count in self._in_flight.items():
            of[webhook_id] = of.get(webhook_id, _FRESH) - count
            of_suspects += count if webhook_id in self._suspects else 0
        return Room(
            total=MOST - len(self._lanes),
            fresh=_FRESH,
            of=of,
            suspects=frozenset(self._suspects),
            for_suspects=MOST // 2 - of_suspects,
            mine=self.lanes,
        )

    def begin(self, lane: Lane) -> None:
        """A lane was taken."""
        self._lanes.add(lane)
        self._in_flight[lane.webhook_id] = self._in_flight.get(lane.webhook_id, 0) + 1

    def end(self, lane: Lane) -> None:
        """A lane was worked off."""
        self._lanes.discard(lane)
        left = self._in_flight[lane.webhook_id] - 1
        if left:
            self._in_flight[lane.webhook_id] = left
        else:
            del self._in_flight[lane.webhook_id]

    def has_too_much(self, webhook_id: str) -> bool:
        """Whether a webhook has more lanes than it may by now have."""
        return self._in_flight.get(webhook_id, 0) > self._limits.get(webhook_id, _FRESH)

    def learn(self, webhook_id: str, *, good: bool, seconds: float) -> None:
        """A call has ended, well or not, after so long."""
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
