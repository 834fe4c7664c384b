"""A server on loopback that speaks as the transit engine of HashiCorp Vault does, keys and all."""

from __future__ import annotations

import base64
import json
import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import hvac
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from axisor_server.adapters import tls

NONCE = 12
PREFIX = "vault:v"


class Refusal(Exception):
    """An answer that is no."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status, *errors)
        self.status = status
        self.errors = errors


class Versions(Struct):
    """A named key: every version of it, and which of them still decrypt."""

    keys: list[bytes]
    least: int = 1


class Transit:
    """The engine: named keys in versions, of which the newest encrypts."""

    def __init__(self) -> None:
        self.keys: dict[str, Versions] = {}
        self.token = "hvs.core"
        self.sealed = False
        self.answer: dict[str, Any] | None = None
        self.status = 0
        self.asked: list[str] = []
        self.held = threading.Event()
        self.held.set()

    def handle(self, path: str, token: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request, or raise Refusal."""
        self.asked.append(path)
        self.held.wait(30)
        if self.sealed:
            raise Refusal(503, "Vault is sealed")
        if token != self.token:
            raise Refusal(403, "permission denied")
        if self.status:
            raise Refusal(self.status, "odd")
        if self.answer is not None:
            return self.answer
        match path.removeprefix("/v1/transit/").split("/"):
            case ["keys", name]:
                self.keys.setdefault(name, Versions([os.urandom(32)]))
                return {}
            case ["keys", name, "rotate"]:
                self._key(name).keys.append(os.urandom(32))
                return {}
            case ["keys", name, "config"]:
                self._key(name).least = int(body["min_decryption_version"])
                return {}
            case ["encrypt", name]:
                plain = base64.b64decode(body["plaintext"], validate=True)
                return {"data": {"ciphertext": self._encrypt(name, plain)}}
            case ["decrypt", name]:
                plain = self._decrypt(name, body["ciphertext"])
                return {"data": {"plaintext": base64.b64encode(plain).decode()}}
            case ["rewrap", name]:
                plain = self._decrypt(name, body["ciphertext"])
                return {"data": {"ciphertext": self._encrypt(name, plain)}}
        raise Refusal(404)

    def _key(self, name: str) -> Versions:
        if name not in self.keys:
            raise Refusal(400, "encryption key not found")
        return self.keys[name]

    def _encrypt(self, name: str, plain: bytes) -> str:
        versions = self._key(name).keys
        nonce = os.urandom(NONCE)
        sealed = nonce + AESGCM(versions[-1]).encrypt(nonce, plain, None)
        return f"{PREFIX}{len(versions)}:{base64.b64encode(sealed).decode()}"

    def _decrypt(self, name: str, ciphertext: str) -> bytes:
        key = self._key(name)
        version, _, text = ciphertext.removeprefix(PREFIX).partition(":")
        if not ciphertext.startswith(PREFIX) or not version.isdecimal():
            raise Refusal(400, "invalid ciphertext: no prefix")
        if not key.least <= int(version) <= len(key.keys):
            raise Refusal(400, "ciphertext or signature version is disallowed by policy (too old)")
        sealed = base64.b64decode(text)
        try:
            return AESGCM(key.keys[int(version) - 1]).decrypt(sealed[:NONCE], sealed[NONCE:], None)
        except InvalidTag:
            raise Refusal(400, "cipher: message authentication failed") from None


class TransitServer:
    """The engine over HTTP, and where it is."""

    def __init__(self, url: str, engine: Transit) -> None:
        self.url = url
        self.engine = engine

    def operator(self) -> Any:
        """Return what an operator of the Vault has in hand."""
        client = hvac.Client(url=self.url, token=self.engine.token)
        return client.secrets.transit


@contextmanager
def transit_server(certificate: tls.Certificate | None = None) -> Iterator[TransitServer]:
    """Serve an engine on loopback while needed."""
    engine = Transit()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            try:
                status = 200
                shape = engine.handle(self.path, self.headers.get("X-Vault-Token"), body)
            except Refusal as refusal:
                status, shape = refusal.status, {"errors": list(refusal.errors)}
            content = json.dumps(shape).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Location", "/v1/elsewhere")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # whoever asked gave up, which is what some tests are about

        do_PUT = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.path, certificate.path.with_name(tls.KEY_FILE))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scheme = "http" if certificate is None else "https"
    try:
        yield TransitServer(f"{scheme}://127.0.0.1:{server.server_address[1]}", engine)
    finally:
        engine.held.set()
        server.shutdown()
        server.server_close()
        thread.join()


def token_file(folder: Path, token: str) -> Path:
    """Return a private file with a token."""
    file = folder / "vault-token"
    file.write_text(f"{token}\n")
    file.chmod(0o600)
    return file
