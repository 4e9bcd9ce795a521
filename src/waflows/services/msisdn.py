"""Phone numbers as E.164 writes them: a plus sign, a country code, at most 15 digits in all."""

from __future__ import annotations

import re

from waflows.errors import InvalidMessage, MessageProblem

# ITU-T E.164: no country code begins with 0. The shortest numbers in use have seven digits.
_E164 = re.compile(r"\+?([1-9][0-9]{6,14})")
# The visual separators of RFC 3966, and the space, which people write as well.
_SEPARATORS = str.maketrans("", "", " -.()")


def normalised(text: str, country: str | None = None) -> str:
    """The number with its plus sign and nothing but digits behind it.

    `country` says that a number without a plus sign is a national one, which is not accepted: its
    international form cannot be derived from its digits. Raises InvalidMessage.
    """
    plain = text.translate(_SEPARATORS)
    if country and not plain.startswith("+"):
        raise InvalidMessage(
            MessageProblem.INVALID_MSISDN,
            "user.msisdn must be an international number with its plus sign, such as +6581234567:"
            " waflows does not complete national numbers by user.country.",
        )
    match = _E164.fullmatch(plain)
    if match is None:
        raise InvalidMessage(
            MessageProblem.INVALID_MSISDN,
            "user.msisdn is not an E.164 number: a plus sign and 7 to 15 digits that begin with the"
            " country code, such as +6581234567.",
        )
    return f"+{match[1]}"


def covered(msisdn: str) -> str:
    """The number with its last four digits masked."""
    return f"{msisdn[:-4]}xxxx"
