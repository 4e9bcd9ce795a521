"""How much may be in flight to each webhook."""

from __future__ import annotations

from waflows.storage.outbox import Lane
from waflows.worker.pacing import MOST, Pacing

_NOW = 100.0


def _lanes(webhook: str, count: int) -> list[Lane]:
    return [Lane("account", webhook, f"user {n}") for n in range(count)]


def _begin(pacing: Pacing, lanes: list[Lane]) -> list[Lane]:
    taken = pacing.room().take(lanes)
    for lane in taken:
        pacing.begin(lane, _NOW)
    return taken


def _finish(pacing: Pacing, lanes: list[Lane], *, good: bool, seconds: float = 0.01) -> None:
    for lane in lanes:
        pacing.learn(lane.webhook_id, good=good, seconds=seconds, now=_NOW)
        pacing.end(lane)


def test_a_new_webhook_begins_with_a_few_calls_at_once() -> None:
    assert len(_begin(Pacing(), _lanes("new", 100))) == 4


def test_each_quick_success_lets_one_more_in_up_to_a_limit() -> None:
    pacing = Pacing()
    counts = []
    for _ in range(7):
        taken = _begin(pacing, _lanes("good", 200))
        counts.append(len(taken))
        _finish(pacing, taken, good=True)
    assert counts == [4, 8, 16, 32, 64, 128, 128]


def test_a_webhook_that_begins_to_fail_has_too_much_until_it_is_down_to_one() -> None:
    pacing = Pacing()
    taken = _begin(pacing, _lanes("shaky", 4))
    assert not pacing.has_too_much("shaky")
    pacing.learn("shaky", good=False, seconds=0.01, now=_NOW)
    for lane in taken[1:]:
        assert pacing.has_too_much("shaky")
        pacing.end(lane)
    assert not pacing.has_too_much("shaky")


def test_a_failure_takes_a_webhook_down_to_one_call_and_a_success_back_up() -> None:
    pacing = Pacing()
    _finish(pacing, _begin(pacing, _lanes("shaky", 4)), good=False)
    taken = _begin(pacing, _lanes("shaky", 100))
    assert len(taken) == 1
    _finish(pacing, taken, good=True)
    assert len(_begin(pacing, _lanes("shaky", 100))) == 2


def test_suspects_together_leave_half_of_all_room_to_the_others() -> None:
    pacing = Pacing()
    suspects = [f"slow {n}" for n in range(1000)]
    for one in suspects:
        pacing.learn(one, good=False, seconds=5.0, now=_NOW)
    waiting = [lane for one in suspects for lane in _lanes(one, 3)]
    assert len(_begin(pacing, waiting)) == MOST // 2
    assert len(_begin(pacing, waiting)) == 0
    assert len(_begin(pacing, _lanes("good", 100))) == 4


def test_slow_successes_make_a_suspect_but_cost_no_room() -> None:
    pacing = Pacing()
    for _ in range(10):
        pacing.learn("slow", good=True, seconds=3.0, now=_NOW)
    assert len(_begin(pacing, _lanes("slow", 100))) == 4
    assert "slow" in pacing.room().suspects


def test_a_lane_in_flight_is_not_taken_again() -> None:
    pacing = Pacing()
    [lane] = _begin(pacing, _lanes("one", 1))
    assert _begin(pacing, [lane]) == []
    _finish(pacing, [lane], good=True)
    assert _begin(pacing, [lane]) == [lane]


def test_room_names_the_webhooks_that_have_none() -> None:
    pacing = Pacing()
    _begin(pacing, _lanes("full", 100))
    _begin(pacing, _lanes("not full", 1))
    assert pacing.room().without_room() == ["full"]


def test_webhooks_that_do_not_answer_give_their_room_to_others_after_a_second() -> None:
    pacing = Pacing()
    hanging = [lane for n in range(1000) for lane in _lanes(f"hanging {n}", 4)]
    assert len(_begin(pacing, hanging)) == MOST
    assert _begin(pacing, _lanes("new", 1)) == []
    assert pacing.next_suspicion() == _NOW + 1.0
    assert not pacing.suspect_silent(_NOW + 0.9)
    assert pacing.suspect_silent(_NOW + 1.0)
    assert not pacing.suspect_silent(_NOW + 1.0), "each is found out once"
    assert len(_begin(pacing, _lanes("new", 1))) == 1


def test_however_many_hang_what_is_in_flight_has_a_limit() -> None:
    pacing = Pacing()
    for round_ in range(20):
        _begin(pacing, [lane for n in range(600) for lane in _lanes(f"{round_} {n}", 4)])
        pacing.suspect_silent(_NOW + 1.0)
    assert len(pacing.lanes) == 4 * MOST


def test_a_webhook_that_answers_one_call_after_the_other_is_not_suspected() -> None:
    pacing = Pacing()
    [lane] = _begin(pacing, _lanes("good", 1))
    pacing.learn("good", good=True, seconds=0.01, now=_NOW + 0.9)
    assert not pacing.suspect_silent(_NOW + 1.5)
    assert pacing.suspect_silent(_NOW + 1.9)
    pacing.learn("good", good=True, seconds=0.01, now=_NOW + 2.0)
    assert "good" not in pacing.room().suspects
    pacing.end(lane)
    assert pacing.next_suspicion() is None
