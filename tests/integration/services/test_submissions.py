"""What users sent: kept once, selected, counted and forgotten, alike on both engines."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.answers import FLOW, insert_many, record_all, submission
from harness.contents import faults
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waflows.errors import NotFound
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.services.submissions import forgetting, submissions
from waflows.storage import submissions as store
from waflows.storage.database import Database
from waflows.storage.opening import open_database
from waflows.storage.submissions import Position, Selection, Submission

EVERYTHING = Selection()


def new_account(db: Database, *channels: str) -> str:
    account_id = db.run_now(accounts.create_account, "Tests").id
    for channel in channels or ("channel",):
        db.run_now(accounts.create_channel, account_id, channel, channel)
    return account_id


def walk(db: Database, account_id: str, selection: Selection, limit: int) -> list[Submission]:
    """Every page of a selection, one after the other."""
    met: list[Submission] = []
    after: Position | None = None
    while True:
        page = db.read_now(submissions.list_page, account_id, selection, after, limit)
        met += page.submissions
        after = page.next_after
        if after is None:
            return met


def test_a_submission_is_kept_as_it_came(db: Database) -> None:
    account = new_account(db)
    came = submission(
        account,
        "channel",
        fields={"name": "José\0", "rating": 5, "topics": ["a"], "photo": [{"id": "1"}], "no": None},
    )

    assert db.run_now(submissions.record, came)

    assert db.read_now(submissions.get, account, came.id, EVERYTHING) == came
    assert db.read_now(submissions.get, account, came.id.upper(), EVERYTHING) == came


def test_the_token_of_an_answer_is_kept_apart_from_its_fields() -> None:
    where = {"account_id": "a", "channel_id": "c", "sub_account_id": "s", "flow_id": "1"}
    message = {"message_umid": "m", "answer_umid": "n", "msisdn": "+351910000001"}

    made = submissions.from_answer(
        **where, **message, flow_revision=3, response={"flow_token": "t", "name": "Ines"}
    )
    odd = submissions.from_answer(
        **where, **message, flow_revision=3, response={"flow_token": {"a": 1}}
    )

    assert (made.flow_token, made.fields, made.flow_revision) == ("t", {"name": "Ines"}, 3)
    assert abs(made.submitted_at - clock.now_ms()) < 60_000
    assert (odd.flow_token, odd.fields) == (None, {"flow_token": {"a": 1}})


def test_a_message_has_one_submission_and_the_first_stays(db: Database) -> None:
    account = new_account(db)
    first = submission(account, "channel", fields={"name": "first"})
    second = submission(
        account, "channel", message_umid=first.message_umid, fields={"other": "second"}
    )

    assert db.run_now(record_all, [first, second]) == [True, False]

    page = db.read_now(submissions.list_page, account, Selection(flow_id=FLOW), None, 10)
    assert page.submissions == [first]
    assert page.columns == ["name"]
    assert page.total == submissions.Total(1, True)


def test_two_accounts_may_name_their_messages_alike(db: Database) -> None:
    here, there = new_account(db), new_account(db)
    same = {"message_umid": "m", "id": str(uuid.uuid4())}

    kept = db.run_now(
        record_all, [submission(here, "channel", **same), submission(there, "channel", **same)]
    )

    assert kept == [True, True]


def test_of_many_who_record_one_message_at_once_one_does(db: Database, database_url: str) -> None:
    account = new_account(db)
    rivals = [
        submission(account, "channel", message_umid="m", fields={f"field {n}": "x"})
        for n in range(12)
    ]

    def record(rival: Submission) -> bool:
        own = open_database(database_url)
        try:
            return own.run_now(submissions.record, rival)
        finally:
            own.close()

    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(record, rivals))

    assert kept.count(True) == 1
    assert walk(db, account, EVERYTHING, 10) == [rivals[kept.index(True)]]
    assert faults(db) == {}


def test_columns_come_in_the_order_of_the_answers_and_never_move(db: Database) -> None:
    account = new_account(db)
    answers = [{"b": 1, "a": 2}, {"a": 1, "c": 3}, {"b": 1}, {"z": 1, "c": 2}]

    db.run_now(record_all, [submission(account, "channel", fields=each) for each in answers])

    assert db.read_now(submissions.columns, account, EVERYTHING) == ["b", "a", "c", "z"]


def test_who_sees_a_sub_account_sees_columns_for_what_came_through_it_alone(db: Database) -> None:
    account = new_account(db)
    through = [("one", ["a", "b"]), ("two", ["b", "c"]), ("one", ["d", "a"])]
    answers = [
        submission(account, "channel", sub_account_id=name, fields=dict.fromkeys(fields, "text"))
        for name, fields in through
    ]
    db.run_now(record_all, answers)

    def columns(*names: str) -> list[str]:
        reach = Selection(sub_account_ids=frozenset(names))
        return db.read_now(submissions.columns, account, reach)

    assert columns("one") == ["a", "b", "d"]
    assert columns("two") == ["b", "c"]
    assert columns("three") == []
    assert columns("one", "two") == ["a", "b", "d", "c"]
    assert db.read_now(submissions.columns, account, EVERYTHING) == ["a", "b", "c", "d"]


def test_columns_that_come_up_at_once_are_all_named_once(db: Database, database_url: str) -> None:
    account = new_account(db)

    def record(number: int) -> None:
        own = open_database(database_url)
        try:
            fields = {"shared": 1, f"own {number}": 1}
            own.run_now(submissions.record, submission(account, "channel", fields=fields))
        finally:
            own.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(record, range(12)))

    names = db.read_now(submissions.columns, account, EVERYTHING)
    assert sorted(names) == sorted(["shared", *(f"own {number}" for number in range(12))])


def test_a_table_has_so_many_columns_and_no_more(db: Database) -> None:
    account = new_account(db)
    many = {f"field {number}": number for number in range(submissions.MOST_COLUMNS + 5)}
    wide = submission(account, "channel", fields=many)

    db.run_now(record_all, [wide, submission(account, "channel", fields={"late": 1})])

    columns = db.read_now(submissions.columns, account, EVERYTHING)
    assert columns == list(many)[: submissions.MOST_COLUMNS]
    assert db.read_now(submissions.get, account, wide.id, EVERYTHING).fields == many


_CHANNELS = ("c1", "c2", "c3")
_SUBS = ("s1", "s2", "s3")
# A flow belongs to one channel.
_FLOWS = {"1": "c1", "2": "c1", "3": "c2", "4": "c3"}
_PEOPLE = ("+1", "+2", "+3")
_NAMES = {
    "channel_ids": st.none() | st.frozensets(st.sampled_from(_CHANNELS)),
    "sub_account_ids": st.none() | st.frozensets(st.sampled_from(_SUBS)),
    "flow_id": st.none() | st.sampled_from([*_FLOWS, "5"]),
    "msisdn": st.none() | st.sampled_from(_PEOPLE),
    "since": st.none() | st.integers(-1, 9),
    "until": st.none() | st.integers(-1, 9),
}
_ROWS = st.lists(
    st.tuples(
        st.sampled_from(list(_FLOWS)),
        st.sampled_from(_SUBS),
        st.sampled_from(_PEOPLE),
        st.integers(0, 8),
    ),
    max_size=25,
)


def _wanted(each: Submission, selection: Selection) -> bool:
    return (
        submissions.within(each, selection)
        and selection.flow_id in {None, each.flow_id}
        and selection.msisdn in {None, each.msisdn}
        and (selection.since is None or each.submitted_at >= selection.since)
        and (selection.until is None or each.submitted_at < selection.until)
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=_ROWS,
    selections=st.lists(st.builds(Selection, **_NAMES), min_size=3, max_size=3),
    limit=st.integers(1, 9),
)
def test_a_walk_meets_what_is_selected_once_newest_first_and_the_count_is_right(
    db: Database, rows: list[tuple[str, str, str, int]], selections: list[Selection], limit: int
) -> None:
    account = new_account(db, *_CHANNELS)
    kept = [
        submission(
            account, _FLOWS[flow], flow_id=flow, sub_account_id=sub, msisdn=person, submitted_at=at
        )
        for flow, sub, person, at in rows
    ]
    db.run_now(record_all, kept)

    for selection in selections:
        expected = sorted(
            (each for each in kept if _wanted(each, selection)), key=store.place_of, reverse=True
        )
        assert walk(db, account, selection, limit) == expected
        total = db.read_now(submissions.count, account, selection)
        assert total == submissions.Total(len(expected), True)


def test_a_walk_meets_every_submission_once_while_others_come_and_go(db: Database) -> None:
    account = new_account(db)
    before = [submission(account, "channel", submitted_at=at) for at in (1, 2, 2, 2, 3, 4)]
    db.run_now(record_all, before)
    met: list[str] = []
    after: Position | None = None
    while True:
        page = db.read_now(submissions.list_page, account, EVERYTHING, after, 2)
        met += [each.id for each in page.submissions]
        after = page.next_after
        if after is None:
            break
        db.run_now(submissions.record, submission(account, "channel", submitted_at=9))
        # Gone is what the page ended with, and the next page still begins after it.
        db.run_now(forgetting.forget_submission, account, met[-1], EVERYTHING)

    assert sorted(met) == sorted(each.id for each in before)


def test_where_the_counters_do_not_know_no_more_than_a_thousand_are_counted(db: Database) -> None:
    account = new_account(db)
    db.run_now(insert_many, account, "channel", 1200)

    def counted(selection: Selection) -> submissions.Total:
        return db.read_now(submissions.count, account, selection)

    assert counted(EVERYTHING) == submissions.Total(1200, True)
    assert counted(Selection(since=0)) == submissions.Total(1000, False)
    assert counted(Selection(since=201 * 60_000)) == submissions.Total(1000, True)
    assert counted(Selection(since=200 * 60_000)) == submissions.Total(1000, False)


@pytest.mark.parametrize(
    "reach",
    [Selection(channel_ids=frozenset({"other"})), Selection(sub_account_ids=frozenset({"other"}))],
    ids=["channel", "sub-account"],
)
def test_what_is_out_of_reach_is_neither_shown_nor_deleted(db: Database, reach: Selection) -> None:
    account = new_account(db)
    kept = submission(account, "channel")
    db.run_now(submissions.record, kept)

    with pytest.raises(NotFound):
        db.read_now(submissions.get, account, kept.id, reach)
    with pytest.raises(NotFound):
        db.run_now(forgetting.forget_submission, account, kept.id, reach)

    assert walk(db, account, EVERYTHING, 5) == [kept]


def test_what_is_too_old_is_forgotten_in_batches_and_counted_no_more(db: Database) -> None:
    account, other = new_account(db), new_account(db)
    now = clock.now_ms()
    db.run_now(insert_many, account, "channel", 1200)
    young = submission(account, "channel", submitted_at=now - 86_000_000)
    foreign = submission(other, "channel", submitted_at=0)
    db.run_now(record_all, [young, foreign])

    gone: list[int] = []
    while not gone or gone[-1]:
        gone.append(db.run_now(forgetting.forget_old_submissions, account, 1))

    assert sum(gone) == 1200
    assert max(gone) < 1200
    assert walk(db, account, EVERYTHING, 5) == [young]
    assert walk(db, other, EVERYTHING, 5) == [foreign]
    assert db.read_now(submissions.count, account, EVERYTHING) == submissions.Total(1, True)
    assert faults(db) == {}
