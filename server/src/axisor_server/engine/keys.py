"""Exchange keys at rest: sealed for one account on one network, opened only to make a line."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from axisor.errors import VaultSealBroken, VenueAuth
from axisor.ports import Credentials, Secret
from axisor_server.ports import Vault

PURPOSE = "exchange key"

_texts = msgspec.msgpack.Decoder(tuple[str, str, str])


def seal_key(vault: Vault, key: Credentials, *, account: str, network: str) -> bytes:
    """Return an exchange key encrypted and authenticated."""
    texts = (key.key, key.secret, key.passphrase)
    plain = msgspec.msgpack.encode(tuple(text.reveal() for text in texts))
    return vault.seal(plain, purpose=PURPOSE, bound=(account, network))


def open_key(vault: Vault, sealed: bytes, *, account: str, network: str) -> Credentials:
    """Return an exchange key.

    Raises VenueAuth when a byte was changed, when it was sealed for another account or network, or
    with a vault key that is not here.
    """
    with suppress(VaultSealBroken, msgspec.MsgspecError):
        plain = vault.unseal(sealed, purpose=PURPOSE, bound=(account, network))
        key, secret, passphrase = _texts.decode(plain)
        return Credentials(Secret(key), Secret(secret), Secret(passphrase))
    raise VenueAuth(
        f"The stored key of account {account} does not open with this vault.",
        fix="Restore the vault.key it was sealed with, or replace the credentials:"
        " axisor account replace-credentials.",
        account=account,
    )
