"""The Ids port from a seed: the same seed and clock give the same ids."""

from __future__ import annotations

import base64
import random

from axisor.ports import Clock
from axisor_server.adapters.ids import RisingUuids
from axisor_server.domain.journal import to_us


class SeededIds:
    """Ids that can be told beforehand; never for real tokens."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._uuids = RisingUuids(lambda: to_us(clock.now()) // 1000, self._random.getrandbits)

    def new(self) -> str:
        """Return the next UUIDv7."""
        return self._uuids.new()

    def token(self) -> str:
        """Return 256 bits of the seed as URL-safe text."""
        return base64.urlsafe_b64encode(self._random.randbytes(32)).rstrip(b"=").decode()
