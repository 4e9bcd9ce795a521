"""Why an endpoint does not work: the steps of its exchanges one by one, and the cure for each.

`examine` asks what a phone asks, a health check first, and reports every step as data; who prints
it is for others to say. An endpoint that cannot decrypt is asked again with the usual wrong
parameters, to name the one it uses: at most `_MOST_SECONDS`, and by nothing but this module.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

import msgspec

from waflows.security import endpoint_mistakes, flow_crypto
from waflows.security.endpoint_mistakes import REQUEST_MISTAKES, RequestMistake
from waflows.upstream import answers, cures
from waflows.upstream.answers import Acknowledged, Failed, NextScreen, Step, TokenDead
from waflows.upstream.calls import HttpAnswer
from waflows.upstream.cures import Cure
from waflows.upstream.endpoint import DataEndpoint, Exchange

Call = Literal["ping", "INIT", "data_exchange", "error", "undecryptable", "forged"]
"""The calls, in their order: the last three are an error notification, a request that cannot be
decrypted, and one with a wrong signature."""
State = Literal["passed", "warned", "failed", "skipped"]
OpenedBy = Literal["navigate", "data_exchange"]

_PROBE_SECONDS = 5.0
_MOST_SECONDS = 20.0


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one call."""

    call: Call
    step: Step
    state: State
    message: str = ""
    cure: str = ""
    """What to do, for a step that failed or that works with a caution."""
    code: Mapping[str, str] = {}
    """How the cure is written, by language."""


class Report(msgspec.Struct, frozen=True):
    """What the examination of an endpoint found."""

    url: str
    checks: list[Check]
    exchanges: list[Exchange]

    @property
    def failing(self) -> Check | None:
        """The step to repair; None for an endpoint that works."""
        return next((check for check in self.checks if check.state == "failed"), None)


class Trial(msgspec.Struct, frozen=True):
    """How to ask: what a phone would bring along."""

    flow_token: str
    entry_screens: Collection[str] = ()
    """The first screen must be one of them, as WhatsApp demands; without any it may be any."""
    opened_by: OpenedBy | None = None
    """The `flow_action` of the flow's messages; INIT belongs to `data_exchange`."""
    screen: str | None = None
    """The screen to send; without one no `data_exchange` is sent, which may book something."""
    data: Mapping[str, Any] = {}


async def examine(endpoint: DataEndpoint, trial: Trial) -> Report:
    """Asks an endpoint what a phone asks it, and names the step at which it fails.

    After a failure nothing more is asked.
    """
    report = Report(endpoint.url, [], [])
    for examination in _EXAMINATIONS:
        if report.failing is None:
            await examination(endpoint, trial, report)
    done = {check.call for check in report.checks}
    for call, steps in _STEPS.items():
        if call not in done and (call != "data_exchange" or trial.screen is not None):
            report.checks.extend(Check(call=call, step=step, state="skipped") for step in steps)
    return report


async def _ping(endpoint: DataEndpoint, _: Trial, report: Report) -> None:
    ping = await endpoint.ping()
    failure = _failure(ping)
    if failure is not None and _may_be_undecryptable(ping, failure):
        failure = await _decryption_failure(endpoint, failure)
    _add(report, "ping", failure, ping)


async def _init(endpoint: DataEndpoint, trial: Trial, report: Report) -> None:
    if trial.opened_by == "navigate":
        message = "INIT is not needed: the flow is opened by navigate"
        report.checks.append(Check(call="INIT", step=Step.SHAPE, state="skipped", message=message))
        return
    init = await endpoint.init(trial.flow_token)
    failure = _failure(init) or _failure_of_init(init, trial.entry_screens)
    if failure is None or trial.opened_by == "data_exchange" or not _is_refused(init):
        _add(report, "INIT", failure, init)
        return
    message = (
        f"INIT is not answered ({_sentence(failure)}). It is not needed for a flow that is opened"
        " by navigate; one that is opened by data_exchange does not open."
    )
    report.exchanges.append(init)
    report.checks.append(
        _check("INIT", Step.HTTP, "warned", message, cures.of(Step.HTTP, ["init"]))
    )


async def _data_exchange(endpoint: DataEndpoint, trial: Trial, report: Report) -> None:
    if trial.screen is None:
        return
    sent = await endpoint.data_exchange(trial.flow_token, trial.screen, trial.data)
    _add(report, "data_exchange", _failure(sent), sent)


async def _error(endpoint: DataEndpoint, trial: Trial, report: Report) -> None:
    message = "A trial of the notification by waflows doctor: nothing is wrong."
    notified = await endpoint.notify(
        trial.flow_token, "payload-schema-error", message, screen=trial.screen
    )
    report.exchanges.append(notified)
    failure = _failure(notified)
    if failure is None:
        report.checks.append(
            Check(
                call="error", step=Step.SHAPE, state="passed", message=_note(Step.SHAPE, notified)
            )
        )
        return
    if failure.step != Step.SHAPE and not _is_refused(notified):
        # It answers, and cannot be read: the same mistake would spoil any other answer.
        cure = cures.of(failure.step, failure.mistakes)
        report.checks.append(_check("error", failure.step, "failed", failure.message, cure))
        return
    cure = cures.of(failure.step, ["acknowledgement"])
    report.checks.append(_check("error", Step.SHAPE, "warned", _sentence(failure), cure))


async def _undecryptable(endpoint: DataEndpoint, _: Trial, report: Report) -> None:
    # Less than any modulus of this length, so that only its content is wrong.
    sealed_key = b"\0" + os.urandom(255)
    body = msgspec.json.encode(
        flow_crypto.Envelope(
            base64.b64encode(os.urandom(64)).decode(),
            base64.b64encode(sealed_key).decode(),
            base64.b64encode(os.urandom(16)).decode(),
        )
    )
    sent = await endpoint.deliver(body)
    status = 0 if isinstance(sent, Failed) else sent.status
    if status == answers.UNDECRYPTABLE:
        report.checks.append(
            Check(
                call="undecryptable", step=Step.RSA, state="passed", message="421, as it should be"
            )
        )
        return
    message = f"A request that cannot be decrypted was answered {_status(sent)} instead of 421."
    cure = cures.of(Step.RSA, ["421"])
    report.checks.append(_check("undecryptable", Step.RSA, "warned", message, cure))


async def _forged(endpoint: DataEndpoint, _: Trial, report: Report) -> None:
    if not endpoint.app_secret:
        message = "no app secret was given to sign with"
        report.checks.append(
            Check(call="forged", step=Step.SIGNATURE, state="skipped", message=message)
        )
        return
    public_key = await endpoint.public_key()
    if public_key is None:  # It was there for the health check.
        return
    body, _keys = flow_crypto.seal_request(public_key, _ping_text(endpoint))
    sent = await endpoint.deliver(body, app_secret=os.urandom(16).hex())
    status = 0 if isinstance(sent, Failed) else sent.status
    if status == answers.BAD_SIGNATURE:
        report.checks.append(
            Check(
                call="forged", step=Step.SIGNATURE, state="passed", message="432, as it should be"
            )
        )
        return
    message = f"A request with a wrong signature was answered {_status(sent)} instead of 432."
    cure = cures.of(Step.SIGNATURE, ["432"])
    report.checks.append(_check("forged", Step.SIGNATURE, "warned", message, cure))


_EXAMINATIONS = (_ping, _init, _data_exchange, _error, _undecryptable, _forged)


def _may_be_undecryptable(ping: Exchange, failure: Failed) -> bool:
    """Whether a refusal may come from a request that could not be decrypted."""
    if failure.step == Step.RSA:
        return True
    status = ping.status or 0
    return failure.step == Step.HTTP and status >= 400 and status not in _OTHER_REASONS


# No such path, no such method, too long, too often, wrong signature.
_OTHER_REASONS = {404, 405, 413, 427, 429, answers.BAD_SIGNATURE}
# Only to say which of two sentences fits better.
_OF_DECRYPTION = re.compile(
    r"decrypt|decipher|cipher|oaep|padding|nonce|block length|key length|mac check|invalid ?tag"
    r"|private ?key|authenticate data|\b(?:aes|rsa|gcm|tag)\b",
    re.IGNORECASE,
)


async def _decryption_failure(endpoint: DataEndpoint, failure: Failed) -> Failed:
    """The failure of an endpoint that does not decrypt, with the wrong parameters it uses."""
    found = await _used_parameters(endpoint)
    if found:
        named = " and with ".join(_PARAMETERS[mistake] for mistake in found)
        message = f"The endpoint decrypts requests with {named}. {_sentence(failure)}."
        return Failed(Step.RSA, "business-decryption-error", message, tuple(found))
    hint = (
        " None of the usual wrong parameters is accepted either: the endpoint has another key"
        " than the channel, or decrypts with another cipher."
    )
    if failure.step == Step.RSA or _OF_DECRYPTION.search(failure.message):
        message = f"The request cannot be decrypted: another key or cipher. {failure.message}{hint}"
        return Failed(Step.RSA, "business-decryption-error", message)
    return failure


async def _used_parameters(endpoint: DataEndpoint) -> tuple[RequestMistake, ...]:
    """The wrong parameters with which an endpoint decrypts; empty when they are not usual ones.

    Only an answer under the AES key of its request counts: that key can be known in no other way.
    """
    public_key = await endpoint.public_key()
    if public_key is None:
        return ()
    text = _ping_text(endpoint)
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            for mistakes in REQUEST_MISTAKES:
                body, keys = endpoint_mistakes.seal_request(mistakes, public_key, text)
                sent = await endpoint.deliver(body, seconds=_PROBE_SECONDS)
                if isinstance(sent, Failed):
                    return ()
                if endpoint_mistakes.open_answer(keys, sent.body) is not None:
                    return mistakes
    except TimeoutError:
        pass
    return ()


_PARAMETERS = {
    RequestMistake.MGF1_SHA1: "RSA-OAEP with SHA-1 for MGF1 (wanted: SHA-256 for both)",
    RequestMistake.OAEP_SHA1: "RSA-OAEP with SHA-1 (wanted: SHA-256, for MGF1 too)",
    RequestMistake.PKCS1: "RSA PKCS#1 v1.5 padding (wanted: RSA-OAEP with SHA-256)",
    RequestMistake.IV_12: "an IV of 12 bytes (wanted: all 16)",
    RequestMistake.AES_256: "AES-256, a key of 32 bytes (wanted: AES-128, 16 bytes)",
    RequestMistake.CBC: "AES in CBC mode (wanted: GCM)",
}


def _ping_text(endpoint: DataEndpoint) -> bytes:
    return msgspec.json.encode(endpoint.ping_request())


def _failure(exchange: Exchange) -> Failed | None:
    """What failed in an exchange, with the first line of an answer that is not encrypted."""
    outcome = exchange.outcome
    if not isinstance(outcome, Failed):
        return None
    # Of an answer with status 200 it says something only where another program wrote it.
    if not exchange.excerpt or (exchange.status == 200 and "other-program" not in outcome.mistakes):
        return outcome
    if "status" in outcome.mistakes:
        return outcome
    message = f'{outcome.message} The answer begins "{exchange.excerpt}".'
    return msgspec.structs.replace(outcome, message=message)


def _failure_of_init(init: Exchange, entry_screens: Collection[str]) -> Failed | None:
    outcome = init.outcome
    # A made-up token may well be refused: the exchange itself has worked.
    if isinstance(outcome, TokenDead):
        return None
    if not isinstance(outcome, NextScreen):
        message = "INIT was answered with SUCCESS: a flow cannot be done before it has begun."
    elif entry_screens and outcome.screen not in entry_screens:
        names = ", ".join(sorted(entry_screens))
        message = f"INIT was answered with {outcome.screen}, which is not an entry screen: {names}."
    else:
        return None
    return Failed(Step.SHAPE, "invalid-screen-transition", message, ("entry-screen",))


def _is_refused(exchange: Exchange) -> bool:
    """Whether the endpoint decrypts and answers, and has nothing for this request."""
    return exchange.status is not None and exchange.status >= 400


def _add(report: Report, call: Call, failure: Failed | None, exchange: Exchange) -> None:
    """Every step of a call: passed up to the one that failed, skipped behind it."""
    # The way to the endpoint is proved by the first call; a later one may lose it all the same.
    repeated = failure.step in _REPEATED if failure else True
    steps = _REPEATED if call != "ping" and repeated else list(Step)
    place = steps.index(failure.step) if failure else len(steps)
    report.exchanges.append(exchange)
    report.checks.extend(_passed(call, report.url, step, exchange) for step in steps[:place])
    if failure:
        cure = cures.of(failure.step, failure.mistakes)
        report.checks.append(_check(call, failure.step, "failed", failure.message, cure))
    report.checks.extend(
        Check(call=call, step=step, state="skipped") for step in steps[place + 1 :]
    )


def _check(call: Call, step: Step, state: State, message: str, cure: Cure) -> Check:
    return Check(call=call, step=step, state=state, message=message, cure=cure.text, code=cure.code)


def _passed(call: Call, url: str, step: Step, exchange: Exchange) -> Check:
    if step == Step.TLS and not url.startswith("https:"):
        return Check(
            call=call, step=step, state="skipped", message="not used on this machine itself"
        )
    media_type = exchange.content_type.partition(";")[0].strip().lower()
    if step == Step.BASE64 and exchange.status == 200 and media_type != "text/plain":
        message = f"The answer came as {media_type or 'no media type'}; text/plain is documented."
        return _check(call, step, "warned", message, cures.of(step, ["content-type"]))
    return Check(call=call, step=step, state="passed", message=_note(step, exchange))


def _note(step: Step, exchange: Exchange) -> str:
    if step == Step.HTTP and exchange.status is not None:
        return f"{exchange.status} after {exchange.seconds * 1000:.0f} ms"
    if step == Step.SHAPE and isinstance(exchange.outcome, TokenDead):
        return "the flow token of the trial was refused (427); give a living one to see a screen"
    if step == Step.SHAPE and isinstance(exchange.outcome, NextScreen):
        return f"screen {exchange.outcome.screen}"
    if step == Step.SHAPE and isinstance(exchange.outcome, Acknowledged):
        return "an error notification is acknowledged"
    return ""


def _sentence(failure: Failed) -> str:
    return failure.message.removesuffix(".")


def _status(sent: HttpAnswer | Failed) -> str:
    return sent.message if isinstance(sent, Failed) else f"with {sent.status}"


_REPEATED = [Step.HTTP, Step.SIGNATURE, Step.RSA, Step.BASE64, Step.AES, Step.JSON, Step.SHAPE]
_STEPS: dict[Call, list[Step]] = {
    "ping": list(Step),
    "INIT": _REPEATED,
    "data_exchange": _REPEATED,
    "error": [Step.SHAPE],
    "undecryptable": [Step.RSA],
    "forged": [Step.SIGNATURE],
}
