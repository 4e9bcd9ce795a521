"""The tables of the schema."""

from __future__ import annotations

TABLES = (
    "instance",
    "accounts",
    "account_usage",
    "account_content",
    "channels",
    "api_keys",
    "console_sessions",
    "flows",
    "flow_revisions",
    "endpoint_keys",
    "app_secrets",
    "endpoint_checks",
    "errors",
    "rate_limits",
    "sub_accounts",
    "conversations",
    "messages",
    "templates",
    "phone_sessions",
    "submissions",
    "submission_flows",
    "submission_counts",
    "webhooks",
    "webhook_lanes",
    "webhook_deliveries",
)
"""In the order in which rows can be inserted: what is referred to comes first."""
