"""Findings on a Flow JSON as the two dialects write them: the same fields, spelled differently."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from waflows.flowjson.diagnostics import Diagnostic, meta_fields, place_fields


class Pointer(msgspec.Struct, frozen=True, rename="camel"):
    """A position in a Flow JSON; lines and columns count from 1, ends are inclusive."""

    line_start: int
    line_end: int
    column_start: int
    column_end: int
    path: str


class ValidationError(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding on a Flow JSON; its position is that of its first pointer."""

    error: str
    error_type: str
    message: str
    line_start: int
    line_end: int
    column_start: int
    column_end: int
    pointers: list[Pointer]


class GuidePointer(msgspec.Struct, frozen=True):
    """A position in a Flow JSON; lines and columns count from 1, ends are inclusive."""

    line_start: int
    line_end: int
    column_start: int
    column_end: int
    path: str


class GuideValidationError(msgspec.Struct, frozen=True, kw_only=True):
    """A finding on a Flow JSON; its position is that of its first pointer."""

    error: str
    error_type: str
    message: str
    line_start: int
    line_end: int
    column_start: int
    column_end: int
    pointers: list[GuidePointer]


def validation_errors(findings: Iterable[Diagnostic]) -> list[ValidationError]:
    """Returns the findings in the reference dialect."""
    return [
        ValidationError(
            pointers=[Pointer(path=p.path, **place_fields(p)) for p in f.pointers], **meta_fields(f)
        )
        for f in findings
    ]


def validation_errors_if_any(findings: Iterable[Diagnostic]) -> list[ValidationError] | UnsetType:
    """Returns the findings in the reference dialect, which omits the field when there are none."""
    return validation_errors(findings) or UNSET


def guide_validation_errors(findings: Iterable[Diagnostic]) -> list[GuideValidationError]:
    """Returns the findings in the guide dialect."""
    return [
        GuideValidationError(
            pointers=[GuidePointer(path=p.path, **place_fields(p)) for p in f.pointers],
            **meta_fields(f),
        )
        for f in findings
    ]
