"""Advice for bindings that were meant to be more than a path."""

from __future__ import annotations

import re

from waflows.flowjson.diagnostics import shortened

_PATH = re.compile(r"\$\{[\w.\-]+\}")
_FIRST = re.compile(r"\$\{((?:data|form|screen)(?:\.[\w-]+)+)")


def operator_advice(text: str) -> str | None:
    """What to write instead of a binding with an operator or a call inside; None for a path."""
    if _PATH.fullmatch(text):
        return None
    first = _FIRST.match(text)
    path = shortened(first[1]) if first is not None else "data.field"
    return (
        "Between the braces stands a path and nothing else. From 6.0 operators stand outside, in a "
        f"backtick expression such as `${{{path}}} == 'x'`; for two texts use If, or send the "
        "finished value."
    )
