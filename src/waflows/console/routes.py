"""The table of the console's addresses: one list for each part of it."""

from __future__ import annotations

from waflows.console import (
    error_lookup,
    flow_actions,
    flow_forms,
    flow_history,
    flow_sketch,
    flow_table,
    flow_text,
    phone,
    responses,
    signing_in,
)
from waflows.http.route import Route

CONSOLE: list[Route] = [
    *signing_in.ROUTES,
    *flow_table.ROUTES,
    *flow_forms.ROUTES,
    *flow_text.ROUTES,
    *flow_sketch.ROUTES,
    *flow_history.ROUTES,
    *flow_actions.ROUTES,
    *phone.ROUTES,
    *responses.ROUTES,
    *error_lookup.ROUTES,
]
