"""What a process remembers of lists, and for how long."""

from __future__ import annotations

import asyncio

from waflows.http.memory import KeptList, Key, ListMemory, memory_key
from waflows.services import clock


def _key(path: bytes = b"/flows", authorization: bytes = b"Bearer a", **more: object) -> Key:
    scope = {
        "raw_path": path,
        "query_string": b"",
        "scheme": "http",
        "client": ("192.0.2.1", 1),
        "headers": [],
    }
    return memory_key(scope | more, {b"authorization": authorization, b"host": b"localhost"})


def _kept(body: bytes = b"{}", expires_at: int | None = None) -> KeptList:
    return KeptList(
        body=body,
        headers=[],
        headers_unchanged=[],
        head=b"",
        head_unchanged=b"",
        etag=b'"tag"',
        account_id="account",
        key="abcdef",
        route="/flows",
        expires_at=expires_at,
    )


def test_a_list_is_found_under_the_stamp_it_was_read_with_and_no_other() -> None:
    lists = ListMemory()
    lists.end(_key(), 7, _kept())

    assert lists.find(_key(), 7) == _kept()
    assert lists.find(_key(), 8) is None
    assert lists.find(_key(), None) is None


def test_nothing_is_kept_while_changes_cannot_be_known() -> None:
    lists = ListMemory()
    lists.end(_key(), None, _kept())

    assert lists.find(_key(), None) is None


def test_address_key_and_scheme_each_have_a_list_of_their_own() -> None:
    keys = {
        _key(),
        _key(b"/others"),
        _key(authorization=b"Bearer b"),
        _key(query_string=b"limit=1"),
        _key(scheme="https"),
    }

    assert len(keys) == 5
    assert not any(b"Bearer" in part for key in keys for part in key if isinstance(part, bytes))


def test_a_list_lives_no_longer_than_the_key_it_was_read_with() -> None:
    assert not _kept().has_expired()
    assert not _kept(expires_at=clock.now_ms() + 60_000).has_expired()
    assert _kept(expires_at=clock.now_ms()).has_expired()


def test_those_who_ask_while_a_changed_list_is_read_get_what_is_read() -> None:
    async def scene() -> list[KeptList | None]:
        lists = ListMemory()
        lists.end(_key(), 1, _kept(b"old"))
        lists.begin(_key(), 2)
        others = [asyncio.create_task(lists.join(_key(), 2)) for _ in range(3)]
        stranger = asyncio.create_task(lists.join(_key(), 3))
        await asyncio.sleep(0)
        assert await stranger is None, "it asked after another change"
        assert not any(other.done() for other in others)
        others[0].cancel()
        lists.end(_key(), 2, _kept(b"new"))
        return await asyncio.gather(*others[1:])

    assert asyncio.run(scene()) == [_kept(b"new")] * 2


def test_nobody_waits_for_a_list_that_could_not_be_read() -> None:
    async def scene() -> None:
        lists = ListMemory()
        lists.end(_key(), 1, _kept(b"old"))
        lists.begin(_key(), 2)
        other = asyncio.create_task(lists.join(_key(), 2))
        await asyncio.sleep(0)
        lists.end(_key(), 2, None)
        assert await other is None
        assert await lists.join(_key(), 2) is None

    asyncio.run(scene())


def test_a_full_memory_forgets_what_was_read_longest_ago() -> None:
    lists = ListMemory()
    megabyte = b"x" * 2**20
    for number in range(40):
        lists.end(_key(b"/%d" % number), 1, _kept(megabyte))
        lists.end(_key(b"/0"), 1, _kept(megabyte))

    assert lists.find(_key(b"/0"), 1) is not None
    assert lists.find(_key(b"/1"), 1) is None
    assert lists.find(_key(b"/39"), 1) is not None
    kept = [number for number in range(40) if lists.find(_key(b"/%d" % number), 1)]
    assert len(kept) == 32
