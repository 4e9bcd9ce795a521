"""Requests are cut so that a parser is given one at a time, wherever the bytes were split."""

from __future__ import annotations

import itertools

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.http.framing import CHUNKED_PIECE_BYTES, Framing


class _Reader:
    """A parser behind a framing; notes the requests and how many began in one piece."""

    def __init__(self) -> None:
        self.framing = Framing()
        self.parser = httptools.HttpRequestParser(self)
        self.bodies: list[bytes] = []
        self.pieces: list[int] = []
        self._begun = 0
        self._length: int | None = 0

    def read(self, data: bytes) -> None:
        start = 0
        while start < len(data):
            end = self.framing.end_of_piece(data, start)
            assert start < end <= len(data)
            self._begun = 0
            self.parser.feed_data(data[start:end])
            assert self._begun <= 1
            self.pieces.append(end - start)
            start = end

    def on_message_begin(self) -> None:
        self._begun += 1
        self._length = 0
        self.bodies.append(b"")

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"Content-Length":
            self._length = int(value)
        elif name == b"Transfer-Encoding":
            self._length = None

    def on_headers_complete(self) -> None:
        self.framing.begin_body(self._length)

    def on_body(self, body: bytes) -> None:
        self.bodies[-1] += body

    def on_message_complete(self) -> None:
        self.framing.end_body()


def _request(body: bytes, chunk: int | None, trailer: bool) -> bytes:
    head = b"POST /a HTTP/1.1\r\nHost: a\r\n"
    if chunk is None:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    parts = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    end = b"0\r\nX: y\r\n\r\n" if trailer else b"0\r\n\r\n"
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + end


_BODIES = st.lists(st.sampled_from([b"\r\n", b"\r\n\r\n", b"\n", b"GET / HTTP/1.1\r\n\r\n", b"x"]))
_REQUESTS = st.lists(
    st.tuples(_BODIES.map(b"".join), st.none() | st.integers(1, 9), st.booleans()), max_size=8
)


@given(_REQUESTS, st.lists(st.integers(0, 600), max_size=12))
def test_no_piece_begins_two_requests_and_none_is_changed(
    requests: list[tuple[bytes, int | None, bool]], cuts: list[int]
) -> None:
    sent = b"\r\n".join(_request(*each) for each in requests)
    reader = _Reader()
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    for start, end in itertools.pairwise(places):
        reader.read(sent[start:end])
    assert reader.bodies == [body for body, _, _ in requests]


@pytest.mark.parametrize("lines", [b"\r\n" * 5000, b"\r\n\r\n" * 3000])
def test_empty_lines_before_a_request_count_as_its_head(lines: bytes) -> None:
    reader = _Reader()
    reader.read(lines)
    assert reader.framing.head_bytes == len(lines)
    assert reader.bodies == []


def test_a_chunked_body_is_cut_into_pieces_of_a_bounded_size() -> None:
    reader = _Reader()
    reader.read(_request(b"x" * 50_000, 1, trailer=False))
    assert max(reader.pieces) == CHUNKED_PIECE_BYTES
    assert reader.bodies == [b"x" * 50_000]


def test_a_body_of_known_length_is_one_piece() -> None:
    reader = _Reader()
    reader.read(_request(b"\r\n\r\n" * 10_000, None, trailer=False))
    assert len(reader.pieces) == 2
