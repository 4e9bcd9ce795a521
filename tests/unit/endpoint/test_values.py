"""Requests of any form are read or refused, and never crash."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from waflows.endpoint import UnfitData, values

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_FIELDS = ["action", "version", "screen", "data", "flow_token", "flow_token_signature"]
_ACTIONS = st.sampled_from(["ping", "INIT", "data_exchange", "BACK", "navigate", ""])
_ERRORS = st.fixed_dictionaries(
    {}, optional={"error": _JSON, "error_key": _JSON, "error_message": _JSON}
)


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON) | _JSON)
@settings(deadline=None)
def test_a_request_is_read_or_refused(value: Any) -> None:
    try:
        wire = values.read(json.dumps(value).encode())
    except UnfitData:
        return

    request = values.request_in(wire)
    assert request.data == (value.get("data") or {})
    assert request.screen != ""


@given(_ACTIONS, st.sampled_from(sorted(values.ERROR_KEYS)) | st.text(), _ERRORS)
@settings(deadline=None)
def test_only_known_keys_with_a_text_make_a_notification(
    action: str, key: str, data: dict[str, Any]
) -> None:
    wire = values.read(json.dumps({"action": action, "data": {"error": key, **data}}).encode())

    notice = values.notice_in(wire)

    if notice is not None:
        assert notice.key in values.ERROR_KEYS
        assert notice.message == data["error_message"]
        assert action in {"INIT", "data_exchange", "navigate"}
