"""What to do about each way in which a data endpoint fails, with the line to write per language.

A cure is found by the mistake that was recognised, or else by the step that failed. Knows no
endpoint: `doctor.py` finds out, this page says what helps. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from waflows.security.endpoint_mistakes import AnswerMistake, RequestMistake
from waflows.upstream.answers import Step

LANGUAGES = ("Node", "Java", "Go", "PHP", "C#", "Python")
"""The languages that a cure of a cipher shows the code for."""


class Cure(msgspec.Struct, frozen=True):
    """What to do, and how it is written in each language where that helps."""

    text: str
    code: Mapping[str, str] = {}


def of(step: Step, mistakes: Sequence[str] = ()) -> Cure:
    """The cure for a failure at a step; the mistakes that were recognised say it more closely."""
    known = [cure for mistake in mistakes if (cure := _OF_MISTAKES.get(mistake))]
    if not known:
        return Cure(CURES[step])
    code = {
        language: "; ".join(lines)
        for language in LANGUAGES
        if (lines := [cure.code[language] for cure in known if language in cure.code])
    }
    return Cure(" ".join(dict.fromkeys(cure.text for cure in known)), code)


CURES = {
    Step.URL: "Give the flow an endPointUri such as https://flows.example.org/booking.",
    Step.KEY: (
        "Make a key pair, give its public key to the channel and its private key to the endpoint:"
        " `waflows endpoint-key --help`."
    ),
    Step.DNS: "Look for a typing mistake in the host, and for its DNS record.",
    Step.ADDRESS: (
        "The host must be on the public internet. For an endpoint on your own machine use the"
        " development server, or a tunnel with a public https:// address."
    ),
    Step.CONNECT: "Start the endpoint, and open its port in every firewall on the way.",
    Step.TLS: (
        "Install a certificate for this very host by a public authority, with all intermediate"
        " certificates; self-signed ones are not accepted."
    ),
    Step.HTTP: (
        "The endpoint must answer a POST at this exact URL with status 200 within 10 seconds,"
        " without a redirect. Its own log says why it did not."
    ),
    Step.SIGNATURE: (
        "Give both sides the same app secret, and let the endpoint compute the signature over the"
        " bytes of the body as they came, before parsing."
    ),
    Step.RSA: (
        "The endpoint's private key must belong to the channel's public key: compare the"
        " fingerprints. Decrypt with RSA-OAEP, with SHA-256 for both the hash and MGF1, and then"
        " with AES-128-GCM and all 16 bytes of the IV. `waflows endpoint-key vector` prints a"
        " request with its right decryption to test with."
    ),
    Step.BASE64: (
        "Answer with nothing but the Base64 text of the encrypted bytes, as text/plain: no JSON,"
        " no quotes, no compression."
    ),
    Step.AES: (
        "Encrypt the answer with AES-128-GCM, the AES key of the request, and its 16-byte IV with"
        " every bit flipped; append the 16-byte tag."
    ),
    Step.JSON: "Encrypt JSON text in UTF-8.",
    Step.SHAPE: (
        'Answer ping with {"data": {"status": "active"}}, and other requests with'
        ' {"screen": "…", "data": {…}}.'
    ),
}
"""What to do about a failure at each step."""

_OAEP = {
    "Node": (
        "crypto.privateDecrypt({key, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING,"
        ' oaepHash: "sha256"}, encryptedAesKey)'
    ),
    "Java": (
        'Cipher.getInstance("RSA/ECB/OAEPPadding").init(Cipher.DECRYPT_MODE, key, new'
        ' OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256,'
        " PSource.PSpecified.DEFAULT)): without the parameters Java takes SHA-1 for MGF1"
    ),
    "Go": "rsa.DecryptOAEP(sha256.New(), nil, key, encryptedAesKey, nil)",
    "PHP": (
        "phpseclib: RSA::load($pem)->withPadding(RSA::ENCRYPTION_OAEP)->withHash('sha256')"
        "->withMGFHash('sha256'): openssl_private_decrypt knows SHA-1 only before PHP 8.5"
    ),
    "C#": "rsa.Decrypt(encryptedAesKey, RSAEncryptionPadding.OaepSHA256)",
    "Python": (
        "key.decrypt(encrypted_aes_key, OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None))"
    ),
}
_FULL_IV = {
    "Node": 'crypto.createDecipheriv("aes-128-gcm", aesKey, iv) takes all 16 bytes',
    "Java": "new GCMParameterSpec(128, iv) with all 16 bytes",
    "Go": "cipher.NewGCMWithNonceSize(block, 16) instead of cipher.NewGCM(block)",
    "PHP": "openssl_decrypt($data, 'aes-128-gcm', $aesKey, OPENSSL_RAW_DATA, $iv, $tag)",
    "C#": (
        "AesGcm takes 12 bytes only: use BouncyCastle's GcmBlockCipher, or the Gcm class of"
        " waflows' example endpoint"
    ),
    "Python": "AESGCM(aes_key).decrypt(iv, data, None) takes all 16 bytes",
}
_AES_128 = {
    "Node": '"aes-128-gcm" instead of "aes-256-gcm"',
    "Java": 'new SecretKeySpec(aesKey, "AES") with the 16 bytes as they are',
    "Go": "aes.NewCipher(aesKey) with the 16 bytes as they are",
    "PHP": "'aes-128-gcm' instead of 'aes-256-gcm'",
    "C#": "the 16 bytes as they are",
    "Python": "AESGCM(aes_key) with the 16 bytes as they are",
}
_GCM = {
    "Node": '"aes-128-gcm", and decipher.setAuthTag(the last 16 bytes of the data)',
    "Java": 'Cipher.getInstance("AES/GCM/NoPadding") with new GCMParameterSpec(128, iv)',
    "Go": "cipher.NewGCMWithNonceSize(block, 16) instead of cipher.NewCBCDecrypter",
    "PHP": "'aes-128-gcm' instead of 'aes-128-cbc', with the last 16 bytes as $tag",
    "C#": "GCM (BouncyCastle's GcmBlockCipher) instead of aes.CreateDecryptor()",
    "Python": "AESGCM(aes_key).decrypt(iv, data, None) instead of modes.CBC",
}
_FLIPPED = {
    "Node": "Buffer.from(iv.map((byte) => byte ^ 0xff))",
    "Java": "for (int i = 0; i < iv.length; i++) iv[i] ^= (byte) 0xff;",
    "Go": "for i := range iv { iv[i] ^= 0xff }",
    "PHP": "~$iv",
    "C#": "iv.Select(b => (byte)(b ^ 0xff)).ToArray()",
    "Python": "bytes(byte ^ 0xFF for byte in iv)",
}
_TAG_LAST = {
    "Node": "Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])",
    "Java": "cipher.doFinal(text) appends the tag itself",
    "Go": "gcm.Seal(nil, iv, text, nil) appends the tag itself",
    "PHP": "$sealed . $tag, with the $tag that openssl_encrypt sets",
    "C#": "the encrypted bytes, then the tag",
    "Python": "AESGCM(aes_key).encrypt(iv, text, None) appends the tag itself",
}
_BASE64_ONCE = {
    "Node": 'response.type("text/plain").send(sealed.toString("base64"))',
    "Java": "Base64.getEncoder().encodeToString(sealed), neither the URL nor the MIME encoder",
    "Go": "w.Write([]byte(base64.StdEncoding.EncodeToString(sealed)))",
    "PHP": "header('Content-Type: text/plain'); echo base64_encode($sealed);",
    "C#": 'Results.Text(Convert.ToBase64String(sealed), "text/plain")',
    "Python": 'Response(base64.b64encode(sealed), media_type="text/plain")',
}
_JSON_ONCE = {
    "Node": "JSON.stringify(answer), on the object and once",
    "Java": "mapper.writeValueAsBytes(answer), on the object and once",
    "Go": "json.Marshal(answer), on the value and once",
    "PHP": "json_encode($answer), on the array and once",
    "C#": "JsonSerializer.SerializeToUtf8Bytes(answer), on the object and once",
    "Python": "json.dumps(answer), on the dict and once",
}

_ENCODED = Cure(CURES[Step.BASE64], _BASE64_ONCE)
_IV_FLIPPED = Cure(CURES[Step.AES], _FLIPPED)
_TAGGED = Cure(CURES[Step.AES], _TAG_LAST)
_KEY_OF_REQUEST = (
    "Encrypt the answer with the AES key that came with this very request: decrypt"
    " encrypted_aes_key, and make no key of your own."
)
_KEY_TRANSPORT = Cure("Decrypt the AES key with RSA-OAEP, SHA-256 for the hash and MGF1.", _OAEP)

_OF_MISTAKES: dict[str, Cure] = {
    RequestMistake.MGF1_SHA1: _KEY_TRANSPORT,
    RequestMistake.OAEP_SHA1: _KEY_TRANSPORT,
    RequestMistake.PKCS1: _KEY_TRANSPORT,
    # Also an answer's: both ways all 16 bytes are wanted.
    RequestMistake.IV_12: Cure("Use all 16 bytes of the IV as the nonce of GCM.", _FULL_IV),
    RequestMistake.AES_256: Cure("Decrypt with AES-128: the AES key has 16 bytes.", _AES_128),
    RequestMistake.CBC: Cure(
        "Encrypt and decrypt with AES-128-GCM; the last 16 bytes are the tag.", _GCM
    ),
    AnswerMistake.RAW: _ENCODED,
    AnswerMistake.QUOTED: _ENCODED,
    AnswerMistake.WRAPPED: _ENCODED,
    AnswerMistake.BUFFER: _ENCODED,
    AnswerMistake.LINE_BREAKS: _ENCODED,
    AnswerMistake.OTHER_BASE64: _ENCODED,
    AnswerMistake.HEX: _ENCODED,
    AnswerMistake.DOUBLE_BASE64: _ENCODED,
    AnswerMistake.TAG_FIRST: _TAGGED,
    AnswerMistake.TAG_MISSING: _TAGGED,
    AnswerMistake.UNFLIPPED: _IV_FLIPPED,
    AnswerMistake.REVERSED_IV: _IV_FLIPPED,
    AnswerMistake.ZERO_IV: _IV_FLIPPED,
    AnswerMistake.OWN_IV: _IV_FLIPPED,
    AnswerMistake.CTR: Cure("Encrypt with AES-128-GCM, and append its 16-byte tag.", _GCM),
    "other-key": Cure(_KEY_OF_REQUEST),
    "double-json": Cure("Encode the answer as JSON once.", _JSON_ONCE),
    "plain-json": Cure(
        "Encrypt every answer with status 200, health checks included, and send its Base64 text."
    ),
    "other-program": Cure(
        "Give the flow the URL of the data endpoint itself: not of a webhook, a login page or a"
        " tunnel's notice."
    ),
    "status": Cure("Answer with status 200; leave the body as it is."),
    "content-type": Cure("Send the header Content-Type: text/plain.", _BASE64_ONCE),
    "entry-screen": Cure(
        "Answer INIT with an entry screen of the flow: one to which no other leads in its"
        " routing model."
    ),
    "acknowledgement": Cure(
        'Look for `data.error` in a request before you use it as a form, and answer {"data":'
        ' {"acknowledged": true}}.'
    ),
    "421": Cure(
        "Answer 421 when a request cannot be decrypted, whatever the reason: the phone then"
        " fetches the public key and asks again. Without it a change of the key stops the flow."
    ),
    "432": Cure(
        "Compare X-Hub-Signature-256 with the HMAC-SHA256 of the body under the app secret, and"
        " answer 432 when they differ: else anyone who has the public key can call the endpoint."
    ),
    "init": Cure(
        "Answer INIT if a message opens this flow with flow_action data_exchange; where each one"
        " opens it with navigate, there is nothing to do."
    ),
}
