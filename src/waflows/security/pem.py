"""PEM as people paste it: a block's label and content, whatever happened to the text on its way.

Line breaks are lost or spelled out, the text is quoted, indented, put into Base64 once more, and
word processors lengthen its dashes. Knows text only; `key_pairs.py` knows what the blocks mean.
"""

from __future__ import annotations

import base64
import re

import msgspec

from waflows.errors import InvalidParameter

# Room for a key with a chain of certificates; bounds the work on nonsense.
_LONGEST_TEXT = 16 * 1024
_LINE_LENGTH = 64


class UnusableKey(InvalidParameter):
    """The text is not a key that can be used here."""


class Block(msgspec.Struct, frozen=True):
    """What stands between a BEGIN and an END line; `headers` are those of an encrypted PKCS#1."""

    label: str
    content: bytes
    headers: str = ""

    def __repr__(self) -> str:
        """Nothing of the content, which may be a private key."""
        return f"Block({self.label!r}, …)"

    @property
    def text(self) -> bytes:
        """The block as it should have been written."""
        packed = base64.b64encode(self.content).decode()
        starts = range(0, len(packed), _LINE_LENGTH)
        lines = "\n".join(packed[start : start + _LINE_LENGTH] for start in starts)
        return (
            f"-----BEGIN {self.label}-----\n{self.headers}{lines}\n-----END {self.label}-----\n"
        ).encode()


def find(text: str | bytes, wanted: str) -> Block:
    """The block whose label ends with `wanted`, or else the first one.

    Base64 without BEGIN and END lines counts as a block with the label `wanted`: people leave out
    what looks like decoration. Raises UnusableKey with a sentence that says what is wrong.
    """
    plain = _plain(text)
    if not plain:
        raise UnusableKey(f"The key is empty: expected PEM text with -----BEGIN {wanted}-----.")
    found = _blocks(plain) or _blocks(_decoded_once(plain))
    if found:
        label, body = next((one for one in found if one[0].endswith(wanted)), found[0])
        return _block(label, body)
    if plain.startswith("ssh-"):
        raise UnusableKey(
            "This is a public key in the form of SSH. Turn it into PEM:"
            " ssh-keygen -e -m PKCS8 -f key.pub"
        )
    if _BEGIN.search(plain):
        raise UnusableKey(
            "The key is cut off: no END line follows its BEGIN line."
            " Copy the whole text, from -----BEGIN to the last dash of the END line."
        )
    if len(plain) > _LINE_LENGTH and _BASE64.fullmatch(_packed(plain)):
        return _block(wanted, plain)
    raise UnusableKey(
        f"This is not a key: expected PEM text that starts with -----BEGIN {wanted}-----."
        " If it is the name of a file, give what is in the file."
    )


_DASHES = r"[-\u2010-\u2015\u2212]{1,10}"
_BEGIN = re.compile(rf"{_DASHES}\s?BEGIN\s?([A-Z0-9\s]{{3,40}}?)\s?{_DASHES}")
_END = re.compile(rf"{_DASHES}\s?END\s?([A-Z0-9\s]{{3,40}}?)\s?{_DASHES}")
_INVISIBLE = re.compile("[\u00a0\u200b-\u200f\u2060\ufeff]")
_LINE_BREAK = re.compile(r"\\+r\\+n|\\+n|\\+r|\r\n?")
# The cipher tells how long the IV after it is, and so where the key begins when no line break is
# left to tell.
_HEADERS = re.compile(
    r"Proc-Type:\s*4,\s*ENCRYPTED\s*DEK-Info:\s*"
    r"(DES-EDE3-CBC,\s*[0-9A-Fa-f]{16}|AES-(?:128|192|256)-CBC,\s*[0-9A-Fa-f]{32})"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LABELS = {
    label.replace(" ", ""): label
    for label in (
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PUBLIC KEY",
        "RSA PUBLIC KEY",
        "CERTIFICATE",
    )
}


def _plain(text: str | bytes) -> str:
    if len(text) > _LONGEST_TEXT:
        raise UnusableKey("This is too long to be a key.")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UnusableKey(
                "This is not text. If it is a key in DER form, turn it into PEM:"
                " openssl pkey -inform DER -in key.der -out key.pem"
            ) from None
    return _LINE_BREAK.sub("\n", _INVISIBLE.sub(" ", text)).strip(" \t\n\"'`")


def _blocks(plain: str) -> list[tuple[str, str]]:
    found = []
    for begin in _BEGIN.finditer(plain):
        end = _END.search(plain, begin.end())
        if end and _label(end[1]) == _label(begin[1]):
            found.append((_label(begin[1]), plain[begin.end() : end.start()]))
    return found


def _label(written: str) -> str:
    """A label with the spaces it should have."""
    return _LABELS.get(re.sub(r"\s", "", written), " ".join(written.split()))


def _decoded_once(plain: str) -> str:
    """PEM that was put into Base64 as a whole, as people do for environment variables."""
    try:
        return _plain(base64.b64decode(_packed(plain), validate=True).decode("ascii"))
    except ValueError:
        return ""


def _block(label: str, body: str) -> Block:
    headers = _HEADERS.search(body)
    packed = _packed(body[headers.end() :] if headers else body)
    try:
        content = base64.b64decode(packed, validate=True)
    except ValueError:
        raise UnusableKey(
            "The key is damaged: what stands between its BEGIN and END lines is not Base64."
            " Copy it anew from the file."
        ) from None
    if not headers:
        return Block(label, content)
    cipher = re.sub(r"\s", "", headers[1]).upper()
    return Block(label, content, f"Proc-Type: 4,ENCRYPTED\nDEK-Info: {cipher}\n\n")


def _packed(body: str) -> str:
    """Base64 without the spaces and quotes that came between its lines."""
    return re.sub(r"[\s\"',]", "", body)
