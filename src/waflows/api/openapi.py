"""The OpenAPI 3.1 document, generated from the routes so that it cannot fall behind them."""

from __future__ import annotations

import re
from typing import Any, get_args, get_origin

import msgspec

from waflows.http import reading
from waflows.http.refusals import Envelope
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.accounts.accounts import ACCOUNT_ID_PATTERN
from waflows.services.accounts.sub_accounts import SUB_ACCOUNT_ID_PATTERN

_DESCRIPTION = """\
waflows serves 8x8's WhatsApp Flows API on your own machine. Two dialects lead to the same flows:
the reference dialect under `/api/v1` and the guide dialect under `/config/v1`. Operations and
parameters marked as extensions are specific to waflows and do not change 8x8's answers.

Every response of 400 and above carries `code`, `message`, `errorId` and `timestamp`; quote the
`errorId` to the operator of the server, or look it up with *Look an error up*. This includes
requests that are not valid HTTP: 400 if one cannot be parsed, 431 if its headers are too long.
"""
_PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "accountId": {
        "description": "Id of the account; hyphens and case do not matter.",
        "schema": {
            "type": "string",
            "minLength": 32,
            "maxLength": 36,
            "pattern": ACCOUNT_ID_PATTERN,
        },
    },
    "channelId": {"description": "Id of a channel of the account.", "schema": {"type": "string"}},
    "flowId": {"description": "Id of a flow of the channel.", "schema": {"type": "string"}},
    "msisdn": {
        "description": "Phone number of a simulated user, with country code.",
        "schema": {"type": "string", "pattern": "^\\+?[1-9][0-9]{6,14}$"},
    },
    "revision": {
        "description": "Number of a revision, starting at 1.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    },
    "subAccountId": {
        "description": "Id of a sub-account, which sends through one channel.",
        "schema": {
            "type": "string",
            "minLength": 3,
            "maxLength": 50,
            "pattern": SUB_ACCOUNT_ID_PATTERN,
        },
    },
    "token": {"description": "The token of the link.", "schema": {"type": "string"}},
    "umid": {
        "description": "Id of a message.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "templateName": {"description": "The name of a template.", "schema": {"type": "string"}},
    "type": {
        "description": "The type of a webhook.",
        "schema": {"type": "string", "enum": ["CADR", "MSG", "CABM"]},
    },
    "deliveryId": {"description": "Id of a delivery.", "schema": {"type": "string"}},
    "submissionId": {
        "description": "Id of a submission.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "errorId": {
        "description": "The `errorId` of an error response.",
        "schema": {"type": "string", "format": "uuid"},
    },
}
_SUB_ACCOUNT_OF_WEBHOOK = {
    "description": "Id of a sub-account, or `*` for the webhook of all sub-accounts.",
    "schema": {"type": "string"},
}
_STATUSES = {
    400: "The request is not valid (codes 1000, 1008, 1010).",
    401: "No valid API key (1200), or the id of another account or sub-account (1001).",
    403: "The API key is not allowed to do this (1201).",
    404: "Not found, or not in this account (1300).",
    405: "The address does not support this method.",
    408: "The body arrived too slowly.",
    409: "The current state does not allow this, or something changed in the meantime.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The Flow JSON is not valid.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    431: "The address or the headers are too long.",
    500: "Internal server error (2000).",
    501: "A part of 8x8's API that waflows does not support (2001).",
    503: "Overloaded, or the database is unavailable; `Retry-After` says when to retry.",
}
_RESPONSE_HEADERS = {
    "listFlows": {
        "Link": 'The next page, as `<address>; rel="next"`, when there is one.',
        "X-Total-Count": "The number of flows that match.",
        "ETag": "Changes whenever the answer changes.",
    },
    "listSubmissions": {
        "Link": 'The next page, as `<address>; rel="next"`, when there is one.',
    },
}
_ERROR_HEADERS = {
    401: {"WWW-Authenticate": "`Bearer`"},
    405: {"Allow": "The methods that the address supports."},
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
}
_PLACE = re.compile(r"\{(\w+)\}")


def document(routes: list[Route]) -> bytes:
    """Returns the document as JSON."""
    # Looking up the version takes a tenth of a server's start.
    from waflows import __version__

    documented = [route for route in routes if route.documented]
    schemas = _Schemas(documented)
    paths: dict[str, dict[str, Any]] = {}
    for route in documented:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "waflows",
                "version": __version__,
                "description": _DESCRIPTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": tag} for tag in dict.fromkeys(r.tag for r in documented)],
            "paths": paths,
            "components": {
                "schemas": schemas.components,
                "securitySchemes": {
                    "apiKey": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An API key, sent as `Authorization: Bearer <key>`.",
                    }
                },
            },
        }
    )


async def show(call: Call[NoQuery, None]) -> Reply:
    """Returns this document as OpenAPI 3.1."""
    return Reply(call.state.openapi(), headers={"Cache-Control": "no-cache"})


class _Schemas:
    """The JSON Schemas of every type that the routes use."""

    def __init__(self, routes: list[Route]) -> None:
        types: list[Any] = [Envelope]
        for route in routes:
            types += [route.query, *([route.body] if route.body else [])]
            types += [route.answers] if _is_described(route.answers) else []
        unique = list(dict.fromkeys(types))
        schemas, components = msgspec.json.schema_components(
            unique, ref_template="#/components/schemas/{name}"
        )
        self._by_type = dict(zip(unique, schemas, strict=True))
        queries = {route.query.__name__ for route in routes}
        self._all = components
        self.components = {k: v for k, v in components.items() if k not in queries}

    def of(self, type_: Any) -> dict[str, Any]:
        """The schema of a type, by reference where it has a name."""
        if _is_described(type_):
            schema: dict[str, Any] = self._by_type[type_]
            return schema
        return {"type": "string"} if type_ is str else {}

    def properties(self, query: type[msgspec.Struct]) -> dict[str, dict[str, Any]]:
        """The schema of each parameter of a query."""
        found: dict[str, dict[str, Any]] = self._all[query.__name__]["properties"]
        return found


def _operation(route: Route, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": route.description,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas)],
        "responses": _responses(route, schemas),
        "security": [] if route.scope is Scope.PUBLIC else [{"apiKey": []}],
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": not reading.may_be_left_out(route.body),
            "content": {"application/json": {"schema": schemas.of(route.body)}},
        }
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    described = _PATH_PARAMETERS
    if "/webhooks/" in route.path:
        described = described | {"subAccountId": _SUB_ACCOUNT_OF_WEBHOOK}
    return [
        {"name": name, "in": "path", "required": True, **described[name]}
        for name in _PLACE.findall(route.path)
    ]


def _query_parameters(route: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    parameters = []
    for name, schema in schemas.properties(route.query).items():
        shown = {key: value for key, value in schema.items() if key != "description"}
        if "anyOf" in shown:
            # A parameter is present or absent; it cannot be null.
            rest = [kind for kind in shown.pop("anyOf") if kind.get("type") != "null"]
            shown |= rest[0]
            shown.pop("default", None)
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": schema.get("description", ""),
                "schema": shown,
            }
        )
    return parameters


def _responses(route: Route, schemas: _Schemas) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Success."}
    if route.answers is not None:
        success["description"] = "Success."
        success["content"] = {route.produces: {"schema": schemas.of(route.answers)}}
    if headers := _RESPONSE_HEADERS.get(route.name.replace("guideList", "list")):
        success["headers"] = _headers(headers)
    responses = {str(route.status): success}
    if "ETag" in (headers or {}):
        responses["304"] = {"description": "Nothing has changed."}
    envelope = {"application/json": {"schema": schemas.of(Envelope)}}
    for status in _statuses(route):
        responses[str(status)] = {"description": _STATUSES[status], "content": envelope}
        if status in _ERROR_HEADERS:
            responses[str(status)]["headers"] = _headers(_ERROR_HEADERS[status])
    return responses


def _headers(texts: dict[str, str]) -> dict[str, Any]:
    return {
        name: {"description": text, "schema": {"type": "string"}} for name, text in texts.items()
    }


def _statuses(route: Route) -> list[int]:
    statuses = {405, 431, 500, 503}
    if route.scope is not Scope.PUBLIC:
        statuses |= {400, 401, 403, 404, 429}
    if "{" in route.path:
        statuses.add(404)
    if route.query is not NoQuery:
        statuses.add(400)
    if route.body is not None:
        statuses |= {400, 408, 413, 415}
    if route.dialect == "guide" and route.scope is Scope.WRITE:
        statuses.add(409)
        statuses |= {422} if route.body is not None else set()
    return sorted(statuses | set(route.more_statuses))


def _is_described(type_: Any) -> bool:
    """Whether a type has a schema: a Struct, or a list of one."""
    [item] = get_args(type_) if get_origin(type_) is list else [type_]
    return isinstance(item, type) and issubclass(item, msgspec.Struct)


_operations = RouteGroup("", tag="Operations", scope=Scope.PUBLIC)
ROUTES: list[Route] = [
    _operations.get("/openapi.json", show, "This document", name="openapi", answers=dict),
]
