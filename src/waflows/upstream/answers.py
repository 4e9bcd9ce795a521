"""From an endpoint's HTTP answer to what it means for the phone, with the step at which it fails.

Pure. Source of the rules: Meta's "Implementing Endpoint for Flows" and "Error codes" pages; the
guesses about what an undecryptable answer really is come from the mistakes people make.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from waflows import bounds
from waflows.security import flow_crypto
from waflows.security.flow_crypto import NOT_JSON, CannotOpen, ExchangeKeys
from waflows.upstream.calls import Answer

SUCCESS = "SUCCESS"
"""The reserved screen by which an endpoint completes a flow."""
UNDECRYPTABLE, TOKEN_DEAD, BAD_SIGNATURE = 421, 427, 432

MOST_VALUES = 100_000
"""So many values an answer may hold; more are not decoded."""
_TOO_MANY_VALUES = (
    f"The answer holds too many values: at most {MOST_VALUES:,} commas, opening brackets and"
    " opening braces outside of strings."
)
_TAG_BYTES = 16


class Step(StrEnum):
    """The steps of an exchange, in their order."""

    URL = "url"
    KEY = "key"
    DNS = "dns"
    ADDRESS = "address"
    CONNECT = "connect"
    TLS = "tls"
    HTTP = "http"
    SIGNATURE = "signature"
    RSA = "rsa"
    BASE64 = "base64"
    AES = "aes"
    JSON = "json"
    SHAPE = "shape"


class Active(msgspec.Struct, frozen=True, tag=True):
    """The endpoint says it is in order."""


class NextScreen(msgspec.Struct, frozen=True, tag=True):
    """Show this screen, with this data.

    Whether the routing model allows the screen and the data fits its model is for the runtime to
    say. `error_message`, to be shown over the screen, is in `data` as well.
    """

    screen: str
    data: dict[str, Any]
    error_message: str | None = None


class Completed(msgspec.Struct, frozen=True, tag=True):
    """The flow is done; `params` become the answer message."""

    params: dict[str, Any]


class Acknowledged(msgspec.Struct, frozen=True, tag=True):
    """The endpoint took note of an error."""


class TokenDead(msgspec.Struct, frozen=True, tag=True):
    """The flow token is no longer valid: the flow stays closed, its message's button is dead."""

    message: str | None
    """What the endpoint wants the user to be told."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The exchange failed; the user sees a general error."""

    step: Step
    error_key: str
    """The documented key of the error, for the metrics and for a notification."""
    message: str
    """For the endpoint's owner."""


Outcome = Active | NextScreen | Completed | Acknowledged | TokenDead | Failed

Reader = Callable[[dict[str, Any]], Outcome]


def read(answer: Answer, keys: ExchangeKeys, reader: Reader) -> tuple[Outcome, Any]:
    """What an answer means, and its JSON in the clear as far as it could be read."""
    if answer.status == TOKEN_DEAD:
        body = _token_dead_body(answer.body, keys)
        text = body.get("error_msg") if isinstance(body, dict) else None
        return TokenDead(text if isinstance(text, str) else None), body
    if answer.status != 200:
        return _refusal(answer), None
    encoding = answer.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        message = f"The answer is compressed ({encoding}), which was not asked for."
        return _undecipherable(Step.BASE64, message), None
    if not answer.body.strip():
        return _undecipherable(Step.BASE64, "The answer is empty."), None
    try:
        payload = flow_crypto.open_answer(keys, answer.body)
    except CannotOpen as error:
        message = _mistake(keys, answer.body) or error.message
        return _undecipherable(Step(error.step), message), None
    if bounds.holds_more_values(payload, MOST_VALUES):
        return _unfit(_TOO_MANY_VALUES, Step.JSON), None
    try:
        body = msgspec.json.decode(payload)
    except NOT_JSON as error:
        return _unfit(f"The decrypted answer is not JSON: {error}.", Step.JSON), None
    if not isinstance(body, dict):
        return _unfit("The decrypted answer is not a JSON object."), body
    return reader(body), body


def read_ping(body: dict[str, Any]) -> Outcome:
    """The answer to a health check."""
    data = body.get("data")
    if isinstance(data, dict) and data.get("status") == "active":
        return Active()
    return _unfit('A health check is answered with {"data": {"status": "active"}}.')


def read_acknowledgement(body: dict[str, Any]) -> Outcome:
    """The answer to an error notification."""
    data = body.get("data")
    if isinstance(data, dict) and data.get("acknowledged") is True:
        return Acknowledged()
    return _unfit('An error notification is answered with {"data": {"acknowledged": true}}.')


def screen_reader(flow_token: str) -> Reader:
    """Reads the answer to INIT, data_exchange and BACK of a flow with this token."""

    def read_screen(body: dict[str, Any]) -> Outcome:
        screen, data = body.get("screen"), body.get("data")
        if not isinstance(screen, str) or not screen:
            return _unfit("The answer has no `screen`: expected the id of the screen to show.")
        if not isinstance(data, dict):
            return _unfit("The answer has no `data`: expected an object, empty if need be.")
        if screen == SUCCESS:
            return _completion(data, flow_token)
        text = data.get("error_message")
        if text is not None and not isinstance(text, str):
            return _unfit("`data.error_message` is not text.")
        return NextScreen(screen, data, text)

    return read_screen


def _completion(data: dict[str, Any], flow_token: str) -> Outcome:
    response = data.get("extension_message_response")
    params = response.get("params") if isinstance(response, dict) else None
    if not isinstance(params, dict):
        return _unfit(
            "SUCCESS comes without `data.extension_message_response.params`,"
            " which hold the answer of the flow."
        )
    # An answer under another token would be counted for another message.
    if params.get("flow_token") != flow_token:
        return _unfit("`params.flow_token` is not the flow token of the request.")
    return Completed(params)


def _refusal(answer: Answer) -> Failed:
    """What a status other than 200 and 427 says."""
    if answer.status == UNDECRYPTABLE:
        return Failed(
            Step.RSA,
            "business-decryption-error",
            "The endpoint says twice, the key read anew, that it cannot decrypt the request (421).",
        )
    if answer.status == BAD_SIGNATURE:
        return Failed(
            Step.SIGNATURE,
            "unexpected_http_status_code",
            "The endpoint says that the signature of the request is wrong (432).",
        )
    message = f"The endpoint answered with the HTTP status {answer.status} instead of 200."
    if 300 <= answer.status < 400:
        message = f"The endpoint answered with a redirect ({answer.status}), which is not followed."
    return Failed(Step.HTTP, "unexpected_http_status_code", message)


def _undecipherable(step: Step, message: str) -> Failed:
    return Failed(step, "response-decryption-error", message)


def _unfit(message: str, step: Step = Step.SHAPE) -> Failed:
    return Failed(step, "payload-schema-error", message)


def _token_dead_body(body: bytes, keys: ExchangeKeys) -> Any:
    """Documented in the clear, encrypted in Meta's own example: both are read."""
    try:
        return _decoded_json(body)
    except NOT_JSON:
        pass
    try:
        return _decoded_json(flow_crypto.open_answer(keys, body))
    except (CannotOpen, *NOT_JSON):
        return None


def _mistake(keys: ExchangeKeys, body: bytes) -> str | None:
    """The well-known mistake by which an answer does not decrypt, if it is one of those."""
    if _opens(keys, body):
        return "The answer is not Base64: the encrypted bytes were sent as they are."
    body = body.strip()
    if body.startswith(b"<"):
        return "The answer is a web page: another program answers at this URL."
    if body[:1] in b'"{[':
        return _mistake_in_json(keys, body)
    for raw in (_decoded(body), _decoded(body.translate(_URL_ALPHABET))):
        if raw is not None:
            return _mistake_in_bytes(keys, raw)
    return None


_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")


def _mistake_in_json(keys: ExchangeKeys, body: bytes) -> str | None:
    try:
        value = _decoded_json(body)
    except NOT_JSON:
        return None
    texts = value.values() if isinstance(value, dict) else [value]
    for text in texts:
        if isinstance(text, str) and _opens(keys, _decoded(text.encode()) or b""):
            return (
                "The Base64 text is wrapped in JSON:"
                " send it as it is, as text/plain, without quotes."
            )
    return "The answer is plain JSON: it must be encrypted, as every answer with status 200."


def _mistake_in_bytes(keys: ExchangeKeys, raw: bytes) -> str | None:
    if _opens(keys, raw):
        return "The answer is in another kind of Base64: use the standard alphabet with padding."
    if _opens(ExchangeKeys(keys.aes_key, keys.answer_iv), raw):
        return "The answer is encrypted with the request's IV: flip every bit of it (XOR 0xFF)."
    if _opens(keys, raw[_TAG_BYTES:] + raw[:_TAG_BYTES]):
        return "The tag stands before the encrypted bytes: it must stand behind them."
    decryptor = Cipher(algorithms.AES(keys.aes_key), modes.GCM(keys.answer_iv)).decryptor()
    if _is_json(decryptor.update(raw)):
        return "The tag is missing: append its 16 bytes to the encrypted bytes, before Base64."
    return None


def _opens(keys: ExchangeKeys, raw: bytes) -> bool:
    if len(raw) < _TAG_BYTES:
        return False
    tag = raw[-_TAG_BYTES:]
    decryptor = Cipher(algorithms.AES(keys.aes_key), modes.GCM(keys.answer_iv, tag)).decryptor()
    try:
        decryptor.update(raw[:-_TAG_BYTES])
        decryptor.finalize()
    except InvalidTag:
        return False
    return True


def _is_json(text: bytes) -> bool:
    try:
        _decoded_json(text)
    except NOT_JSON:
        return False
    return True


def _decoded_json(text: bytes) -> Any:
    """A JSON text decoded; raises what is among `NOT_JSON`, for one of too many values too."""
    if bounds.holds_more_values(text, MOST_VALUES):
        raise msgspec.DecodeError(_TOO_MANY_VALUES)
    return msgspec.json.decode(text)


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None
