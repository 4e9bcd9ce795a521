"""The console as a browser without a script uses it: pages, forms, a cookie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from harness.servers import client

SIGN_IN = "/console/sign-in"


def post(http: httpx2.Client, path: str, form: dict[str, Any] | None = None) -> httpx2.Response:
    """Submits a form as a page of the server itself does."""
    return http.post(path, data=form or {}, headers={"Origin": str(http.base_url).rstrip("/")})


@contextmanager
def signed_in(url: str, api_key: str) -> Iterator[httpx2.Client]:
    """A browser that has signed in."""
    with client(url) as http:
        response = post(http, SIGN_IN, {"key": api_key})
        assert response.status_code == 303, response.text
        yield http
