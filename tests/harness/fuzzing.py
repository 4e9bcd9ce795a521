"""What rounds of fuzzing have in common."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def bounded(examples: int) -> settings:
    """So many examples of each kind in a round, without a deadline, and none kept for the next."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate, Phase.shrink],
    )
