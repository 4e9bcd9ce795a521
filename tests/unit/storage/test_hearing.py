"""What may be answered from memory is never older than the bound, whatever the network does."""

from __future__ import annotations

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from waflows.storage.hearing import BOUND_SECONDS, Hearing

_MOMENTS = st.floats(0.0, 3 * BOUND_SECONDS)


class Memory(RuleBasedStateMachine):
    """One process that remembers a value others change, and a network that does as it likes.

    Notifications arrive in the order of their commits, any time later, or not at all once the
    connection was lost, which the process may notice late or never.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.hearing = Hearing()
        # Each version of the value and when it was committed.
        self.versions = [(self.now, 0)]
        self.on_the_way: deque[str] = deque()
        self.carries = False
        self.reads: list[tuple[int | None, int]] = []
        self.kept: tuple[int, int] | None = None

    @initialize()
    def connect(self) -> None:
        self.carries = True
        self.hearing.begin()

    @rule(seconds=_MOMENTS)
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def another_process_writes(self) -> None:
        self.versions.append((self.now, len(self.versions)))
        if self.carries:
            self.on_the_way.append("change")

    @rule()
    def this_process_writes(self) -> None:
        self.another_process_writes()
        self.hearing.change()

    @rule()
    def send_a_beat(self) -> None:
        nonce = self.hearing.send_beat(self.now)
        if self.carries:
            self.on_the_way.append(nonce)

    @rule()
    def a_notification_arrives(self) -> None:
        if self.on_the_way:
            arrived = self.on_the_way.popleft()
            if arrived == "change":
                self.hearing.change()
            else:
                self.hearing.hear_beat(arrived)

    @rule()
    def the_connection_is_lost_without_a_sound(self) -> None:
        self.carries = False
        self.on_the_way.clear()

    @rule()
    def the_loss_is_noticed_and_the_connection_made_anew(self) -> None:
        self.the_connection_is_lost_without_a_sound()
        self.hearing.end()
        assert self.hearing.stamp(self.now) is None
        self.connect()

    @rule()
    def begin_to_read(self) -> None:
        stamp = self.hearing.stamp(self.now)
        self.reads.append((stamp, len(self.versions) - 1))

    @rule(which=st.integers(0, 5))
    def keep_what_was_read(self, which: int) -> None:
        if self.reads:
            stamp, version = self.reads.pop(which % len(self.reads))
            if stamp is not None:
                self.kept = (stamp, version)

    @invariant()
    def an_answer_from_memory_lacks_nothing_older_than_the_bound(self) -> None:
        if self.kept is None or self.hearing.stamp(self.now) != self.kept[0]:
            return
        known = max(
            version for at, version in self.versions if at < self.now - BOUND_SECONDS or not version
        )
        assert self.kept[1] >= known


Memory.TestCase.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
TestMemory = Memory.TestCase


def test_a_beat_proves_what_was_committed_before_it_was_sent_not_heard() -> None:
    hearing = Hearing()
    hearing.begin()
    nonce = hearing.send_beat(10.0)
    hearing.hear_beat(nonce)
    assert hearing.stamp(10.0 + BOUND_SECONDS) is not None
    assert hearing.stamp(10.0 + BOUND_SECONDS + 0.01) is None


def test_a_beat_of_an_earlier_connection_proves_nothing() -> None:
    hearing = Hearing()
    hearing.begin()
    nonce = hearing.send_beat(10.0)
    hearing.end()
    hearing.begin()
    hearing.hear_beat(nonce)
    assert hearing.stamp(10.1) is None


def test_the_same_changes_have_the_same_stamp_again_after_a_late_beat() -> None:
    hearing = Hearing()
    hearing.begin()
    hearing.hear_beat(hearing.send_beat(10.0))
    before = hearing.stamp(10.0)
    assert hearing.stamp(20.0) is None
    hearing.hear_beat(hearing.send_beat(20.0))
    assert hearing.stamp(20.0) == before
