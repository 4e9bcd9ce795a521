"""The sample endpoint, run as its documentation says, and the flow it belongs to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.phone import Phone, Reply

from waflows.security import key_pairs

_FOLDER = Path(__file__).resolve().parents[3] / "examples" / "endpoint"
_FLOW = json.loads((_FOLDER / "workshop.json").read_text("utf-8"))
_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"


@pytest.fixture
def phone() -> Iterator[Phone]:
    """A phone that asks a sample endpoint of the test's own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        command = ["-m", "uvicorn", "--app-dir", str(_FOLDER), "workshop:endpoint"]
        process = subprocess.Popen(
            [sys.executable, *command, "--fd", str(number), "--log-level", "warning"],
            env=os.environ
            | {
                "PRIVATE_KEY": key_pairs.private_pem(_KEY, "passphrase").replace("\n", "\\n"),
                "PASSPHRASE": "passphrase",
                "APP_SECRET": _SECRET,
            },
            pass_fds=[number],
        )
        try:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            _wait(url, process)
            yield Phone(url, _KEY.public_key(), _SECRET)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, "the sample endpoint ended"
        assert time.monotonic() < deadline, "the sample endpoint is not ready"
        try:
            httpx2.get(url, trust_env=False, timeout=1)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return


def _ask(phone: Phone, action: str, screen: str | None = None, **data: Any) -> Reply:
    token = data.pop("token", "token-1")
    request = {"version": "3.0", "action": action, "flow_token": token, "data": data}
    return phone.ask(request | ({"screen": screen} if screen else {}))


def _free(reply: Reply) -> dict[str, str]:
    return {one["id"]: one["description"] for one in reply.json["data"]["workshops"]}


def test_seats_are_booked_once_and_the_token_is_dead_afterwards(phone: Phone) -> None:
    opened = _ask(phone, "INIT")
    picked = _ask(phone, "data_exchange", "PICK_WORKSHOP", workshop="glaze", seats="2")
    booked = _ask(phone, "data_exchange", "CONFIRM")
    again = _ask(phone, "data_exchange", "CONFIRM")
    other = _ask(phone, "INIT", token="token-2")

    assert (opened.json["screen"], _free(opened)["glaze"]) == ("PICK_WORKSHOP", "2 seats free")
    assert picked.json["data"] == {"summary": "Glazing, seats: 2"}
    assert booked.json["screen"] == "SUCCESS"
    assert booked.json["data"]["extension_message_response"]["params"] == {
        "flow_token": "token-1",
        "booking": "P-0001",
    }
    assert again.status == 427
    assert "P-0001" in again.response.json()["error_msg"]
    assert _free(other)["glaze"] == "0 seats free"


def test_seats_that_went_meanwhile_lead_back_to_the_choice(phone: Phone) -> None:
    for token in ("token-1", "token-2"):
        chosen = {"workshop": "glaze", "seats": "2", "token": token}
        assert _ask(phone, "data_exchange", "PICK_WORKSHOP", **chosen).json["screen"] == "CONFIRM"
    assert _ask(phone, "data_exchange", "CONFIRM").json["screen"] == "SUCCESS"

    late = _ask(phone, "data_exchange", "CONFIRM", token="token-2")
    too_many = _ask(
        phone, "data_exchange", "PICK_WORKSHOP", workshop="raku", seats="1", token="token-2"
    )
    back = _ask(phone, "BACK", "CONFIRM", token="token-2")

    for reply in (late, too_many, back):
        assert reply.json["screen"] == "PICK_WORKSHOP"
    assert "error_message" in late.json["data"]
    assert "error_message" in too_many.json["data"]
    assert "error_message" not in back.json["data"]


def test_every_answer_fits_the_flow(phone: Phone) -> None:
    models = {screen["id"]: screen.get("data", {}) for screen in _FLOW["screens"]}
    chosen = {"workshop": "wheel", "seats": "1"}

    for reply in (
        _ask(phone, "INIT"),
        _ask(phone, "data_exchange", "PICK_WORKSHOP", **chosen),
        _ask(phone, "BACK", "CONFIRM"),
    ):
        assert reply.json["data"].keys() == models[reply.json["screen"]].keys()


def test_the_flow_asks_for_what_the_endpoint_handles() -> None:
    sending = [
        (screen["id"], set(part["on-click-action"]["payload"]))
        for screen in _FLOW["screens"]
        for part in screen["layout"]["children"]
        if part["type"] == "Footer"
    ]

    assert sending == [("PICK_WORKSHOP", {"workshop", "seats"}), ("CONFIRM", set())]
    assert set(_FLOW["routing_model"]) == {screen["id"] for screen in _FLOW["screens"]}
