"""Counts and durations in Prometheus' form.

With several worker processes the figures of all are added up: the library does this through files
in the folder that PROMETHEUS_MULTIPROC_DIR names, which must be set before it is imported.
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST

_REQUESTS = Counter("waflows_requests", "Answered requests.", ("method", "route", "status"))
_SECONDS = Histogram(
    "waflows_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("route",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
LISTS_FROM_MEMORY = Counter("waflows_lists_from_memory", "Lists answered without the database.")
ERRORS_NOT_KEPT = Counter(
    "waflows_errors_not_kept", "Errors that came too fast to be kept for looking up."
)


class Observed:
    """The metrics of one kind of answer, found once and used often."""

    __slots__ = ("_count", "_seconds")

    def __init__(self, method: str, route: str, status: int) -> None:
        self._count = _REQUESTS.labels(method, route, str(status))
        self._seconds = _SECONDS.labels(route)

    def add(self, seconds: float) -> None:
        """Counts one answer."""
        self._count.inc()
        self._seconds.observe(seconds)


def render() -> bytes:
    """Every metric, of every worker."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # not annotated there
        return generate_latest(registry)
    return generate_latest(REGISTRY)
