"""Signatures of webhooks, against the example of the specification."""

from __future__ import annotations

import base64

from waflows.security import webhook_signatures


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = webhook_signatures.headers(
        [secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_secret_signs_and_without_one_there_is_no_signature() -> None:
    signed = webhook_signatures.headers([b"new", b"old"], "id", 1, b"{}")
    both = [webhook_signatures.headers([one], "id", 1, b"{}") for one in (b"new", b"old")]
    assert signed["webhook-signature"] == " ".join(one["webhook-signature"] for one in both)
    assert "webhook-signature" not in webhook_signatures.headers([], "id", 1, b"{}")
