"""The examination of a data endpoint, as the API and `waflows doctor` show it."""

from __future__ import annotations

import msgspec

from waflows.upstream.doctor import Check, Report


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One step of one call to the endpoint; `state` is passed, warned, failed or skipped.

    `cure` is there for a step that failed or works with a caution, `code` shows it by language.
    """

    call: str
    step: str
    state: str
    message: str = ""
    cure: str = ""
    code: dict[str, str] = {}


class DoctorAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """What the examination found; `failingStep` is null for a healthy endpoint."""

    url: str
    healthy: bool
    failing_step: str | None
    fingerprint: str
    checks: list[CheckAnswer]


def show_report(report: Report, fingerprint: str) -> DoctorAnswer:
    """A report as it is shown."""
    failing = report.failing
    return DoctorAnswer(
        report.url,
        failing is None,
        None if failing is None else failing.step.value,
        fingerprint,
        [_show(check) for check in report.checks],
    )


def _show(check: Check) -> CheckAnswer:
    return CheckAnswer(
        call=check.call,
        step=check.step.value,
        state=check.state,
        message=check.message,
        cure=check.cure,
        code=dict(check.code),
    )
