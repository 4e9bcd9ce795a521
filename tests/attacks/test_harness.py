"""The measuring of attacks sees what it is there to see."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from harness.attack import attacked, peak_memory, reset_peak_memory, watched
from harness.databases import new_sqlite


def test_a_server_that_stands_still_is_a_disturbed_neighbour(folder: Path) -> None:
    with attacked(folder, new_sqlite(folder)) as target, watched(target) as watch:
        (worker,) = target.process.workers
        with watch.attack():
            worker.suspend()
            time.sleep(1.5)
            worker.resume()
            time.sleep(0.3)

        assert watch.worst > 1
        with pytest.raises(AssertionError):
            watch.assert_undisturbed(times=watch.worst / watch.undisturbed / 2, times_the_worst=0)
        watch.assert_undisturbed(times=watch.worst / watch.undisturbed * 2)


def test_peak_memory_is_measured_from_the_beginning_of_the_attack() -> None:
    pid = int(Path("/proc/self").readlink().name)
    before = reset_peak_memory(pid)
    taken = b"x" * 200_000_000
    high = peak_memory(pid)
    del taken

    assert high - before > 190_000_000
    assert reset_peak_memory(pid) < high
