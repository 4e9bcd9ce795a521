"""A data endpoint that makes, by the path it is asked at, each mistake people make.

It reads requests by the published rules alone and checks their signatures; nothing of it is shared
with the product's code. At `/` it answers as it should.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_ACTIVE = {"data": {"status": "active"}}
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


class Seal:
    """Encrypts one answer, rightly or wrongly."""

    def __init__(self, aes_key: bytes, iv: bytes) -> None:
        self.aes_key = aes_key
        self.iv = iv
        self.flipped = bytes(byte ^ 0xFF for byte in iv)

    def raw(self, body: bytes, iv: bytes | None = None) -> tuple[bytes, bytes]:
        """The encrypted bytes and their tag."""
        mode = modes.GCM(self.flipped if iv is None else iv)
        encryptor = Cipher(algorithms.AES(self.aes_key), mode).encryptor()
        return encryptor.update(body) + encryptor.finalize(), encryptor.tag

    def cbc(self, body: bytes) -> bytes:
        """Encrypted in CBC mode, filled up to whole blocks."""
        missing = 16 - len(body) % 16
        return self._in(modes.CBC(self.flipped), body + bytes([missing]) * missing)

    def ctr(self, body: bytes) -> bytes:
        """Encrypted in CTR mode."""
        return self._in(modes.CTR(self.flipped), body)

    def _in(self, mode: modes.CBC | modes.CTR, body: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(self.aes_key), mode).encryptor()
        return encryptor.update(body) + encryptor.finalize()

    def right(self, value: Any) -> bytes:
        """As it should be."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.b64encode(b"".join(self.raw(body)))


_BODY = json.dumps(_ACTIVE).encode()


def _cut(text: bytes, length: int) -> list[bytes]:
    return [text[start : start + length] for start in range(0, len(text), length)]


MISTAKES: dict[str, Callable[[Seal], bytes]] = {
    "unflipped": lambda seal: base64.b64encode(b"".join(seal.raw(_BODY, seal.iv))),
    "tag-first": lambda seal: base64.b64encode(b"".join(reversed(seal.raw(_BODY)))),
    "tagless": lambda seal: base64.b64encode(seal.raw(_BODY)[0]),
    "other-key": lambda seal: Seal(bytes(16), seal.iv).right(_ACTIVE),
    "raw": lambda seal: b"".join(seal.raw(_BODY)),
    # A text whose Base64 is sure to hold a character of the other alphabet.
    "url-safe": lambda seal: seal.right(b'{"data": "' + b"x" * 3000 + b'"}').translate(
        bytes.maketrans(b"+/", b"-_")
    ),
    "unpadded": lambda seal: seal.right(b'{"padding": 1}' + b" " * 2).rstrip(b"="),
    "quoted": lambda seal: json.dumps(seal.right(_ACTIVE).decode()).encode(),
    "wrapped": lambda seal: json.dumps({"response": seal.right(_ACTIVE).decode()}).encode(),
    "plain": lambda seal: _BODY,
    "web-page": lambda seal: b"<!doctype html><title>Welcome</title>",
    "empty": lambda seal: b"",
    "nonsense": lambda seal: b"Hello there, this is no Base64!",
    "no-json": lambda seal: seal.right(b"active"),
    "deep": lambda seal: seal.right(b"[" * 100_000),
    "deep-in-the-clear": lambda seal: b"[" * 100_000,
    "hex": lambda seal: b"".join(seal.raw(_BODY)).hex().encode(),
    "hex-in-base64": lambda seal: base64.b64encode(b"".join(seal.raw(_BODY)).hex().encode()),
    "twice": lambda seal: base64.b64encode(seal.right(_ACTIVE)),
    "in-lines": lambda seal: b"\r\n".join(_cut(seal.right(_ACTIVE), 20)),
    "buffer": lambda seal: json.dumps(
        {"type": "Buffer", "data": list(b"".join(seal.raw(_BODY)))}
    ).encode(),
    "iv-12": lambda seal: base64.b64encode(b"".join(seal.raw(_BODY, seal.flipped[:12]))),
    "iv-12-unflipped": lambda seal: base64.b64encode(b"".join(seal.raw(_BODY, seal.iv[:12]))),
    "reversed": lambda seal: base64.b64encode(b"".join(seal.raw(_BODY, seal.iv[::-1]))),
    "zero-iv": lambda seal: base64.b64encode(b"".join(seal.raw(_BODY, bytes(16)))),
    "own-iv": lambda seal: base64.b64encode(b"i" * 12 + b"".join(seal.raw(_BODY, b"i" * 12))),
    "cbc": lambda seal: base64.b64encode(seal.cbc(_BODY)),
    "ctr": lambda seal: base64.b64encode(seal.ctr(_BODY)),
    "quoted-and-unflipped": lambda seal: json.dumps(
        base64.b64encode(b"".join(seal.raw(_BODY, seal.iv))).decode()
    ).encode(),
    "double-json": lambda seal: seal.right(json.dumps(_ACTIVE)),
    "webhook": lambda seal: b"EVENT_RECEIVED",
    "array": lambda seal: seal.right([]),
    "wrong-status": lambda seal: seal.right({"data": {"status": "fine"}}),
    "no-data": lambda seal: seal.right({"status": "active"}),
}


def _sha1(mgf: hashes.HashAlgorithm, own: hashes.HashAlgorithm) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(mgf), own, None)


class Parameters(NamedTuple):
    """What an endpoint decrypts requests with."""

    padding: Any = _OAEP
    key_bytes: int = 16
    iv_bytes: int = 16
    mode: type[modes.GCM] | type[modes.CBC] = modes.GCM


DECRYPTS: dict[str, Parameters] = {
    "mgf1-sha1": Parameters(_sha1(hashes.SHA1(), hashes.SHA256())),
    "oaep-sha1": Parameters(_sha1(hashes.SHA1(), hashes.SHA1())),
    "pkcs1": Parameters(padding.PKCS1v15()),
    "aes-256": Parameters(key_bytes=32),
    "iv-12": Parameters(iv_bytes=12),
    "cbc": Parameters(mode=modes.CBC),
    "oaep-sha1+iv-12": Parameters(_sha1(hashes.SHA1(), hashes.SHA1()), iv_bytes=12),
    "pkcs1+aes-256": Parameters(padding.PKCS1v15(), key_bytes=32),
}
"""The wrong parameters of requests, by the names that doctor has for them."""


def _dead(kind: str, seal: Seal) -> bytes:
    """The body of an answer that the flow token is dead, in every form seen."""
    body = json.dumps({"error_msg": "Too late."}).encode()
    bodies = {
        "clear": body,
        "sealed": seal.right(body),
        "none": b"",
        "other": b"[1]",
        "deep": b"[" * 100_000,
    }
    return bodies[kind]


_ODD = {"created": (201, "text/plain"), "as-json": (200, "application/json")}
_WITHOUT_INIT: dict[str, Callable[[Seal], tuple[bytes, int]]] = {
    "no-init": lambda seal: (b"KeyError: 'INIT'", 500),
    "forgetful": lambda seal: (MISTAKES["unflipped"](seal), 200),
}


class FaultyEndpoint:
    """The ASGI application, and what it was asked so far."""

    def __init__(self, private_key: RSAPrivateKey, app_secret: str) -> None:
        self.private_key = private_key
        self.app_secret = app_secret
        self.requests: list[dict[str, Any]] = []
        self.undecryptable = 0
        self.attempts = 0
        self.answer: Any = {"screen": "FIRST", "data": {}}
        self.app = Starlette(routes=[Route("/{path:path}", self._respond, methods=["POST"])])

    async def _respond(self, http: Request) -> Response:
        body = await http.body()
        kind, _, argument = http.path_params["path"].partition("/")
        mac = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        if kind == "decrypts":
            return self._decrypt_wrongly(DECRYPTS[argument], json.loads(body))
        if kind != "unchecked" and http.headers["x-hub-signature-256"] != f"sha256={mac}":
            return Response(status_code=432)
        envelope = {name: base64.b64decode(text) for name, text in json.loads(body).items()}
        try:
            aes_key = self.private_key.decrypt(envelope["encrypted_aes_key"], _OAEP)
        except ValueError:
            self.undecryptable += 1
            if kind == "crashes":
                return Response("ValueError: Decryption failed\n  at line 7", 500)
            return Response(status_code=421)
        iv, data = envelope["initial_vector"], envelope["encrypted_flow_data"]
        decryptor = Cipher(algorithms.AES(aes_key), modes.GCM(iv, data[-16:])).decryptor()
        request = json.loads(decryptor.update(data[:-16]) + decryptor.finalize())
        self.requests.append(request)
        return await self._answer(http, request, Seal(aes_key, iv))

    def _decrypt_wrongly(self, wrong: Parameters, body: dict[str, str]) -> Response:
        """Answers rightly to what its wrong parameters decrypt, and fails with 500 otherwise."""
        self.attempts += 1
        envelope = {name: base64.b64decode(text) for name, text in body.items()}
        iv, data = envelope["initial_vector"], envelope["encrypted_flow_data"]
        try:
            aes_key = self.private_key.decrypt(envelope["encrypted_aes_key"], wrong.padding)
            if (len(aes_key), len(iv)) != (wrong.key_bytes, wrong.iv_bytes):
                raise ValueError("Invalid length")
            if wrong.mode is modes.CBC:
                decryptor = Cipher(algorithms.AES(aes_key), modes.CBC(iv)).decryptor()
                clear = decryptor.update(data) + decryptor.finalize()
                request = json.loads(clear[: -clear[-1]])
            else:
                decryptor = Cipher(algorithms.AES(aes_key), modes.GCM(iv, data[-16:])).decryptor()
                request = json.loads(decryptor.update(data[:-16]) + decryptor.finalize())
        except (ValueError, InvalidTag) as error:
            return Response(f"\n{type(error).__name__}: no request of mine", 500)
        answer = _ACTIVE if request["action"] == "ping" else self.answer
        return Response(Seal(aes_key, iv).right(answer), media_type="text/plain")

    async def _answer(self, http: Request, request: dict[str, Any], seal: Seal) -> Response:
        path: str = http.path_params["path"]
        kind, _, argument = path.partition("/")
        if kind == "status":
            return Response(status_code=int(argument), headers={"Location": "http://127.0.0.1/"})
        if kind == "hang":
            # The body is read, so the next thing to come is the end of the connection.
            await http.receive()
        if kind == "gzip":
            body = gzip.compress(seal.right(_ACTIVE))
            return Response(body, headers={"Content-Encoding": "gzip"})
        if kind == "dead":
            return Response(_dead(argument, seal), 427)
        if kind == "strict" and request["action"] == "INIT":
            return JSONResponse({"error_msg": "Who are you?"}, 427)
        if kind in _ODD:
            status, media_type = _ODD[kind]
            return Response(seal.right(_ACTIVE), status, media_type=media_type)
        if request["action"] == "INIT" and kind in _WITHOUT_INIT:
            body, status = _WITHOUT_INIT[kind](seal)
            return Response(body, status)
        if kind in MISTAKES:
            return Response(MISTAKES[kind](seal))
        answer = _ACTIVE if request["action"] == "ping" else self.answer
        if kind != "deaf" and "error" in request.get("data", {}):
            answer = {"data": {"acknowledged": True}}
        return Response(seal.right(answer), media_type="text/plain")
