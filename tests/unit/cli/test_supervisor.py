"""What the log says of the end of a worker."""

from __future__ import annotations

import signal

import pytest

from waflows.cli.supervisor import how_it_ended


@pytest.mark.parametrize("number", range(1, signal.SIGRTMAX + 1))
def test_every_signal_that_may_end_a_worker_has_a_name(number: int) -> None:
    found = how_it_ended(-number, False, 5.0)
    assert found["signal"]
    assert str(found["signal"]) in str(found["reason"])


def test_a_worker_killed_from_outside_may_have_wanted_too_much_memory() -> None:
    assert how_it_ended(-signal.SIGKILL, False, 5.0) == {
        "signal": "SIGKILL",
        "reason": "it was ended by SIGKILL, possibly by the kernel because memory ran out",
    }
