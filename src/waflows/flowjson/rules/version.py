"""The document's own version: there, well formed, known, and still in use."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Replacement, Target
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.spec import versions
from waflows.flowjson.spec.versions import Stage

_KNOWN = f"Known versions are {', '.join(versions.VERSIONS)}."
_GOOD = page()

MISSING = Rule(
    id="version-missing",
    code="MISSING_FLOW_JSON_VERSION",
    title="The document says its version",
    message="Flow JSON version is not specified.",
    why="The version decides which components and properties exist.",
    help=f'Add "version": "{versions.LATEST}".',
    failing=fails(
        "«" + _GOOD.replace('"version": "7.3",\n  ', "") + "»",
        "Flow JSON version is not specified.",
        "",
    ),
    passing=passes(_GOOD),
)
INVALID = Rule(
    id="version-invalid",
    code="INVALID_FLOW_JSON_VERSION",
    title="The version is one that exists",
    message="Invalid Flow JSON version.",
    why="A version is written major.minor, and only published ones exist.",
    help=_KNOWN,
    failing=fails(_GOOD.replace('"7.3"', '«"2024.0"»'), "Invalid Flow JSON version.", "version"),
    passing=passes(page(version="5.1")),
)
NO_SCHEMA = Rule(
    id="schema-missing",
    code="INVALID_FLOW_JSON",
    title="There is a schema for the version",
    wording={
        "none": "No schema found for the given version {version}.",
        "invalid": "Invalid schema found for the given version {version}.",
    },
    why="A well-formed version above the newest known one may exist at Meta one day, but there "
    "is nothing to hold the document against; it is read by the newest known version.",
    help=_KNOWN,
    failing=fails(
        _GOOD.replace('"7.3"', '«"99.0"»'),
        "No schema found for the given version 99.0.",
        "version",
    ),
    passing=passes(page(version="7.2")),
)
UNSUPPORTED = Rule(
    id="version-unsupported",
    code="UNSUPPORTED_FLOW_JSON_VERSION",
    title="The version is still supported",
    message="Unsupported Flow JSON version.",
    why="Raised for a version that has expired, and, as in Meta's sample, for one that is a "
    "number instead of a string. No version has expired yet.",
    help=_KNOWN + " The version is a string.",
    failing=fails(_GOOD.replace('"7.3"', "«100»"), "Unsupported Flow JSON version.", "version"),
    passing=passes(page(version="5.0")),
)
UNAVAILABLE = Rule(
    id="version-unavailable",
    code="UNAVAILABLE_FLOW_JSON_VERSION",
    title="The version is open to the account",
    message="The Flow JSON version is not available for your WABA ID.",
    why="Meta opens a version to some accounts first. That depends on the account and not on the "
    "document, so waflows never reports it.",
    help=_KNOWN,
    failing=(),
    passing=passes(_GOOD),
)
FROZEN = Gap(
    id="version-frozen",
    code="WAFLOWS_FROZEN_VERSION",
    title="The version can still be published",
    message="Flow JSON version {version} is frozen since {date}: it cannot be published any more.",
    why="Flows of a frozen version are still sent and opened, but Meta refuses to publish them.",
    help=f'Move to "version": "{versions.LATEST}".',
    failing=fails(
        page(version="4.0").replace('"4.0"', '«"4.0"»'),
        "Flow JSON version 4.0 is frozen since 2025-04-08: it cannot be published any more.",
        "version",
    ),
    passing=passes(page(version="5.1")),
)


def version_findings(flow: FlowStructure, instead: str | None) -> Iterator[Finding]:
    """What is wrong with the version; `instead` is the one to hold the document against."""
    given = flow.value.get("version") if instead is None else instead
    at = Target(("version",)) if "version" in flow.value else Target(())
    if "version" not in flow.value:
        yield MISSING.finding(Target(()))
        if instead is None:
            return
    if not isinstance(given, str):
        known = instead is None and isinstance(given, float) and str(given) in versions.VERSIONS
        yield UNSUPPORTED.finding(at, fix=Replacement(f'"{given}"') if known else None)
    elif given in versions.VERSIONS:
        yield from _stage(versions.VERSIONS[given], at)
    elif versions.number(given) is not None and versions.at_least(given, versions.LATEST):
        yield NO_SCHEMA.finding(at, version=given)
    else:
        yield INVALID.finding(at)


def _stage(version: versions.Version, at: Target) -> Iterator[Finding]:
    if version.stage is Stage.EXPIRED:
        yield UNSUPPORTED.finding(at)
    elif version.stage is Stage.FROZEN:
        yield FROZEN.finding(at, version=version.name, date=version.frozen_on)


FAMILY = Family(rules=(MISSING, INVALID, NO_SCHEMA, UNSUPPORTED, UNAVAILABLE, FROZEN))
