"""Every setting of the server: its default, its meaning, and where its value comes from.

A value is taken from the first place that has it: a command-line flag, an environment variable
`WAFLOWS_<NAME>`, a TOML file, the default below. How settings are used is decided elsewhere.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import platformdirs
from msgspec import Meta

from waflows.errors import OperatorError
from waflows.urls import DATABASE_SCHEMES, is_http_url, problem_of_database_url

ENV_PREFIX = "WAFLOWS_"
_CONFIG_VARIABLE = "WAFLOWS_CONFIG"
# Variables that the command line reads for itself or passes to child processes. They are not
# settings of the server, and must not be reported as misspelt ones.
_OTHER_VARIABLES = frozenset({_CONFIG_VARIABLE, "WAFLOWS_URL", "WAFLOWS_ACCOUNT"}) | {
    "WAFLOWS_CHANNEL",
    "WAFLOWS_KEY",
    "WAFLOWS_SUB_ACCOUNT",
    "WAFLOWS_MSISDN",
    "WAFLOWS_COMPLETE",
}


# Kubernetes sets these variables in every pod for each Service of its namespace, so those of a
# Service named waflows, or waflows-something, look like settings. PORT is also a setting; the form
# of the value distinguishes the two.
_SERVICE_LINK = re.compile(
    r"(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?"
    r"|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
)
_SERVICE_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://[^/\s]+:[0-9]+")
_SERVICE_ADDRESS_NAME = re.compile(r"(?:[A-Z0-9_]+_)?PORT")


def default_data_folder() -> str:
    """The current user's folder for the data of a server."""
    return platformdirs.user_data_dir("waflows", appauthor=False)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one server; a field's description is its help text everywhere."""

    data: Annotated[str, Meta(description="Folder for the SQLite database and other files.")] = (
        msgspec.field(default_factory=default_data_folder)
    )
    database_url: Annotated[
        str,
        Meta(
            description="postgresql://user:password@host/name or sqlite:///path;"
            " empty for <data>/waflows.db."
        ),
    ] = ""
    listen_url: Annotated[
        str,
        Meta(
            description="postgresql://… URL of the same database that bypasses a transaction-mode"
            " pooler, used to listen for changes; empty to use database_url."
        ),
    ] = ""
    secrets_key: Annotated[
        str,
        Meta(
            description="Base64 of the 32-byte key that encrypts stored secrets;"
            " empty for the file <data>/secrets.key, created at the first start."
        ),
    ] = ""
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    ] = 8088
    workers: Annotated[int, Meta(ge=1, le=64, description="Number of worker processes.")] = 2
    public_url: Annotated[
        str,
        Meta(
            description="Public URL of the server, used in links;"
            " empty to derive it from each request."
        ),
    ] = ""
    rate_limit: Annotated[
        int,
        Meta(
            ge=0,
            description="Writes per minute for each API key; 0 for no limit. A Flow JSON counts"
            " once for each started 256 KB.",
        ),
    ] = 100
    rate_limit_reads: Annotated[
        int, Meta(ge=0, description="Reads per minute for each API key; 0 for no limit.")
    ] = 0
    max_body_bytes: Annotated[
        int,
        Meta(
            ge=1,
            description="Maximum size of a request body in bytes; most operations have smaller"
            " limits.",
        ),
    ] = 32 * 1024 * 1024
    preview_events: Annotated[
        int,
        Meta(
            ge=0,
            description="Requests per minute for each preview link and worker process; 0 for no"
            " limit.",
        ),
    ] = 600
    preview_calls: Annotated[
        int,
        Meta(
            ge=0,
            description="Endpoint calls per minute by all previews of a flow; 0 for no limit.",
        ),
    ] = 60
    preview_hours: Annotated[
        int, Meta(ge=1, description="Lifetime of a preview link, in hours.")
    ] = 48
    flow_json_link_minutes: Annotated[
        int, Meta(ge=1, description="Lifetime of a flowJsonUrl, in minutes.")
    ] = 60
    error_days: Annotated[
        int, Meta(ge=1, description="Days to keep errors for lookup by errorId.")
    ] = 30
    error_rows: Annotated[
        int,
        Meta(
            ge=1,
            description="Maximum number of errors kept per account; the oldest are deleted first.",
        ),
    ] = 10_000
    account_flows: Annotated[
        int, Meta(ge=0, description="Maximum number of flows per account; 0 for no limit.")
    ] = 100_000
    account_bytes: Annotated[
        int,
        Meta(
            ge=0,
            description="Maximum bytes of Flow JSON, messages and answers stored per account, over"
            " all revisions and before compression; 0 for no limit.",
        ),
    ] = 10 * 1024**3
    account_templates: Annotated[
        int, Meta(ge=0, description="Maximum number of templates per account; 0 for no limit.")
    ] = 10_000
    account_phones: Annotated[
        int,
        Meta(
            ge=0,
            description="Maximum number of phone numbers per account with a conversation; 0 for no"
            " limit.",
        ),
    ] = 1_000_000
    account_webhooks: Annotated[
        int, Meta(ge=0, description="Maximum number of webhooks per account; 0 for no limit.")
    ] = 1000
    flow_revisions: Annotated[
        int,
        Meta(
            ge=0,
            description="Revisions kept per flow; the oldest are deleted first, except those that"
            " were sent. 0 to keep all.",
        ),
    ] = 1000
    submission_days: Annotated[
        int, Meta(ge=0, description="Days to keep submissions; 0 to keep them indefinitely.")
    ] = 0
    message_days: Annotated[
        int, Meta(ge=0, description="Days to keep messages; 0 to keep them indefinitely.")
    ] = 0
    webhook_retry_days: Annotated[
        int, Meta(ge=1, description="Days to retry a failing webhook delivery.")
    ] = 3
    webhook_delivered_days: Annotated[
        int, Meta(ge=1, description="Days to keep successful deliveries for lookup.")
    ] = 7
    webhook_dead_days: Annotated[
        int, Meta(ge=1, description="Days to keep dead deliveries for replay.")
    ] = 30
    simulated_phone: Annotated[
        bool,
        Meta(
            description="Whether the server simulates users' phones, which receive messages and"
            " answer them; without them messages stay queued. true or false."
        ),
    ] = True
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="Format of log lines; auto is console on a terminal and JSON otherwise."),
    ] = "auto"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Minimum level of log lines."),
    ] = "info"
    unix_socket: Annotated[
        str,
        Meta(description="Path of a Unix socket to listen on, instead of host and port."),
    ] = ""
    reuse_port: Annotated[
        bool,
        Meta(
            description="Whether a second server of the same user may listen on the same port or"
            " Unix socket, to take over from this one. true or false."
        ),
    ] = False
    forwarded_allow_ips: Annotated[
        str,
        Meta(
            description="Addresses and networks of proxies whose X-Forwarded-For and"
            " X-Forwarded-Proto are trusted, separated by commas; * for all."
        ),
    ] = "127.0.0.1"
    shutdown_delay: Annotated[
        int,
        Meta(
            ge=0,
            description="Seconds during which a stopping server still accepts"
            " connections, while /readyz answers 503.",
        ),
    ] = 0
    shutdown_seconds: Annotated[
        int, Meta(ge=1, description="Seconds that a stopping server waits for requests in flight.")
    ] = 30

    @property
    def url_of_database(self) -> str:
        """The database URL in use, with the default filled in."""
        return self.database_url or f"sqlite:///{Path(self.data).expanduser() / 'waflows.db'}"


FIELDS = {field.name: field for field in msgspec.structs.fields(Settings)}
NOT_ON_THE_COMMAND_LINE = frozenset({"secrets_key"})
"""Settings without an option, as anyone on the machine can read the arguments of a process."""
_DATABASE_URLS = ("database_url", "listen_url")
_NEVER_SHOWN = frozenset({"secrets_key", *_DATABASE_URLS})


def describe(name: str) -> str:
    """The help text of a setting."""
    return str(FIELDS[name].type.__metadata__[0].description)


def load(
    flags: Mapping[str, Any], environ: Mapping[str, str], config: str | None = None
) -> Settings:
    """Loads settings: flags take precedence over the environment, the file and the defaults.

    Raises OperatorError, whose message names the setting and where it was set.
    """
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    path = config or environ.get(_CONFIG_VARIABLE)
    sources = [
        (_read_file(path) if path else {}, f"in {path}"),
        (_read_environment(environ), "in the environment"),
        (
            {name: value for name, value in flags.items() if value is not None},
            "on the command line",
        ),
    ]
    for source, place in sources:
        for name, value in source.items():
            values[name] = value
            origin[name] = place
    checked = {name: _convert(name, value, origin[name]) for name, value in values.items()}
    settings = Settings(**checked)
    _check_url(settings.public_url, origin.get("public_url", ""))
    for name in _DATABASE_URLS:
        _check_database_url(name, getattr(settings, name), origin.get(name, ""))
    _check_listen_url(settings.listen_url, origin.get("listen_url", ""))
    return settings


def service_links(environ: Mapping[str, str]) -> list[str]:
    """The variables that Kubernetes sets for a Service named waflows; they are not settings."""
    return sorted(name for name, value in environ.items() if _is_service_link(name, value))


def environment_name(field: str) -> str:
    """The environment variable of a setting."""
    return ENV_PREFIX + field.upper()


def _read_file(path: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise OperatorError(f"Cannot read the settings file {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OperatorError(f"The settings file {path} is not valid TOML: {error}.") from None
    for name in table:
        if name not in FIELDS:
            raise OperatorError(f"Unknown setting {name!r} in {path}.{_did_you_mean(name)}")
    return table


def _read_environment(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable, value in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        if _is_service_link(variable, value):
            continue
        name = variable[len(ENV_PREFIX) :].lower()
        if name not in FIELDS:
            raise OperatorError(
                f"Unknown setting {variable} in the environment.{_did_you_mean(name)}"
            )
        found[name] = value
    return found


def _is_service_link(variable: str, value: str) -> bool:
    name = variable.removeprefix(ENV_PREFIX)
    if name == variable:
        return False
    if _SERVICE_ADDRESS_NAME.fullmatch(name) and _SERVICE_ADDRESS.fullmatch(value):
        return True
    return _SERVICE_LINK.fullmatch(name) is not None


def _did_you_mean(name: str) -> str:
    close = difflib.get_close_matches(name, FIELDS, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Settings are: {', '.join(FIELDS)}."


def _convert(name: str, value: Any, place: str) -> Any:
    try:
        return msgspec.convert(value, FIELDS[name].type, strict=False)
    except msgspec.ValidationError:
        shown = "" if name in _NEVER_SHOWN else f", not {value!r}"
        expected = _describe(msgspec.inspect.type_info(FIELDS[name].type))
        raise OperatorError(
            f"Invalid setting {name} {place}: expected {expected}{shown}."
        ) from None


def _describe(info: msgspec.inspect.Type) -> str:
    """Describes in words what a setting of a type must be."""
    match info:
        case msgspec.inspect.Metadata(type=described):
            return _describe(described)
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case msgspec.inspect.IntType(ge=int(least), le=int(most)):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.IntType(ge=int(least)):
            return f"a whole number of at least {least}"
        case msgspec.inspect.IntType():
            return "a whole number"
        case _:
            return "text"


def _check_url(url: str, place: str) -> None:
    if url and not is_http_url(url):
        raise OperatorError(
            f"Invalid setting public_url {place}: expected a URL such as"
            f" https://flows.example.org, not {url!r}."
        )


def _check_database_url(name: str, url: str, place: str) -> None:
    problem = problem_of_database_url(url) if url else None
    if problem is not None:
        raise OperatorError(f"Invalid setting {name} {place}: {problem}.")


def _check_listen_url(url: str, place: str) -> None:
    if url and url.partition("://")[0] not in DATABASE_SCHEMES:
        raise OperatorError(
            f"Invalid setting listen_url {place}: expected postgresql://user:password@host/name."
        )


def from_environment() -> Settings:
    """Reads the settings that `serve` passes to its worker processes."""
    return msgspec.json.decode(os.environ[HANDOVER], type=Settings)


HANDOVER = "_WAFLOWS_SERVE_SETTINGS"
"""Environment variable in which `serve` passes the settings, as JSON, to its workers."""
