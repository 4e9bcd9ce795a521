"""How many requests one process starts in one turn of its event loop.

Everything that is ready runs in one turn, so hundreds of requests at once, on hundreds of
connections, would make every other client wait until all of them have run. A `Pacer` starts a few
in each turn. Pipelined requests wait in a queue of their own, so that a client that sends one
request overtakes those that send many.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

STARTS_PER_TURN = 8
"""So many requests are given to the application in one turn; answers from memory do not count."""
AHEAD_PER_TURN = 2
"""So many pieces of what was sent ahead are parsed in one turn."""

Work = Callable[[], None]


class Pacer:
    """The requests of one process that wait to be started."""

    def __init__(self) -> None:
        self._waiting: deque[Work] = deque()
        self._ahead: deque[Work] = deque()
        self._room = STARTS_PER_TURN
        self._is_scheduled = False

    def start(self, work: Work) -> None:
        """Starts a request: at once, or in a later turn when many were started in this one."""
        if self._room and not self._waiting:
            self._room -= 1
            work()
        else:
            self._waiting.append(work)
        self._schedule()

    def continue_later(self, work: Work) -> None:
        """Parses more of what one connection sent ahead, when it is that connection's turn."""
        self._ahead.append(work)
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        self._is_scheduled = False
        self._room = STARTS_PER_TURN
        try:
            while self._waiting and self._room:
                self._room -= 1
                self._waiting.popleft()()
            for _ in range(min(AHEAD_PER_TURN, len(self._ahead))):
                self._ahead.popleft()()
        finally:
            if self._waiting or self._ahead or self._room < STARTS_PER_TURN:
                self._schedule()
