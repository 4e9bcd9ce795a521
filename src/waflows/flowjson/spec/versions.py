"""Which Flow JSON and Data API versions exist, and what may still be done with each.

The one place that says so. A version is *active* (everything works), *frozen* (it is sent and
opened, but no longer published) or *expired* (neither). A new version is a new line here and the
lines it changes in the other tables of this package.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class Stage(StrEnum):
    """What may be done with a Flow JSON version."""

    ACTIVE = "active"
    FROZEN = "frozen"
    EXPIRED = "expired"


class Version(msgspec.Struct, frozen=True):
    """One Flow JSON version. `released` is as exact as Meta's notes; dates are ISO 8601."""

    name: str
    released: str
    stage: Stage = Stage.ACTIVE
    frozen_on: str | None = None
    expired_on: str | None = None


VERSIONS: dict[str, Version] = {
    version.name: version
    for version in (
        Version("2.1", "2023-10", Stage.FROZEN, "2025-04-08"),
        Version("3.0", "2023-12", Stage.FROZEN, "2025-04-08"),
        Version("3.1", "2024-01", Stage.FROZEN, "2025-04-08"),
        Version("4.0", "2024-06-11", Stage.FROZEN, "2025-04-08"),
        Version("5.0", "2024-08-13", Stage.FROZEN, "2025-09-10"),
        Version("5.1", "2024-09-16"),
        Version("6.0", "2024-11-12"),
        Version("6.1", "2024-11-12"),
        Version("6.2", "2024-12-10"),
        Version("6.3", "2025-01-14"),
        Version("7.0", "2025-03-11"),
        Version("7.1", "2025-06-10"),
        Version("7.2", "2025-07-08"),
        Version("7.3", "2025-09-10"),
    )
}
"""Oldest first."""

LATEST = "7.3"
DATA_API_VERSIONS = ("3.0", "4.0")

_FORM = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})")


def number(name: str) -> tuple[int, int] | None:
    """`"6.3"` as `(6, 3)`, to be compared part by part; None when it is not a version's form."""
    match = _FORM.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def at_least(name: str, since: str) -> bool:
    """Whether the known version `name` is `since` or later."""
    return (number(name) or (0, 0)) >= (number(since) or (0, 0))


def nearest(name: object) -> str:
    """The known version to read a document by: its own, and the newest where there is none.

    The newest knows most components and properties, so that an unknown version is reported once
    and not again at whatever an older version lacks.
    """
    return name if isinstance(name, str) and name in VERSIONS else LATEST
