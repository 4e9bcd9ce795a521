"""The endpoint in the documentation does what is said there."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.endpoints import serving
from harness.phone import Phone

from waflows.security import key_pairs

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "endpoints.md"
_BLOCKS = re.findall(r"^```python\n(.*?)^```", _PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_smallest_endpoint_serves_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(65537, 2048)
    monkeypatch.setenv("PRIVATE_KEY", key_pairs.private_pem(key, "passphrase"))
    monkeypatch.setenv("PASSPHRASE", "passphrase")
    monkeypatch.setenv("APP_SECRET", "app-secret")
    module: dict[str, Any] = {"__name__": "booking"}
    exec(compile(_BLOCKS[0], "booking.py", "exec", dont_inherit=True), module)

    with serving(module["endpoint"]) as url:
        phone = Phone(url, key.public_key(), "app-secret")
        opened = phone.ask({"action": "INIT", "flow_token": "t"})
        request = {"action": "data_exchange", "screen": "PICK_DAY", "flow_token": "t"}
        refused = phone.ask(request | {"data": {"day": "sun"}})
        done = phone.ask(request | {"data": {"day": "mon"}})

    assert opened.json["screen"] == "PICK_DAY"
    assert refused.json["data"]["error_message"] == "That day is taken."
    params = done.json["data"]["extension_message_response"]["params"]
    assert params == {"flow_token": "t", "day": "mon"}


@pytest.mark.parametrize("block", _BLOCKS[1:], ids=itertools.count())
def test_every_other_example_is_a_program(block: str) -> None:
    exec(compile(block, "example.py", "exec", dont_inherit=True), {"__name__": "example"})
