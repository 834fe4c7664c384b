"""Nostr's cryptography once more, by the texts of NIP-01, NIP-44 and BIP-340.

It is slow and guards no secret: it is here so that what a library makes is read by another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

Point = tuple[int, int] | None
P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def id_of(event: dict[str, Any]) -> str:
    """Return the id of an event."""
    parts = [0, *(event[key] for key in ("pubkey", "created_at", "kind", "tags", "content"))]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def is_signed(event: dict[str, Any]) -> bool:
    """Return whether an event is signed by whom it says it is from (BIP-340)."""
    key, signature = bytes.fromhex(event["pubkey"]), bytes.fromhex(event["sig"])
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    public = _lifted(int.from_bytes(key))
    if public is None or r >= P or s >= N:
        return False
    said = signature[:32] + key + bytes.fromhex(event["id"])
    e = int.from_bytes(_tagged("BIP0340/challenge", said)) % N
    found = _sum(_times(s, G), _times(N - e, public))
    return found is not None and found[1] % 2 == 0 and found[0] == r


def signed(secret: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with its author, id and signature."""
    event = {"pubkey": public_of(secret), **event}
    event["id"] = id_of(event)
    public = _times(int(secret, 16), G)
    assert public is not None
    d = int(secret, 16) if public[1] % 2 == 0 else N - int(secret, 16)
    key, said = bytes.fromhex(event["pubkey"]), bytes.fromhex(event["id"])
    aside = (d ^ int.from_bytes(_tagged("BIP0340/aux", bytes(32)))).to_bytes(32)
    k = int.from_bytes(_tagged("BIP0340/nonce", aside + key + said)) % N
    point = _times(k, G)
    assert point is not None
    k = k if point[1] % 2 == 0 else N - k
    r = point[0].to_bytes(32)
    e = int.from_bytes(_tagged("BIP0340/challenge", r + key + said)) % N
    return {**event, "sig": (r + ((k + e * d) % N).to_bytes(32)).hex()}


def _tagged(tag: str, said: bytes) -> bytes:
    mark = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(mark + mark + said).digest()


def public_of(secret: str) -> str:
    """Return the public key of a secret one, both as hex."""
    point = _times(int(secret, 16), G)
    assert point is not None
    return f"{point[0]:064x}"


def sealed(secret: str, public: str, text: str, nonce: bytes) -> str:
    """Return a text encrypted between two keys (NIP-44, version 2)."""
    key, start, mac = _keys(secret, public, nonce)
    plain = text.encode()
    padded = len(plain).to_bytes(2) + plain + bytes(_room(len(plain)) - len(plain))
    hidden = _ciphered(key, start, padded)
    tag = hmac.new(mac, nonce + hidden, hashlib.sha256).digest()
    return base64.b64encode(b"\x02" + nonce + hidden + tag).decode()


def opened(secret: str, public: str, payload: str) -> str:
    """Return what was encrypted between two keys. Raises AssertionError where it was tampered."""
    raw = base64.b64decode(payload, validate=True)
    version, nonce, hidden, tag = raw[0], raw[1:33], raw[33:-32], raw[-32:]
    key, start, mac = _keys(secret, public, nonce)
    assert version == 2
    assert hmac.compare_digest(tag, hmac.new(mac, nonce + hidden, hashlib.sha256).digest())
    padded = _ciphered(key, start, hidden)
    size = int.from_bytes(padded[:2])
    assert len(padded) == 2 + _room(size)
    return padded[2 : 2 + size].decode()


def _keys(secret: str, public: str, nonce: bytes) -> tuple[bytes, bytes, bytes]:
    ours = ec.derive_private_key(int(secret, 16), ec.SECP256K1())
    point = bytes([2]) + bytes.fromhex(public)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), point)
    common = hmac.new(b"nip44-v2", ours.exchange(ec.ECDH(), theirs), hashlib.sha256).digest()
    keys = HKDFExpand(SHA256(), 76, nonce).derive(common)
    return keys[:32], keys[32:44], keys[44:]


def _ciphered(key: bytes, start: bytes, text: bytes) -> bytes:
    return Cipher(algorithms.ChaCha20(key, bytes(4) + start), None).encryptor().update(text)


def _room(size: int) -> int:
    if size <= 32:
        return 32
    power = 1 << (size - 1).bit_length()
    chunk = 32 if power <= 256 else power // 8
    return chunk * ((size - 1) // chunk + 1)


def _lifted(x: int) -> Point:
    square = (pow(x, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        return None
    return x, y if y % 2 == 0 else P - y


def _sum(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and a[1] != b[1]:
        return None
    slope = (
        3 * a[0] * a[0] * pow(2 * a[1], -1, P)
        if a == b
        else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    ) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _times(factor: int, point: Point) -> Point:
    found: Point = None
    while factor:
        if factor & 1:
            found = _sum(found, point)
        point, factor = _sum(point, point), factor >> 1
    return found
