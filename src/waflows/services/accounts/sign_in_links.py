"""A link that signs one browser in to the console of a development server.

The link carries a random token instead of the API key, so the key stays out of the browser's
history. The token is kept in the memory of this process only; it works once, and not for long.
"""

from __future__ import annotations

import hmac
import secrets

from waflows.errors import NotAuthenticated
from waflows.services import clock

LIFETIME_MINUTES = 10
_TOKEN_BYTES = 32


class SignInLink:
    """The token of one link, and the API key that it stands for until it is used."""

    def __init__(self, api_key: str) -> None:
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._api_key: str | None = api_key
        self._expires_at = clock.now_ms() + LIFETIME_MINUTES * 60_000

    def redeem(self, token: str) -> str:
        """Uses the link up and returns its API key.

        Raises NotAuthenticated for a wrong token, which leaves the link usable, and for a link
        that was used or has expired.
        """
        is_right = hmac.compare_digest(token.encode(), self.token.encode())
        if not is_right or self._api_key is None or clock.now_ms() >= self._expires_at:
            raise NotAuthenticated(
                "This sign-in link has expired or was already used. Sign in with the API key, or"
                " restart `waflows dev` for a new link."
            )
        api_key, self._api_key = self._api_key, None
        return api_key
