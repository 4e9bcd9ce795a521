"""Counts and durations in the format of Prometheus.

With several worker processes the figures are summed: the library does this through files in the
folder named by PROMETHEUS_MULTIPROC_DIR, which must be set before it is imported.
"""

from __future__ import annotations

import collections
import os
import time
from bisect import bisect_left
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from waflows.telemetry.logs import AccessLine
from waflows.telemetry.processes import is_running

CONTENT_TYPE = CONTENT_TYPE_LATEST
RENDERED_PER_SECOND = 10


class _Durations(Histogram):
    """A histogram that takes many values in one step; the library's own takes one."""

    def observe_all(self, seconds: list[float]) -> None:
        """Does what `observe` does, for each value."""
        self._sum.inc(sum(seconds))
        bounds = self._upper_bounds
        for bucket, count in collections.Counter(bisect_left(bounds, s) for s in seconds).items():
            self._buckets[bucket].inc(count)


_REQUESTS = Counter("waflows_requests", "Answered requests.", ("method", "route", "status"))
_SECONDS = _Durations(
    "waflows_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("route",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
_FROM_MEMORY = Counter("waflows_lists_from_memory", "Lists answered without the database.")
ERRORS_NOT_KEPT = Counter(
    "waflows_errors_not_kept", "Errors that came too fast to be stored for lookup."
)
_ATTEMPTS = Counter("waflows_webhook_attempts", "Attempts to deliver an event.", ("outcome",))
_ENDPOINT_CALLS = Counter(
    "waflows_endpoint_calls",
    "Calls to data endpoints, by `ok` or Meta's key of the error.",
    ("action", "outcome"),
)
_DEAD = Counter("waflows_webhook_dead", "Deliveries that were given up.")
# With a label, so that only processes that serve have a value; the supervisor has none.
_HEARING = Gauge(
    "waflows_listener_hearing",
    "1 while every worker hears of changes and may answer from memory, otherwise 0.",
    ("engine",),
    multiprocess_mode="livemin",
)


def count_deliveries(*, delivered: int, failed: int, dead: int) -> None:
    """Counts attempts to deliver; the dead are among the failed."""
    for outcome, number in (("delivered", delivered), ("failed", failed)):
        if number:
            _ATTEMPTS.labels(outcome).inc(number)
    if dead:
        _DEAD.inc(dead)


def count_endpoint_call(action: str, outcome: str) -> None:
    """Counts a call to a data endpoint; both words come from short lists."""
    _ENDPOINT_CALLS.labels(action, outcome).inc()


def count(lines: list[AccessLine]) -> None:
    """Counts answered requests.

    Many at once, because each step of the library's counters takes a lock and, with several
    workers, a write to a shared file.
    """
    seconds: dict[tuple[str, str, int], list[float]] = collections.defaultdict(list)
    for line in lines:
        seconds[line.method, line.route, line.status].append(line.duration_ms / 1000)
    for (method, route, status), each in seconds.items():
        _REQUESTS.labels(method, route, str(status)).inc(len(each))
        _SECONDS.labels(route).observe_all(each)
    _FROM_MEMORY.inc(sum(line.from_memory for line in lines))


def note_hearing(engine: str, *, hears: bool) -> None:
    """Records whether this process is notified of changes made by others."""
    _HEARING.labels(engine).set(hears)


def backlog(pending: int, seconds: float) -> bytes:
    """How many deliveries are waiting, and for how long the oldest has waited.

    Every process sees the same figures, so they are not among the metrics that are summed.
    """
    registry = CollectorRegistry()
    Gauge("waflows_webhook_pending", "Deliveries that are waiting.", registry=registry).set(pending)
    oldest = Gauge(
        "waflows_webhook_oldest_seconds",
        "Time for which the oldest delivery has been waiting.",
        registry=registry,
    )
    oldest.set(seconds)
    return generate_latest(registry)


class _Page:
    """Every metric as Prometheus reads it, rendered a few times a second at most.

    Rendering costs more than most requests do, and anybody may ask for it.
    """

    def __init__(self) -> None:
        self._second = 0
        self._rendered = 0
        self._last = b""

    def text(self) -> bytes:
        """The metrics; when many ask in one second, what the last of the first few was given."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._rendered = second, 0
        if self._rendered < RENDERED_PER_SECOND:
            self._rendered += 1
            self._last = _render()
        return self._last


_PAGE = _Page()


def render() -> bytes:
    """Every metric, of every worker; at most as old as a second."""
    return _PAGE.text()


def _render() -> bytes:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is not None:
        _forget_dead_workers(Path(folder))
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # not annotated there
        return generate_latest(registry)
    return generate_latest(REGISTRY)


def _forget_dead_workers(folder: Path) -> None:
    """Removes the last gauge values of workers that died."""
    for file in folder.glob("gauge_live*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdecimal() and not is_running(int(pid)):
            # Another worker may be doing the same.
            file.unlink(missing_ok=True)
