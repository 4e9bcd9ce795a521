"""The table of the console's addresses: one list for each part of it."""

from __future__ import annotations

from waflows.api.route import Route
from waflows.console import flow_table, signing_in

CONSOLE: list[Route] = [
    *signing_in.ROUTES,
    *flow_table.ROUTES,
]
