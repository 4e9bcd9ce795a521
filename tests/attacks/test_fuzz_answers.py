"""Whatever an endpoint answers, and whatever is presented as a token, has an outcome, and soon."""

from __future__ import annotations

import base64
import json
import os
import time
from typing import Any, get_args

import hypothesis
import msgspec
import pytest
from harness.fuzzing import bounded
from hypothesis import given
from hypothesis import strategies as st

from waflows.security import flow_crypto, flow_tokens, keys, links, sessions
from waflows.security.flow_crypto import ExchangeKeys
from waflows.upstream import answers
from waflows.upstream.calls import HttpAnswer

MOST_SECONDS = 1.0
"""Of processor time, for one answer or token."""
_SOAK_SECONDS = float(os.environ.get("WAFLOWS_FUZZ_SECONDS", "300"))
_KEYS = ExchangeKeys(b"k" * 16, b"i" * 16)
_SECRET = b"s" * 32
_READERS = {
    "ping": answers.read_ping,
    "acknowledgement": answers.read_acknowledgement,
    "screen": answers.screen_reader("token-1"),
}
_NAMES = [
    "screen", "data", "status", "acknowledged", "error_msg", "error_message", "version", "action",
    "extension_message_response", "params", "flow_token", "SUCCESS", "active", "token-1",
]  # fmt: skip

_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(1, 6000).map(lambda digits: 10**digits)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(_NAMES)
)
_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=15,
)
_shaped = st.fixed_dictionaries(
    {},
    optional={
        "screen": st.sampled_from(["SUCCESS", "NEXT", ""]) | _values,
        "data": st.fixed_dictionaries(
            {},
            optional={
                "extension_message_response": st.fixed_dictionaries(
                    {}, optional={"params": _values | st.just({"flow_token": "token-1"})}
                )
                | _values,
                "status": st.just("active") | _values,
                "acknowledged": _values,
                "error_message": _values,
            },
        )
        | _values,
        "error_msg": _values,
    },
)
_fields = st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=5), _values, max_size=4)
_completed = _fields.map(lambda more: {"params": {"flow_token": "token-1", **more}})
_right = st.one_of(
    _fields.map(lambda data: {"screen": "NEXT", "data": data}),
    _completed.map(
        lambda response: {"screen": "SUCCESS", "data": {"extension_message_response": response}}
    ),
    st.sampled_from([{"data": {"status": "active"}}, {"data": {"acknowledged": True}}]),
)


def _written(value: Any) -> bytes:
    try:
        return json.dumps(value).encode("utf-8", "surrogatepass")
    except ValueError:  # an integer with too many digits to be written
        return b'{"data": ' + b"9" * 6000 + b"}"


def _sealed(payload: bytes) -> bytes:
    return flow_crypto.seal_answer(_KEYS, payload)


_deep = st.sampled_from([b"[", b'{"a":', b'"', b"[[],"]).flatmap(
    lambda part: st.integers(1, 40_000).map(lambda times: part * times)
)
_payloads = (_right | _shaped | _values).map(_written) | st.binary(max_size=300) | _deep
_bodies = st.one_of(
    _payloads.map(_sealed),
    _right.map(_written).map(_sealed),
    _payloads,
    _payloads.map(base64.b64encode),
    _payloads.map(lambda p: flow_crypto.seal_answer(ExchangeKeys(b"k" * 16, b"j" * 16), p)),
    _payloads.map(lambda p: json.dumps(flow_crypto.seal_answer(_KEYS, p).decode()).encode()),
    st.tuples(_payloads, st.integers(0, 60)).map(
        lambda drawn: flow_crypto.seal_answer(_KEYS, drawn[0])[: -drawn[1] or None]
    ),
)
_headers = st.dictionaries(
    st.sampled_from(["content-encoding", "content-type", "location", "retry-after"]),
    st.sampled_from(["", "gzip", "identity", "IDENTITY", "application/json"]) | st.text(max_size=9),
    max_size=3,
)
_statuses = (
    st.just(200) | st.sampled_from([200, 204, 302, 400, 421, 427, 432, 500]) | st.integers(100, 599)
)
_tokens = st.one_of(
    st.text(max_size=80),
    st.from_regex(r"[0-9]{1,20}\.[0-9]{1,20}\.[\w-]{43}", fullmatch=True),
    st.from_regex(r"[0-9a-z-]{1,40}\.[0-9a-z]{1,12}\.[0-9]{1,20}\.[\w-]{43}", fullmatch=True),
    st.from_regex(r"wf_[0-9a-z]{0,14}_[\w-]{0,50}", fullmatch=True),
    st.from_regex(r"wf[a-z]{0,3}[._-][\w-]{0,80}", fullmatch=True),
    st.integers(1, 6000).map(lambda digits: f"{'9' * digits}.{'9' * digits}.{'a' * 43}"),
)


def _read_answer(status: int, headers: dict[str, str], body: bytes, reader: str) -> None:
    answer = HttpAnswer(status, headers, body, 0.1)
    outcome, shown = answers.read(answer, _KEYS, _READERS[reader])
    assert isinstance(outcome, get_args(answers.Outcome))
    # What is kept of an exchange can be written.
    msgspec.json.encode((outcome, shown))
    answers.excerpt(answer)


def _read_token(token: str) -> None:
    assert sessions.read(_SECRET, token, 0) is None
    assert links.read_media_token(_SECRET, token, 0) is None
    claim = links.read_download_token(token)
    assert claim is None or not links.download_is_genuine(_SECRET, token, "a", "1", claim)
    assert flow_tokens.read(_SECRET, "account", token) in {"foreign", "forged"}
    key_id = keys.id_of(token)
    assert key_id is None or key_id in token
    assert not keys.matches(_SECRET, token, keys.digest(_SECRET, "another"))
    assert not flow_crypto.is_flow_token_signed(["secret"], "token", token)
    assert not flow_crypto.is_signed(["secret"], b"body", token)


_BOUNDED = bounded(200)


def _check(seed: int) -> None:
    """One round: as many examples of each kind as the settings say."""

    @hypothesis.seed(seed)
    @_BOUNDED
    @given(_statuses, _headers, _bodies, st.sampled_from(sorted(_READERS)))
    def read_answers(status: int, headers: dict[str, str], body: bytes, reader: str) -> None:
        started = time.process_time()
        _read_answer(status, headers, body, reader)
        assert time.process_time() - started < MOST_SECONDS

    @hypothesis.seed(seed)
    @_BOUNDED
    @given(_tokens)
    def read_tokens(token: str) -> None:
        started = time.process_time()
        _read_token(token)
        assert time.process_time() - started < MOST_SECONDS

    read_answers()
    read_tokens()


def test_whatever_an_endpoint_answers_or_a_token_says_has_an_outcome() -> None:
    _check(seed=0)


@pytest.mark.soak
def test_for_five_minutes_whatever_is_answered_or_presented_has_an_outcome_and_soon() -> None:
    ends = time.monotonic() + _SOAK_SECONDS
    first = rounds = int(os.environ.get("WAFLOWS_FUZZ_SEED", str(time.time_ns() % 2**32)))
    while time.monotonic() < ends:
        _check(seed=rounds)
        rounds += 1
    print(f"{rounds - first} rounds of {_BOUNDED.max_examples} examples of each kind from {first}")
