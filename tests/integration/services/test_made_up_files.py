"""An endpoint gets the files of a simulated phone as it would get them from WhatsApp."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import pywa.utils
from harness.servers import Tenant, client, opened

from waflows.endpoint import MediaValue
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.services.endpoint import made_up_files

_SECRET = bytes(range(32))


def _file(name: str, number: int = 1) -> dict[str, Any]:
    """A picked file as the machine puts it into a request."""
    return {
        "media_id": f"media-{number}",
        "cdn_url": "",
        "file_name": name,
        "encryption_metadata": {},
    }


def _filled(*files: dict[str, Any], base_url: str = "http://127.0.0.1:1") -> list[dict[str, Any]]:
    data = made_up_files.fill_in({"receipts": list(files)}, _SECRET, base_url)
    found: list[dict[str, Any]] = data["receipts"]
    return found


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("beach.jpg", b"\x89PNG\r\n\x1a\n"),
        ("contract.pdf", b"%PDF-1.4"),
        ("notes.txt", b"This file stands in"),
        ("no ending", b"This file stands in"),
    ],
    ids=["picture", "pdf", "text", "no ending"],
)
def test_a_picked_file_comes_with_a_link_and_what_decrypts_it(name: str, head: bytes) -> None:
    (filled,) = _filled(_file(name))

    token = filled["cdn_url"].removeprefix("http://127.0.0.1:1/media/")
    cdn_file = made_up_files.cdn_file(_SECRET, token)
    assert cdn_file is not None
    content = msgspec.convert(filled, MediaValue).open(cdn_file)
    assert content.startswith(head)
    assert (filled["media_id"], filled["file_name"]) == ("media-1", name)
    # Read by code that is not ours too.
    assert (
        pywa.utils._flow_request_media_decryptor(cdn_file, filled["encryption_metadata"]) == content
    )


def test_each_file_has_keys_of_its_own() -> None:
    first, second = _filled(_file("a.txt", 1), _file("a.txt", 2))

    for name in ("encryption_key", "hmac_key", "iv"):
        assert first["encryption_metadata"][name] != second["encryption_metadata"][name]
    assert first["cdn_url"] != second["cdn_url"]


def test_only_files_without_a_link_are_filled_in_wherever_they_are() -> None:
    linked = _file("a.txt") | {"cdn_url": "https://cdn.example.org/1"}
    data: dict[str, Any] = {
        "name": "Ines",
        "one": _file("b.txt"),
        "deep": {"list": [linked, _file("c.txt"), 7]},
    }
    filled = made_up_files.fill_in(data, _SECRET, "https://flows.example.org/")

    assert filled["name"] == "Ines"
    assert filled["one"]["cdn_url"].startswith("https://flows.example.org/media/")
    kept, made, number = filled["deep"]["list"]
    assert (kept, number) == (linked, 7)
    assert made["encryption_metadata"]["plaintext_hash"]
    assert data["one"]["cdn_url"] == "", "what was given is left as it is"


def test_a_link_ends_after_twenty_days_and_cannot_be_made_up() -> None:
    (filled,) = _filled(_file("a.txt"))
    token = filled["cdn_url"].rpartition("/")[2]
    expires, kind, nonce, mac = token.split(".")

    assert made_up_files.cdn_file(bytes(32), token) is None
    for forged in (
        f"{int(expires) + 1}.{kind}.{nonce}.{mac}",
        f"{expires}.image.{nonce}.{mac}",
        f"{expires}.{kind}.{'0' * 32}.{mac}",
        f"{expires}.other.{nonce}.{mac}",
        "",
        "1.2.3.4",
    ):
        assert made_up_files.cdn_file(_SECRET, forged) is None
    try:
        clock.advance(made_up_files.LIFE_SECONDS * 1000 - 60_000)
        assert made_up_files.cdn_file(_SECRET, token) is not None
        clock.advance(120_000)
        assert made_up_files.cdn_file(_SECRET, token) is None
    finally:
        clock.reset()


def test_the_server_serves_the_file_at_its_link_without_a_key(server: Tenant) -> None:
    with opened(server.database_url) as db:
        secret = db.run_now(accounts.instance_secret)
    data = made_up_files.fill_in({"file": _file("a.pdf")}, secret, server.url)

    with client(server.url) as nobody:
        answer = nobody.get(data["file"]["cdn_url"])
        assert answer.headers["content-type"] == "application/octet-stream"
        value = msgspec.convert(data["file"], MediaValue)
        assert value.open(answer.content).startswith(b"%PDF")
        assert nobody.get("/media/nonsense").status_code == 404
