"""Tools of a development server: a clock that can be set, and calls that fail on purpose.

A production server does not have these routes.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from waflows import times
from waflows.errors import InvalidParameter, NotFound, OutOfRange
from waflows.http.reading import WholeNumber
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services import clock
from waflows.services.webhooks import deliveries
from waflows.upstream.fault_rules import FaultRules, Rule

_FURTHEST_MS = 100 * 365 * 24 * 3600 * 1000
_LONGEST_DELAY_MS = 3_600_000
_MOST_RULES = 1000


class ClockBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where to move the clock; give one of the two fields."""

    time: Annotated[str, Meta(description="A moment, such as 2026-03-01T09:30:00Z.")] | None = None
    advance_seconds: (
        Annotated[float, Meta(description="How far to advance it; negative to move it back.")]
        | None
    ) = None


class ClockAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """What the clock shows, and its distance from the machine's own clock."""

    time: str
    milliseconds: int
    moved_seconds: float


class FaultBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which calls fail and how: give at least one of `status`, `delayMs` and `cut`."""

    call: Annotated[
        Literal["incoming", "endpoint", "webhook", "oauth"],
        Meta(description="Requests to this server, or the calls it makes."),
    ]
    route: Annotated[str, Meta(description="For incoming: the operation's name.")] | None = None
    host: (
        Annotated[str, Meta(description="For the others: a host, with or without a port.")] | None
    ) = None
    status: Annotated[WholeNumber, Meta(description="Answer with this status.")] | None = None
    delay_ms: Annotated[WholeNumber, Meta(description="Wait this long first.")] | None = None
    cut: Annotated[bool, Meta(description="Cut the connection without an answer.")] = False
    times: (
        Annotated[WholeNumber, Meta(description="Apply this many times; null for no limit.")] | None
    ) = None
    probability: Annotated[float, Meta(description="Apply with this probability.")] = 1.0
    seed: Annotated[WholeNumber, Meta(description="Seed of the random numbers.")] = 0


class FaultList(msgspec.Struct, frozen=True):
    """The rules in force; `times` is how often each still applies."""

    faults: list[Rule]


async def show_clock(call: Call[NoQuery, None]) -> Reply:
    """Returns what the clock shows."""
    return Reply(_clock())


async def move_clock(call: Call[NoQuery, ClockBody]) -> Reply:
    """Sets the clock, or advances it."""
    body = call.body
    if (body.time is None) == (body.advance_seconds is None):
        raise InvalidParameter("Send either time or advanceSeconds.")
    if body.time is not None:
        at_ms = _parse_time(body.time)
    else:
        seconds = body.advance_seconds or 0.0
        # Limited before the conversion to milliseconds, which could overflow.
        seconds = max(-_FURTHEST_MS, min(seconds, _FURTHEST_MS))
        at_ms = clock.now_ms() + int(seconds * 1000)
    if not 0 <= at_ms <= _FURTHEST_MS + clock.now_ms() - clock.moved_ms():
        raise OutOfRange("The clock must be between 1970 and a hundred years from now.")
    before = clock.moved_ms()
    if body.time is not None:
        clock.move_to(at_ms)
    else:
        clock.advance(at_ms - clock.now_ms())
    await _bring_back(call, before)
    return Reply(_clock())


async def reset_clock(call: Call[NoQuery, None]) -> Reply:
    """Sets the clock back to the machine's own time."""
    before = clock.moved_ms()
    clock.reset()
    await _bring_back(call, before)
    return Reply(_clock())


async def list_faults(call: Call[NoQuery, None]) -> Reply:
    """Lists the fault rules in force."""
    return Reply(FaultList(_rules(call).list()))


async def add_fault(call: Call[NoQuery, FaultBody]) -> Reply:
    """Adds a rule that makes chosen calls fail."""
    rules = _rules(call)
    if len(rules.list()) >= _MOST_RULES:
        raise OutOfRange(f"There are {_MOST_RULES} rules already; remove some.")
    return Reply(rules.add(_rule(call)), status=201)


async def remove_fault(call: Call[NoQuery, None]) -> Reply:
    """Removes one fault rule."""
    if not _rules(call).remove(call.path["faultId"]):
        raise NotFound(f"There is no fault rule {call.path['faultId'][:64]}.")
    return Reply()


async def clear_faults(call: Call[NoQuery, None]) -> Reply:
    """Removes every fault rule."""
    _rules(call).clear()
    return Reply()


async def _bring_back(call: Call[Any, Any], before_ms: int) -> None:
    """Reschedules deliveries whose time was near until the clock was set back."""
    if clock.moved_ms() < before_ms:
        await call.state.db.run(deliveries.bring_back)


def _clock() -> ClockAnswer:
    now = clock.now_ms()
    return ClockAnswer(times.iso(now), now, clock.moved_ms() / 1000)


def _parse_time(text: str) -> int:
    at_ms = times.parse(text)
    if at_ms is None:
        raise InvalidParameter(
            "time must be a moment such as 2026-03-01T09:30:00Z or 2026-03-01T10:30:00+01:00."
        )
    return at_ms


def _rules(call: Call[Any, Any]) -> FaultRules:
    assert call.state.fault_rules is not None, "these routes exist in development only"
    return call.state.fault_rules


def _rule(call: Call[NoQuery, FaultBody]) -> Rule:
    body = call.body
    if body.status is None and body.delay_ms is None and not body.cut:
        raise InvalidParameter("A fault needs at least one of status, delayMs and cut.")
    if body.status is not None and body.cut:
        raise InvalidParameter("A cut connection has no status: send status or cut, not both.")
    _check_range("status", body.status, 100 if body.call != "incoming" else 400, 599)
    _check_range("delayMs", body.delay_ms, 0, _LONGEST_DELAY_MS)
    _check_range("times", body.times, 1, 1_000_000)
    if not 0 <= body.probability <= 1:
        raise OutOfRange("probability must be between 0 and 1.")
    return Rule(
        call=body.call,
        name=_name(call),
        status=body.status,
        delay_ms=body.delay_ms or 0,
        cut=body.cut,
        times=body.times,
        probability=body.probability,
        seed=body.seed,
    )


def _name(call: Call[NoQuery, FaultBody]) -> str:
    body = call.body
    if body.call != "incoming":
        if body.route is not None:
            raise InvalidParameter(
                f"route is for incoming requests; an {body.call} call has a host."
            )
        return body.host or ""
    if body.host is not None:
        raise InvalidParameter("host is for outgoing calls; an incoming request has a route.")
    known = _rules(call).operations
    if body.route is not None and body.route not in known:
        close = difflib.get_close_matches(body.route, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise InvalidParameter(
            f"There is no operation {body.route[:100]!r}; /openapi.json names them by"
            f" operationId.{hint}"
        )
    return body.route or ""


def _check_range(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise OutOfRange(f"{name} must be from {least} to {most}, not {value}.")


_clock_group = RouteGroup("/dev/clock", tag="Development", documented=False)
_fault_group = RouteGroup("/dev/faults", tag="Development", documented=False)
ROUTES: list[Route] = [
    _clock_group.get("", show_clock, "Show the clock", answers=ClockAnswer),
    _clock_group.post(
        "", move_clock, "Set the clock, or advance it", body=ClockBody, answers=ClockAnswer
    ),
    _clock_group.delete("", reset_clock, "Reset the clock", answers=ClockAnswer),
    _fault_group.get("", list_faults, "List the fault rules", answers=FaultList),
    _fault_group.post(
        "", add_fault, "Make chosen calls fail", body=FaultBody, status=201, answers=Rule
    ),
    _fault_group.delete("", clear_faults, "Remove every fault rule"),
    _fault_group.delete("/{faultId}", remove_fault, "Remove one fault rule"),
]
