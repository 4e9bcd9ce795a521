"""What a route gets from its group, from its call and from its handler."""

from __future__ import annotations

import msgspec
import pytest

from waflows.http.route import Call, NoQuery, Reply, Scope
from waflows.http.routing import RouteGroup


class Colour(msgspec.Struct):
    """Something to send."""

    name: str


async def list_all_colours(call: Call[NoQuery, None]) -> Reply:
    """Lists the colours.

    There are a few.
    """
    raise NotImplementedError


@pytest.mark.parametrize(
    ("prefix", "name"), [("", "listAllColours"), ("guide", "guideListAllColours")]
)
def test_an_operation_is_named_after_its_handler_and_its_groups_prefix(
    prefix: str, name: str
) -> None:
    group = RouteGroup("/colours", tag="Colours", prefix=prefix)

    assert group.get("", list_all_colours, "List colours").name == name
    assert group.get("", list_all_colours, "List colours", name="colours").name == "colours"


def test_an_operation_is_described_by_its_handlers_docstring() -> None:
    route = RouteGroup("", tag="Colours").get("/", list_all_colours, "List colours")

    assert route.description == "Lists the colours.\n\nThere are a few."


def test_a_get_reads_and_any_other_method_writes_unless_an_option_says_otherwise() -> None:
    group = RouteGroup("", tag="Colours")
    scopes = {
        make("/", list_all_colours, "Colours").method: make("/", list_all_colours, "Colours").scope
        for make in (group.get, group.post, group.put, group.delete)
    }

    assert scopes == {
        "GET": Scope.READ,
        "POST": Scope.WRITE,
        "PUT": Scope.WRITE,
        "DELETE": Scope.WRITE,
    }
    public = RouteGroup("", tag="Colours", scope=Scope.PUBLIC)
    assert public.post("/", list_all_colours, "Colours").scope is Scope.PUBLIC


def test_an_option_of_a_route_counts_before_that_of_its_group() -> None:
    group = RouteGroup("/c", tag="Colours", whole_channel=True, answers=Colour)

    route = group.post("/x", list_all_colours, "Colours", whole_channel=False, body=Colour)

    assert (route.path, route.whole_channel) == ("/c/x", False)
    assert (route.answers, route.body) == (Colour, Colour)
