"""waflows in the part of WhatsApp: asks endpoints of its own kit, of pywa, and faulty ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from harness.endpoints import run, serving
from harness.faulty_endpoint import FaultyEndpoint
from harness.scripted import CUT, scripted, unused_url
from pywa.client import WhatsApp
from pywa.types.flows import FlowRequest, FlowResponse
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from waflows.endpoint import Completion, Endpoint, ErrorNotice, FlowTokenDead, NextScreen, Request
from waflows.security import flow_crypto, key_pairs
from waflows.upstream import answers
from waflows.upstream.answers import Acknowledged, Active, Completed, Failed, Step, TokenDead
from waflows.upstream.egress import Egress
from waflows.upstream.endpoint import DataEndpoint, ErrorKey, Exchange

_KEY = rsa.generate_private_key(65537, 2048)
_OTHER_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"

Call = Callable[[DataEndpoint], Awaitable[Exchange]]


def _ping(endpoint: DataEndpoint) -> Awaitable[Exchange]:
    return endpoint.ping()


def _init(endpoint: DataEndpoint) -> Awaitable[Exchange]:
    return endpoint.init("token-1")


def _keys(*keys: RSAPublicKey | None) -> Callable[[], Awaitable[RSAPublicKey | None]]:
    """Gives one key after the other, the last one for good."""
    left = list(keys)

    async def read_key() -> RSAPublicKey | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return read_key


def _call(
    url: str,
    call: Call,
    *keys: RSAPublicKey | None,
    secret: str = _SECRET,
    allow_loopback: bool = True,
    **options: Any,
) -> Exchange:
    async def made() -> Exchange:
        async with Egress(allow_loopback=allow_loopback) as egress:
            read_key = _keys(*(keys or (_KEY.public_key(),)))
            return await call(DataEndpoint(egress, url, read_key, secret, **options))

    return run(made())


def _failed(exchange: Exchange) -> Failed:
    assert isinstance(exchange.outcome, Failed), exchange.outcome
    return exchange.outcome


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[str, FaultyEndpoint]]:
    """An endpoint that makes the mistake its path names."""
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    with serving(endpoint.app) as url:
        yield url, endpoint


_NOTICES: list[ErrorNotice] = []
_kit = Endpoint(_KEY, app_secret=_SECRET)


@_kit.init
def _opened(request: Request) -> NextScreen:
    return NextScreen("FIRST", {"token": request.flow_token})


@_kit.data_exchange("FIRST")
def _sent(request: Request) -> NextScreen:
    return NextScreen("SECOND", request.data, "Mind the step.")


@_kit.data_exchange("LAST")
def _done(request: Request) -> Completion:
    return Completion({"booking": 7})


@_kit.data_exchange("TAKEN")
def _taken(request: Request) -> Completion:
    raise FlowTokenDead("Sold out.")


@_kit.back("SECOND")
def _back(request: Request) -> NextScreen:
    return NextScreen("FIRST", {})


@_kit.error
def _noticed(notice: ErrorNotice) -> None:
    _NOTICES.append(notice)


@pytest.fixture(scope="module")
def kit() -> Iterator[str]:
    """An endpoint made with our kit."""
    with serving(_kit) as url:
        yield url


def test_our_two_sides_understand_each_other(kit: str) -> None:
    async def conversation(endpoint: DataEndpoint) -> Exchange:
        ping = await endpoint.ping()
        init = await endpoint.init("token-1")
        sent = await endpoint.data_exchange("token-1", "FIRST", {"day": "Möntag"})
        back = await endpoint.back("token-1", "SECOND")
        done = await endpoint.data_exchange("token-1", "LAST", {})

        assert ping.outcome == Active()
        assert init.outcome == answers.NextScreen("FIRST", {"token": "token-1"})
        data = {"day": "Möntag", "error_message": "Mind the step."}
        assert sent.outcome == answers.NextScreen("SECOND", data, "Mind the step.")
        assert back.outcome == answers.NextScreen("FIRST", {})
        assert done.outcome == Completed({"flow_token": "token-1", "booking": 7})
        return await endpoint.data_exchange("token-1", "TAKEN", {})

    last = _call(kit, conversation)

    assert last.outcome == TokenDead("Sold out.")
    assert (last.status, last.attempts) == (427, 1)
    assert last.response == {"error_msg": "Sold out."}


def test_an_exchange_shows_what_was_asked_and_answered_in_the_clear(kit: str) -> None:
    exchange = _call(kit, lambda endpoint: endpoint.back("token-1", "SECOND"))

    assert exchange.request == {
        "version": "3.0",
        "action": "BACK",
        "screen": "SECOND",
        "data": {},
        "flow_token": "token-1",
    }
    assert exchange.response == {"version": "3.0", "screen": "FIRST", "data": {}}
    assert exchange.status == 200
    assert exchange.seconds > 0


@pytest.mark.parametrize("screen", [None, "FIRST"])
@pytest.mark.parametrize("key", get_args(ErrorKey))
def test_every_error_a_phone_notifies_of_is_recognised_and_acknowledged(
    kit: str, key: ErrorKey, screen: str | None
) -> None:
    def notify(endpoint: DataEndpoint) -> Awaitable[Exchange]:
        return endpoint.notify("token-1", key, "No `day`.", screen=screen)

    assert _call(kit, notify).outcome == Acknowledged()
    assert _NOTICES[-1] == ErrorNotice(
        key=key,
        message="No `day`.",
        action="data_exchange",
        screen=screen,
        flow_token="token-1",
    )


def test_a_signed_flow_token_is_accepted_by_the_kit(kit: str) -> None:
    exchange = _call(kit, _init, version="4.0", sign_tokens=True)

    signature = exchange.request["flow_token_signature"]
    assert signature == flow_crypto.sign_flow_token(_SECRET, "token-1")
    assert exchange.status == 200
    assert exchange.request["version"] == "4.0"


def _pywa_app() -> Starlette:
    """An endpoint made with pywa, which reads and answers on its own."""
    phone = WhatsApp(
        token="unused",
        business_private_key=key_pairs.private_pem(_KEY, "passphrase"),
        business_private_key_password="passphrase",
    )

    def answer(_: WhatsApp, request: FlowRequest) -> FlowResponse:
        if request.flow_token == "dead":
            return request.token_no_longer_valid("Too late.")
        if request.screen == "LAST":
            return request.respond(close_flow=True, data={"booking": 7})
        day = (request.data or {}).get("day", "none")
        return request.respond(screen="NEXT", data={"day": day, "at": str(request.screen)})

    handler = phone.get_flow_request_handler("/flow", answer)

    async def respond(http: HttpRequest) -> Response:
        body, status = handler.handle(await http.json())
        return Response(body, status)

    return Starlette(routes=[Route("/flow", respond, methods=["POST"])])


def test_an_endpoint_made_with_pywa_understands_us_and_we_it() -> None:
    async def conversation(endpoint: DataEndpoint) -> Exchange:
        ping = await endpoint.ping()
        sent = await endpoint.data_exchange("token-1", "FIRST", {"day": "Möntag"})
        back = await endpoint.back("token-1", "SECOND")
        done = await endpoint.data_exchange("token-1", "LAST", {})
        notice = await endpoint.notify(
            "token-1", "invalid-screen-transition", "Can't.", screen="FIRST"
        )

        assert ping.outcome == Active()
        assert sent.outcome == answers.NextScreen("NEXT", {"day": "Möntag", "at": "FIRST"})
        assert back.outcome == answers.NextScreen("NEXT", {"day": "none", "at": "SECOND"})
        assert done.outcome == Completed({"flow_token": "token-1", "booking": 7})
        assert notice.outcome == Acknowledged()
        return await endpoint.data_exchange("dead", "FIRST", {})

    with serving(_pywa_app()) as url:
        dead = _call(f"{url}/flow", conversation)
        undecryptable = _call(f"{url}/flow", _ping, _OTHER_KEY.public_key())

    assert dead.outcome == TokenDead("Too late.")
    assert (undecryptable.status, undecryptable.attempts) == (421, 2)


def test_after_a_421_the_key_is_read_anew_and_the_request_repeated_once(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    url, endpoint = faulty
    seen, before = len(endpoint.requests), endpoint.undecryptable

    exchange = _call(url, _init, _OTHER_KEY.public_key(), _KEY.public_key())

    assert exchange.outcome == answers.NextScreen("FIRST", {})
    assert exchange.attempts == 2
    assert (len(endpoint.requests) - seen, endpoint.undecryptable - before) == (1, 1)


def test_after_a_second_421_it_is_given_up(faulty: tuple[str, FaultyEndpoint]) -> None:
    url, endpoint = faulty
    before = endpoint.undecryptable

    exchange = _call(url, _init, _OTHER_KEY.public_key())

    failed = _failed(exchange)
    assert (failed.step, failed.error_key) == (Step.RSA, "business-decryption-error")
    assert endpoint.undecryptable - before == 2


def test_a_channel_without_a_key_asks_nobody(faulty: tuple[str, FaultyEndpoint]) -> None:
    url, endpoint = faulty
    seen = len(endpoint.requests)

    failed = _failed(_call(url, _init, None))

    assert (failed.step, failed.error_key) == (Step.KEY, "public-key-missing")
    assert len(endpoint.requests) == seen


def test_another_app_secret_is_a_failure_of_the_signature(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    exchange = _call(faulty[0], _init, secret="another")

    assert exchange.status == 432
    assert _failed(exchange).step == Step.SIGNATURE


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("clear", "Too late."),
        ("sealed", "Too late."),
        ("none", None),
        ("other", None),
        ("deep", None),
    ],
)
def test_a_dead_token_is_understood_in_the_clear_and_encrypted(
    faulty: tuple[str, FaultyEndpoint], how: str, sentence: str | None
) -> None:
    assert _call(f"{faulty[0]}/dead/{how}", _init).outcome == TokenDead(sentence)


def test_a_health_check_has_no_token_to_be_dead(faulty: tuple[str, FaultyEndpoint]) -> None:
    assert _failed(_call(f"{faulty[0]}/dead/clear", _ping)).step == Step.HTTP


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 404, 405, 413, 500, 503])
def test_any_other_status_is_a_general_error(
    faulty: tuple[str, FaultyEndpoint], status: int
) -> None:
    exchange = _call(f"{faulty[0]}/status/{status}", _init)

    failed = _failed(exchange)
    assert (failed.step, failed.error_key) == (Step.HTTP, "unexpected_http_status_code")
    assert str(status) in failed.message
    assert (exchange.status, exchange.attempts) == (status, 1)


def test_an_endpoint_that_takes_too_long_is_a_timeout(faulty: tuple[str, FaultyEndpoint]) -> None:
    exchange = _call(f"{faulty[0]}/hang", _init, seconds=1.5)

    failed = _failed(exchange)
    assert (failed.step, failed.error_key) == (Step.HTTP, "timeout_error")
    assert exchange.status is None


def test_an_endpoint_that_hangs_up_gives_no_http_response() -> None:
    with scripted(CUT) as server:
        cut = _failed(_call(server.url, _init))
    closed = _failed(_call(unused_url(), _init))

    assert (cut.step, cut.error_key) == (Step.HTTP, "no_http_response_error")
    assert (closed.step, closed.error_key) == (Step.CONNECT, "no_http_response_error")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"data": {}}, "no `screen`"),
        ({"screen": "", "data": {}}, "no `screen`"),
        ({"screen": 1, "data": {}}, "no `screen`"),
        ({"screen": "FIRST"}, "no `data`"),
        ({"screen": "FIRST", "data": []}, "no `data`"),
        ({"screen": "FIRST", "data": {"error_message": {}}}, "not text"),
        ({"screen": "SUCCESS", "data": {}}, "extension_message_response"),
        (
            {"screen": "SUCCESS", "data": {"extension_message_response": {"params": []}}},
            "extension_message_response",
        ),
        (
            {"screen": "SUCCESS", "data": {"extension_message_response": {"params": {}}}},
            "`params.flow_token` is not",
        ),
        (
            {
                "screen": "SUCCESS",
                "data": {"extension_message_response": {"params": {"flow_token": "token-2"}}},
            },
            "`params.flow_token` is not",
        ),
        ([], "not a JSON object"),
        (None, "not a JSON object"),
    ],
)
def test_an_answer_of_the_wrong_shape_says_what_is_missing(
    faulty: tuple[str, FaultyEndpoint], answer: Any, sentence: str
) -> None:
    url, endpoint = faulty
    endpoint.answer = answer
    try:
        exchange = _call(url, _init)
    finally:
        endpoint.answer = {"screen": "FIRST", "data": {}}

    failed = _failed(exchange)
    assert (failed.step, failed.error_key) == (Step.SHAPE, "payload-schema-error")
    assert sentence in failed.message
    assert exchange.response == answer


def test_an_answer_that_does_not_acknowledge_is_a_failure(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    def notify(endpoint: DataEndpoint) -> Awaitable[Exchange]:
        return endpoint.notify("token-1", "payload-schema-error", "No `day`.")

    assert "acknowledged" in _failed(_call(f"{faulty[0]}/deaf", notify)).message


def test_an_answer_of_ten_megabytes_is_read_and_a_larger_one_is_not(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    url, endpoint = faulty
    try:
        endpoint.answer = {"screen": "FIRST", "data": {"x": "y" * (10 * 1024 * 1024 - 100)}}
        fits = _call(url, _init)
        endpoint.answer = {"screen": "FIRST", "data": {"x": "y" * (11 * 1024 * 1024)}}
        too_large = _call(url, _init)
    finally:
        endpoint.answer = {"screen": "FIRST", "data": {}}

    assert isinstance(fits.outcome, answers.NextScreen)
    assert "larger than" in _failed(too_large).message


def test_a_request_of_ten_megabytes_is_sent_and_a_larger_one_is_not(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    url, endpoint = faulty

    def send(size: int) -> Call:
        return lambda endpoint: endpoint.data_exchange("token-1", "FIRST", {"x": "y" * size})

    fits = _call(url, send(10 * 1024 * 1024 - 200))
    seen = len(endpoint.requests)
    too_large = _call(url, send(10 * 1024 * 1024))

    assert isinstance(fits.outcome, answers.NextScreen)
    assert "larger than 10 MB" in _failed(too_large).message
    assert len(endpoint.requests) == seen


@pytest.mark.parametrize("data", [{"x": [1, 2.5, None, True, "ü"]}, {}])
def test_a_payload_arrives_as_it_was_sent(
    faulty: tuple[str, FaultyEndpoint], data: dict[str, Any]
) -> None:
    url, endpoint = faulty

    _call(url, lambda endpoint: endpoint.data_exchange("token-1", "FIRST", data))

    assert endpoint.requests[-1] == {
        "version": "3.0",
        "action": "data_exchange",
        "screen": "FIRST",
        "data": data,
        "flow_token": "token-1",
    }


def test_an_inner_address_is_not_asked(faulty: tuple[str, FaultyEndpoint]) -> None:
    url, endpoint = faulty
    seen = len(endpoint.requests)

    inner = _failed(_call(url, _init, allow_loopback=False))
    metadata = _failed(_call("https://169.254.169.254/", _init))

    assert (inner.step, inner.error_key) == (Step.ADDRESS, "cannot_be_served")
    assert (metadata.step, metadata.error_key) == (Step.ADDRESS, "cannot_be_served")
    assert len(endpoint.requests) == seen


def test_http_without_tls_is_for_this_machine_only() -> None:
    failed = _failed(_call("http://flows.example.org/", _init))

    assert failed.step == Step.URL
    assert "https:// only" in failed.message
