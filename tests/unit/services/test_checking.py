"""Where Flow JSON is checked: the same answers everywhere, and no account in another's way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
import pytest
from harness.flow_json import valid_flow
from harness.hostile_flows import CLEAN, SHAPES, written

from waflows.errors import InvalidFlowJson, OutOfRange, RateLimited, Unavailable
from waflows.flowjson import lint
from waflows.services.flows import texts
from waflows.services.flows.checking import AT_ONCE, MOST_WAITING, ON_A_THREAD, Checker
from waflows.settings import HANDOVER
from waflows.telemetry.logs import Logs

SIZES = (AT_ONCE - 1000, ON_A_THREAD - 1000, ON_A_THREAD + 1000)
LARGE = written(CLEAN, 600_000)


def run(work: Callable[[Checker], Awaitable[Any]], seconds: float = 60.0) -> Any:
    async def main() -> Any:
        checker = Checker(Logs("json", "error", os.open(os.devnull, os.O_WRONLY)), seconds=seconds)
        try:
            return await work(checker)
        finally:
            checker.close()

    return asyncio.run(main())


def processes() -> list[psutil.Process]:
    """Those that check, and that have not ended."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # which a zombie counts as, too
            if "waflows.services.flows.checking_process" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.parametrize("size", SIZES)
def test_a_text_has_the_same_faults_wherever_it_is_checked(size: int) -> None:
    text = written(SHAPES["misspelt properties"], size)
    assert run(lambda checker: checker.report("a", text, "6.0")) == lint(text, version="6.0")
    assert run(lambda checker: checker.check("a", text)) == texts.check_now(text)


@pytest.mark.parametrize("size", SIZES)
def test_what_cannot_be_kept_is_refused_wherever_it_is_checked(size: int) -> None:
    with pytest.raises(InvalidFlowJson, match="at line 1, column"):
        run(lambda checker: checker.check("a", "[" + " " * size))


def test_more_values_than_there_may_be_are_refused() -> None:
    text = "[" + "[]," * 1_000_000 + "[]]"
    with pytest.raises(OutOfRange, match="more than 250,000 values"):
        run(lambda checker: checker.check("a", text))


def test_half_a_surrogate_pair_reaches_the_process() -> None:
    text = f'{{"version": "7.1", "screens": [], "\ud800": "{"x" * ON_A_THREAD}"}}'
    report = run(lambda checker: checker.report("a", text))
    assert "schema-unknown-property" in {each.rule for each in report.diagnostics}


def test_no_process_is_started_before_it_is_needed_and_none_is_left() -> None:
    async def work(checker: Checker) -> None:
        await checker.check("a", valid_flow())
        assert not processes()
        await checker.report("a", LARGE)
        assert len(processes()) == 1
        await checker.report("b", LARGE)
        assert len(processes()) == 1

    run(work)
    assert not processes()


def test_the_process_sees_no_settings_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAFLOWS_DATABASE_URL", "postgresql://u:secret@h/d")
    monkeypatch.setenv(HANDOVER, '{"database_url": "postgresql://u:secret@h/d"}')

    async def work(checker: Checker) -> None:
        await checker.report("a", LARGE)
        assert not [value for value in processes()[0].environ().values() if "secret" in value]

    run(work)


def test_a_second_check_of_an_account_waits_while_another_account_has_its_turn() -> None:
    async def work(checker: Checker) -> list[str]:
        ended: list[str] = []

        async def check(account: str) -> None:
            await checker.report(account, LARGE)
            ended.append(account)

        await asyncio.gather(check("a"), check("a"), check("a"), check("b"))
        return ended

    assert run(work).index("b") < 2


def test_behind_a_full_line_a_check_is_refused_with_when_to_try_again() -> None:
    async def work(checker: Checker) -> list[Any]:
        checks = (checker.report("a", LARGE) for _ in range(MOST_WAITING + 3))
        return await asyncio.gather(*checks, return_exceptions=True)

    found = run(work)
    refused = [each for each in found if isinstance(each, RateLimited)]
    assert len(refused) == 2
    assert refused[0].retry_after > 0
    assert sum(not isinstance(each, Exception) for each in found) == MOST_WAITING + 1


def test_a_check_whose_process_dies_is_done_by_another() -> None:
    async def work(checker: Checker) -> Any:
        checking = asyncio.ensure_future(checker.report("a", LARGE))
        await killed()
        return await checking

    assert run(work) == lint(LARGE)


def test_a_check_that_kills_every_process_ends_with_a_clear_error_and_the_next_one_works() -> None:
    async def work(checker: Checker) -> None:
        checking = asyncio.ensure_future(checker.report("a", LARGE))
        await killed()
        await killed()
        with pytest.raises(Unavailable, match="could not be checked"):
            await checking
        await checker.report("a", LARGE)

    run(work)


def test_a_check_out_of_time_is_given_up_and_its_process_ended() -> None:
    async def work(checker: Checker) -> None:
        with pytest.raises(Unavailable, match=r"timed out after 0\.05 s"):
            await checker.report("a", LARGE)
        assert not processes()

    run(work, seconds=0.05)


def test_the_event_loop_goes_on_while_a_large_text_is_checked() -> None:
    async def work(checker: Checker) -> float:
        await checker.report("a", LARGE)
        checking = asyncio.ensure_future(checker.report("a", LARGE))
        longest, last = 0.0, time.monotonic()
        started = last
        while not checking.done():
            await asyncio.sleep(0.001)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        return longest / (last - started)

    # The checks take hundreds of milliseconds, the longest pause of the loop a few.
    assert run(work) < 0.5


async def killed() -> None:
    """Kills the process that checks, once there is one, and sees to its end."""
    await asyncio.to_thread(_kill)


def _kill() -> None:
    while not (found := processes()):
        time.sleep(0.005)
    for each in found:
        os.kill(each.pid, signal.SIGKILL)
    while {each.pid for each in processes()} & {each.pid for each in found}:
        time.sleep(0.005)


def test_a_checking_process_inherits_nothing_of_the_environment_but_how_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PGPASSWORD", "WAFLOWS_DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "LANGUAGE"):
        monkeypatch.setenv(name, f"secret of {name}")

    async def work(checker: Checker) -> list[dict[str, str]]:
        await checker.report("a", LARGE)
        return [one.environ() for one in processes()]

    [inherited] = run(work)
    assert not [value for value in inherited.values() if "secret of" in value]
    mine = {name for name in os.environ if name.startswith(("PYTHON", "LC_"))}
    assert set(inherited) <= mine | {
        "HOME",
        "LANG",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "PATH",
        "TMPDIR",
    }
