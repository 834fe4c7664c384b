"""The Vault port with a key that lives as long as the process."""

from __future__ import annotations

import hashlib

from axisor_server.adapters.vault import AesVault


class MemoryVault(AesVault):
    """A vault whose key-encryption key comes from a seed; never for real keys."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(hashlib.sha256(b"axisor memory vault %d" % seed).digest())
