"""uvicorn's server as a worker of `waflows serve` runs it: it ends without losing a request.

On SIGTERM it first says at `/readyz` that it will end, and goes on serving for `delay` seconds so
that load balancers can take note. Then it drains: it accepts no new connections, answers every
request it still receives with `Connection: close`, closes connections on which nothing is asked
after a few seconds, and ends with the last of them, or when uvicorn's grace period is over.
SIGUSR1 drains at once; the supervisor sends it to a worker that was replaced. SIGINT ends as
uvicorn does: idle connections are closed at once.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from waflows.http.gateway import Gateway

RETIRE = getattr(signal, "SIGUSR1", None)
"""The signal that makes a worker drain at once; None if the platform has no such signal."""


class DrainingServer(uvicorn.Server):
    """A server that ends in two steps, as the module says."""

    def __init__(self, config: uvicorn.Config, delay: float) -> None:
        super().__init__(config)
        self._delay = delay
        self._drain_at: float | None = None
        self._is_patient = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Takes a signal: SIGTERM begins the end, anything else ends at once."""
        if sig == signal.SIGTERM:
            self._begin_end(self._delay)
        else:
            super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listens to the signals of uvicorn's servers and to RETIRE."""
        with super().capture_signals():
            if RETIRE is None or threading.current_thread() is not threading.main_thread():
                yield
                return
            before = signal.signal(RETIRE, lambda *_: self._begin_end(0))
            try:
                yield
            finally:
                signal.signal(RETIRE, before)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to serve; a signal that came before is announced now."""
        await super().startup(sockets)
        self._announce()

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop accepting connections, asked several times a second."""
        if self._drain_at is not None and time.monotonic() >= self._drain_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drains, then ends the application."""
        if self._is_patient:
            self._gateway().traffic.is_draining = True
        await super().shutdown(sockets)

    def _begin_end(self, delay: float) -> None:
        # A signal may come twice: from the supervisor and from a signal to the whole group.
        if self._drain_at is not None:
            return
        self._drain_at = time.monotonic() + delay
        self._is_patient = True
        self._announce()

    def _announce(self) -> None:
        """Has `/readyz` say that the server will end, if it will and serves already."""
        if self._is_patient and self.started:
            self._gateway().announce_end()

    def _gateway(self) -> Gateway:
        # The supervisor imports this module too, and has no use for the whole server.
        from waflows.http.gateway import LIFESPAN_KEY

        gateway: Gateway = self.lifespan.state[LIFESPAN_KEY]
        return gateway
