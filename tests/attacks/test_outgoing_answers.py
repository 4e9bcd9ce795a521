"""What an endpoint or a token server answers is not decoded before its values were counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.attack import attacked, watched
from harness.databases import new_sqlite
from harness.endpoints import serving
from harness.faulty_endpoint import MISTAKES, FaultyEndpoint

from waflows.security import key_pairs

_TIMES = 300
_SECRET = "an-app-secret"
_FLOW = {
    "version": "7.3",
    "data_api_version": "4.0",
    "routing_model": {"FIRST": []},
    "screens": [
        {
            "id": "FIRST",
            "title": "First",
            "terminal": True,
            "data": {},
            "layout": {"type": "SingleColumnLayout", "children": []},
        }
    ],
}
_LARGE = b'{"screen": "FIRST", "data": {"a": [' + b"[]," * 2_500_000 + b"[]]}}"
"""As large as an answer may be, and two and a half million lists."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[str, FaultyEndpoint]]:
    """An endpoint that answers what it is given, and where it is."""
    endpoint = FaultyEndpoint(rsa.generate_private_key(65537, 2048), _SECRET)
    endpoint.answer = _LARGE
    MISTAKES["large-in-the-clear"] = lambda _: _LARGE
    with serving(endpoint.app) as url:
        yield url, endpoint
    del MISTAKES["large-in-the-clear"]


@pytest.mark.parametrize(
    ("path", "says"), [("", "too many values"), ("/large-in-the-clear", "not Base64")]
)
def test_ten_megabytes_of_lists_from_an_endpoint_stop_nobody(
    tmp_path: Path, endpoint: tuple[str, FaultyEndpoint], path: str, says: str
) -> None:
    url, faulty = endpoint
    with attacked(tmp_path, new_sqlite(tmp_path), dev=True) as target:
        tenant = target.attacker
        key = f"/api/v1/accounts/{tenant.account_id}/channels/{tenant.channel_id}/endpointKey"
        public = key_pairs.public_pem(faulty.private_key.public_key())
        installed = tenant.http.post(key, json={"publicKey": public, "appSecret": _SECRET})
        assert installed.status_code == 200, installed.text
        flow = tenant.create("Asks", flowJson=json.dumps(_FLOW), endPointUri=f"{url}{path}")

        with watched(target) as watch:
            with watch.attack():
                found = [
                    tenant.http.post(f"{tenant.flows}/{flow}/examination", json={}).json()
                    for _ in range(2)
                ]

            for each in found:
                failed = [check for check in each["checks"] if check["state"] == "failed"]
                assert says in failed[-1]["message"], each
            # The answer itself is there for a moment: as it came, decoded from Base64, decrypted.
            print(watch.figures())
            watch.assert_undisturbed(times=_TIMES)
