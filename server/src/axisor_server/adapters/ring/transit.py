"""Keeps keys in the file of the ring encrypted by the transit engine of a HashiCorp Vault.

Vault's own key never leaves it, so the file opens nothing without Vault. It is asked when a core
starts and when the ring changes, and never on the way of a guard.
"""

from __future__ import annotations

import base64
import ipaddress
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from axisor.errors import KeyServiceUnavailable, SettingsInvalid
from axisor_server.adapters.files import read_private
from axisor_server.adapters.sealing import KEY_BYTES
from axisor_server.choices import Vault

if TYPE_CHECKING:
    from hvac import Client

TIMEOUT_S = 2.0
"""A ring that changes is read on the core's loop, and a lease lasts five seconds."""

_CIPHERTEXT = "vault:v"


class InTransit:
    """A key that only a Vault can decrypt; the file has its name there and the ciphertext."""

    way = "transit-1"
    name = "transit"

    def __init__(self, settings: Vault, *, timeout_s: float = TIMEOUT_S) -> None:
        self._settings = settings
        self._timeout_s = timeout_s

    def make(self) -> tuple[str, bytes]:
        """Return a new key, and its ciphertext. Raises SettingsInvalid, KeyServiceUnavailable."""
        key = secrets.token_bytes(KEY_BYTES)
        plain = base64.b64encode(key).decode()
        name = self._settings.transit_key
        given = self._ask(
            "ciphertext", lambda transit, at: transit.encrypt_data(name, plain, mount_point=at)
        )
        return f"{name}:{self._checked(given)}", key

    def open(self, text: str) -> bytes:
        """Return the key of a ciphertext. Raises SettingsInvalid, KeyServiceUnavailable."""
        name, _, ciphertext = text.partition(":")
        given = self._ask(
            "plaintext", lambda transit, at: transit.decrypt_data(name, ciphertext, mount_point=at)
        )
        try:
            key = base64.b64decode(given, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise self._failed("answer", "answers something else")
        return key

    def renewed(self, text: str) -> str:
        """Return the same key under the newest version of Vault's. Raises as `open` does."""
        name, _, ciphertext = text.partition(":")
        given = self._ask(
            "ciphertext", lambda transit, at: transit.rewrap_data(name, ciphertext, mount_point=at)
        )
        return f"{name}:{self._checked(given)}"

    def _checked(self, ciphertext: str) -> str:
        if not ciphertext.startswith(_CIPHERTEXT) or len(ciphertext.split()) != 1:
            raise self._failed("answer", "answers something else")
        return ciphertext

    def _ask(self, field: str, ask: Callable[[Any, str], object]) -> str:
        client = self._client()
        from hvac import exceptions
        from requests import exceptions as broken

        try:
            answer = ask(client.secrets.transit, self._settings.transit_mount)
        except (exceptions.Forbidden, exceptions.Unauthorized):
            raise self._failed("refused", "refuses the token, or what it asks for") from None
        except (exceptions.VaultDown, exceptions.VaultNotInitialized):
            raise self._failed("sealed", "is sealed") from None
        except (exceptions.InvalidPath, exceptions.InvalidRequest):
            # Without its words: they may quote what it was sent.
            raise self._failed("key", "has no such key, or the key is not of it") from None
        except exceptions.VaultError:
            raise self._failed("failed", "fails") from None
        except broken.Timeout:
            raise self._failed("timeout", "takes too long") from None
        except broken.SSLError:
            raise self._failed("tls", "shows a certificate that counts not") from None
        except broken.RequestException:
            raise self._failed("connection", "cannot be spoken to") from None
        finally:
            client.adapter.close()
        data = answer.get("data") if isinstance(answer, dict) else None
        found = data.get(field) if isinstance(data, dict) else None
        if not isinstance(found, str) or not found.isascii():
            raise self._failed("answer", "answers something else")
        return found

    def _client(self) -> Client:
        settings = self._settings
        _check_url(settings.transit_url)
        try:
            import hvac
            import requests
        except ImportError as error:
            raise SettingsInvalid(
                "A key of the vault is kept by HashiCorp Vault, and the core cannot speak to it.",
                money="Without it no stored exchange key opens.",
                fix="Install it: pip install 'axisor-server[transit]'.",
                setting="vault.keep",
            ) from error
        session = requests.Session()
        session.trust_env = False  # no proxy and no authority but those of the settings
        session.verify = settings.transit_authority_file or True
        return hvac.Client(
            url=settings.transit_url,
            token=_token(settings.transit_token_file),
            session=session,
            timeout=self._timeout_s,
            allow_redirects=False,
        )

    def _failed(self, cause: str, text: str) -> KeyServiceUnavailable:
        host = urlsplit(self._settings.transit_url).netloc.rpartition("@")[2]
        return KeyServiceUnavailable(f"The Vault at {host} {text}.", cause=cause, service=host)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_here(parts.hostname or ""):
        return
    raise SettingsInvalid(
        "A Vault is spoken to by https:// only, but on this machine.",
        money="What passes there opens every stored exchange key.",
        fix="Set vault.transit_url.",
        setting="vault.transit_url",
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(file: str) -> str:
    if not file:
        raise SettingsInvalid(
            "The Vault needs a token to know the core by.",
            fix="Name a private file with vault.transit_token_file.",
            setting="vault.transit_token_file",
        )
    try:
        return read_private(Path(file)).decode("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            f"{file} cannot be read.", setting="vault.transit_token_file"
        ) from error
