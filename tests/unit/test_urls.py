"""What counts as an address: one table for every place that takes one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows import settings
from waflows.errors import WaflowsError
from waflows.services.messages import bubbles
from waflows.storage.messages import Header
from waflows.upstream.egress import Egress
from waflows.urls import is_http_url, problem_of_database_url, problem_of_http_url

GOOD = [
    "https://example.org",
    "HTTPS://EXAMPLE.org/",
    "http://example.org:8080/a/b;c=1,2?x=%20&y=(1)#part",
    "https://xn--bcher-kva.example/",
    "https://example.org.",
    "https://1.1.1.1/",
    "https://[2606:4700:4700::1111]:443/x",
    "https://example.org:/",
    "https://example.org?x=1",
    "https://" + "a" * 60 + ".example/" + "b" * 1900,
]
BAD = [
    "",
    "example.org",
    "//example.org/",
    "ftp://example.org/",
    "javascript:alert(1)",
    "https:/example.org",
    "https://",
    "https:///path",
    "https://?x",
    "https://user:pass@example.org/",
    "https://user@example.org/",
    "https://@example.org/",
    "https://exam ple.org/",
    "https://bücher.example/",
    "https://example.org:99999/",
    "https://example.org:port/",
    "https://example.org:80:80/",
    "https://[::1",
    "https://[::1]x/",
    "https://[1:2]/",
    "https://[fe80::1%25eth0]/",
    "https://a\\@1.1.1.1/",
    "https://example.org/a b",
    "https://example.org/ä",
    "https://example.org/%zz",
    "https://example.org/<>",
    "https://example.org/\n",
    "https://example.org/\x00",
    " https://example.org/",
    "https://example.org/" + "a" * 2048,
]


def _accepts(call: Callable[[], object]) -> bool:
    try:
        call()
    except WaflowsError:
        return False
    return True


PLACES: dict[str, Callable[[str], object]] = {
    "a call": lambda url: Egress().read(url),
    "public_url": lambda url: settings.load({"public_url": url}, {}),
    "a header": lambda url: bubbles.checked_header("header", Header("image", link=url)),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("url", "good"), [*((u, True) for u in GOOD), *((u, False) for u in BAD)])
def test_every_place_that_takes_a_url_takes_the_same_ones(place: str, url: str, good: bool) -> None:
    if place == "public_url" and not url:
        pytest.skip("an empty setting is one that is not set")
    assert is_http_url(url) is good
    assert _accepts(lambda: PLACES[place](url)) is good


@given(st.text(max_size=80) | st.text(max_size=40).map("https://".__add__))
def test_of_any_text_it_is_said_whether_it_is_a_url_and_nothing_is_repeated(text: str) -> None:
    problem = problem_of_http_url(text)
    assert problem is None or len(text) < 8 or text not in problem


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///waflows.db",
        "sqlite:////var/lib/waflows.db",
        "sqlite:///~/a b.db",
        "postgresql://waflows:se%40cret@db.internal:5432/waflows",
        "postgres://waflows@localhost/waflows",
        "postgresql://waflows:p#w:x?y@db/waflows?sslmode=require",
        "postgresql:///waflows?host=/var/run/postgresql&user=waflows&password=secret",
        "postgresql://postgres:@/postgres?host=%2Ftmp%2Fpg",
        "postgresql://u:p@one:1,two:2,[::1]:3/db?target_session_attrs=read-write",
        "postgresql://%2Fvar%2Frun/db",
        "postgresql://db",
    ],
)
def test_an_address_of_a_database_is_taken(url: str) -> None:
    assert problem_of_database_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:geheim@h/d",
        "postgresql:u:geheim@h/d",
        "host=h user=u password=geheim",
        "sqlite://u:geheim@h/d",
        "sqlite:///",
        "postgresql://u:geheim@h:port/d",
        "postgresql://u:geheim@h:99999/d",
        "postgresql://u:geh@eim@h/d",
        "postgresql://u:geh/eim@h/d",
        "postgresql://u:geheim%@h/d",
        "postgresql://u:geheim%zz@h/d",
        "postgresql://u:geheim%00@h/d",
        "postgresql://u:geh eim@h/d",
        "postgresql://u:geheim\n@h/d",
        "postgresql://u:geheim@[h/d",
        "postgresql://u:geheim",
        "postgresql://u:geheim@h/d/e",
    ],
)
def test_a_malformed_address_of_a_database_is_refused_and_not_repeated(url: str) -> None:
    problem = problem_of_database_url(url)
    assert problem is not None
    assert "geh" not in problem
    assert "eim" not in problem
