"""Short ways to write a route.

A group names once what its routes have in common. Each route is then one call:

    flows = RouteGroup("/flows", tag="Flows")
    ROUTES = [flows.get("", list_flows, "List flows", query=ListQuery, answers=FlowList)]

Its operation is named after the handler, `listFlows`, and described by the handler's docstring.
"""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import msgspec

from waflows.http.limits import BodyLimit
from waflows.http.refusals import Dialect
from waflows.http.route import Access, Handler, Route, Scope


class Options(TypedDict, total=False):
    """The fields of a `Route` that a group or a call may set."""

    name: str
    scope: Scope
    query: type[msgspec.Struct]
    body: Any
    max_body: BodyLimit
    access: Access
    status: int
    answers: Any
    produces: str
    more_statuses: tuple[int, ...]
    dialect: Dialect
    documented: bool
    limited: bool
    whole_channel: bool
    uncovered: bool


class RouteGroup:
    """Routes below one path that share a tag and options.

    `prefix` begins the name of each operation, so that handlers of two groups may have one name.
    A GET needs the scope READ and any other method WRITE, unless an option says otherwise.
    """

    def __init__(self, path: str, *, tag: str, prefix: str = "", **shared: Unpack[Options]) -> None:
        self._path = path
        self._tag = tag
        self._prefix = prefix
        self._shared = shared

    def get(self, path: str, handler: Handler, summary: str, **options: Unpack[Options]) -> Route:
        """A route that reads."""
        return self._route("GET", path, handler, summary, options)

    def post(self, path: str, handler: Handler, summary: str, **options: Unpack[Options]) -> Route:
        """A route that creates something or acts."""
        return self._route("POST", path, handler, summary, options)

    def put(self, path: str, handler: Handler, summary: str, **options: Unpack[Options]) -> Route:
        """A route that changes something."""
        return self._route("PUT", path, handler, summary, options)

    def delete(
        self, path: str, handler: Handler, summary: str, **options: Unpack[Options]
    ) -> Route:
        """A route that removes something."""
        return self._route("DELETE", path, handler, summary, options)

    def _route(
        self, method: str, path: str, handler: Handler, summary: str, options: Options
    ) -> Route:
        chosen: dict[str, Any] = {
            "name": self._name_of(handler),
            "scope": Scope.READ if method == "GET" else Scope.WRITE,
            **self._shared,
            **options,
        }
        return Route(
            method=method,
            path=self._path + path,
            handler=handler,
            summary=summary,
            tag=self._tag,
            **chosen,
        )

    def _name_of(self, handler: Handler) -> str:
        first, *rest = handler.__name__.split("_")
        words = [first.capitalize() if self._prefix else first, *map(str.capitalize, rest)]
        return self._prefix + "".join(words)
