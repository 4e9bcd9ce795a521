"""From an endpoint's HTTP answer to what it means for the phone, with the step at which it fails.

Pure. Source of the rules: Meta's "Implementing Endpoint for Flows" and "Error codes" pages; the
guesses about what an undecryptable answer really is come from the mistakes people make.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from waflows import bounds
from waflows.security import endpoint_mistakes, flow_crypto
from waflows.security.endpoint_mistakes import AnswerMistake
from waflows.security.flow_crypto import NOT_JSON, CannotOpen, ExchangeKeys
from waflows.upstream.calls import HttpAnswer

SUCCESS = "SUCCESS"
"""The reserved screen by which an endpoint completes a flow."""
UNDECRYPTABLE, TOKEN_DEAD, BAD_SIGNATURE = 421, 427, 432

MOST_VALUES = 100_000
"""So many values an answer may hold; more are not decoded."""
_TOO_MANY_VALUES = (
    f"The answer holds too many values: at most {MOST_VALUES:,} commas, opening brackets and"
    " opening braces outside of strings."
)
_EXCERPT_CHARACTERS = 160


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
    """The flow token is no longer valid: the flow closes, and its message's button is disabled."""

    message: str | None
    """The endpoint's message for the user."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The exchange failed; the user sees a general error."""

    step: Step
    error_key: str
    """The documented key of the error, for the metrics and for a notification."""
    message: str
    """For the endpoint's owner."""
    mistakes: tuple[str, ...] = ()
    """The usual mistakes that were recognised, by the names that `cures` knows them by."""


Outcome = Active | NextScreen | Completed | Acknowledged | TokenDead | Failed

Reader = Callable[[dict[str, Any]], Outcome]


def read(answer: HttpAnswer, keys: ExchangeKeys, reader: Reader) -> tuple[Outcome, Any]:
    """What an answer means, and its JSON in the clear as far as it could be read."""
    if answer.status == TOKEN_DEAD:
        body = _token_dead_body(answer.body, keys)
        text = body.get("error_msg") if isinstance(body, dict) else None
        return TokenDead(text if isinstance(text, str) else None), body
    if answer.status != 200:
        return _refusal(answer, keys), None
    encoding = answer.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        message = f"The answer is compressed ({encoding}), which was not asked for."
        return _undecipherable(Step.BASE64, message), None
    if not answer.body.strip():
        return _undecipherable(Step.BASE64, "The answer is empty."), None
    try:
        payload = flow_crypto.open_answer(keys, answer.body)
    except CannotOpen as error:
        return _unopened(answer.body, keys, error), None
    if bounds.holds_more_values(payload, MOST_VALUES):
        return _unfit(_TOO_MANY_VALUES, Step.JSON), None
    try:
        body = msgspec.json.decode(payload)
    except NOT_JSON as error:
        return _unfit(f"The decrypted answer is not JSON: {error}.", Step.JSON), None
    if isinstance(body, str) and _is_json(body.encode()):
        message = "The decrypted answer is a JSON string that holds JSON: it was encoded twice."
        return msgspec.structs.replace(_unfit(message, Step.JSON), mistakes=("double-json",)), body
    if not isinstance(body, dict):
        return _unfit("The decrypted answer is not a JSON object."), body
    return reader(body), body


def read_ping(body: dict[str, Any]) -> Outcome:
    """The answer to a health check."""
    data = body.get("data")
    if isinstance(data, dict) and data.get("status") == "active":
        return Active()
    if body.get("status") == "active":
        return _unfit('The answer to a health check has no `data`: {"data": {"status": "active"}}.')
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


def excerpt(answer: HttpAnswer) -> str:
    """The first line of an answer in the clear, or the title of a page; empty without one."""
    text = answer.body[:_LONGEST_HEAD].decode("utf-8", "ignore")
    title = _TITLE.search(text)
    if title:
        text = title[1]
    elif text.lstrip().startswith("<"):
        text = _TAG.sub(" ", text)
    lines = text.splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    shown = "".join(letter for letter in first if letter.isprintable())
    if len(shown) <= _EXCERPT_CHARACTERS:
        return shown
    return f"{shown[:_EXCERPT_CHARACTERS]}…"


_LONGEST_HEAD = 4096
_TAG = re.compile(r"<[^>]*>")
_TITLE = re.compile(r"<title[^>]*>([^<]+)</title", re.IGNORECASE)


def _refusal(answer: HttpAnswer, keys: ExchangeKeys) -> Failed:
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
    elif endpoint_mistakes.open_answer(keys, answer.body) is not None:
        message += " Its body is an encrypted answer: only the status is wrong."
        return Failed(Step.HTTP, "unexpected_http_status_code", message, ("status",))
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


def _unopened(body: bytes, keys: ExchangeKeys, error: CannotOpen) -> Failed:
    """What is known of an answer that does not decrypt as it should."""
    opened = endpoint_mistakes.open_answer(keys, body)
    if opened is not None:
        # The tag of a health check's answer cannot be right by chance.
        sentences = " ".join(_SENTENCES[mistake] for mistake in opened.mistakes)
        step = Step.BASE64 if opened.mistakes[0] in _OF_THE_ENCODING else Step.AES
        names = tuple(mistake.value for mistake in opened.mistakes)
        return Failed(step, "response-decryption-error", sentences, names)
    step, message, name = _in_the_clear(body.strip()) or (Step(error.step), error.message, "")
    failed = _undecipherable(step, message)
    return msgspec.structs.replace(failed, mistakes=(name,)) if name else failed


def _in_the_clear(body: bytes) -> tuple[Step, str, str] | None:
    """What an answer is instead of an encrypted one: step, sentence and name."""
    if body.startswith(b"<"):
        page = "The answer is a web page: another program answers at this URL."
        return Step.BASE64, page, "other-program"
    if body[:1] in b'"{[' and _is_json(body):
        plain = "The answer is plain JSON: it must be encrypted, as every answer with status 200."
        return Step.BASE64, plain, "plain-json"
    if endpoint_mistakes.is_sealed(body):
        return Step.AES, _OTHER_KEY, "other-key"
    if len(body) < _SHORTEST_BASE64 and body.isascii():
        return Step.BASE64, _SHORT_TEXT, "other-program"
    return None


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


_SHORTEST_BASE64 = 24
_OTHER_KEY = (
    "The answer does not decrypt, with its tag in any place or its IV in any usual form: it was"
    " encrypted with another AES key than that of the request, such as a new one."
)
_SHORT_TEXT = (
    "The answer is a short text in the clear, not an encrypted one: another program, such as a"
    " webhook receiver, answers at this URL."
)
_SENTENCES = {
    AnswerMistake.RAW: "The answer is not Base64: the encrypted bytes were sent as they are.",
    AnswerMistake.QUOTED: (
        "The Base64 text is a JSON string: send it as it is, as text/plain, without quotes."
    ),
    AnswerMistake.WRAPPED: (
        "The Base64 text is wrapped in JSON: send it as it is, as text/plain, without quotes."
    ),
    AnswerMistake.BUFFER: (
        "The encrypted bytes were written as JSON, number by number: send them as Base64."
    ),
    AnswerMistake.LINE_BREAKS: (
        "The Base64 text is broken into lines: send it in one line, without white space."
    ),
    AnswerMistake.OTHER_BASE64: (
        "The answer is in another kind of Base64: use the standard alphabet with padding."
    ),
    AnswerMistake.HEX: "The encrypted bytes were written in hex: write them in Base64.",
    AnswerMistake.DOUBLE_BASE64: "The encrypted bytes were encoded twice: Base64 them once only.",
    AnswerMistake.TAG_FIRST: (
        "The tag stands before the encrypted bytes: it must stand behind them."
    ),
    AnswerMistake.TAG_MISSING: (
        "The tag is missing: append its 16 bytes to the encrypted bytes, before Base64."
    ),
    AnswerMistake.UNFLIPPED: (
        "The answer is encrypted with the request's IV: flip every bit of it (XOR 0xFF)."
    ),
    AnswerMistake.REVERSED_IV: (
        "The answer is encrypted with the IV's bytes in reverse order: keep their order and flip"
        " every bit (XOR 0xFF)."
    ),
    AnswerMistake.IV_12: (
        "The answer is encrypted with 12 bytes of the IV: use all 16 bytes, each bit flipped."
    ),
    AnswerMistake.ZERO_IV: (
        "The answer is encrypted with an IV of zeros: use the request's IV with every bit flipped."
    ),
    AnswerMistake.OWN_IV: (
        "The answer is encrypted with an IV of its own, sent in front of it: use the request's IV"
        " with every bit flipped, and send the encrypted bytes and the tag alone."
    ),
    AnswerMistake.CBC: "The answer is encrypted in CBC mode: use GCM, and append its tag.",
    AnswerMistake.CTR: "The answer is encrypted in CTR mode: use GCM, and append its tag.",
}
_OF_THE_ENCODING = {
    AnswerMistake.RAW,
    AnswerMistake.QUOTED,
    AnswerMistake.WRAPPED,
    AnswerMistake.BUFFER,
    AnswerMistake.LINE_BREAKS,
    AnswerMistake.OTHER_BASE64,
    AnswerMistake.HEX,
    AnswerMistake.DOUBLE_BASE64,
}
