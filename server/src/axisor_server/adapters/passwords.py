"""Hashes passwords with Argon2id, in threads and two at a time, so that memory stays bounded."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

AT_ONCE = 2
"""Hashes computed at the same moment: each takes the whole of its memory."""

FLOOR_KIB, FLOOR_PASSES, FLOOR_LANES = 19 * 1024, 2, 1


class Profile(Struct, frozen=True):
    """How much work one hash is."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4


STANDARD = Profile()
"""The low-memory profile of RFC 9106."""

SMALL = Profile(FLOOR_KIB, FLOOR_PASSES, FLOOR_LANES)
"""The least that OWASP recommends, for tiny machines."""


class ArgonPasswords:
    """Knows passwords by their hashes, and nothing else about them."""

    def __init__(self, profile: Profile = STANDARD, *, at_once: int = AT_ONCE) -> None:
        self._hasher = PasswordHasher(
            time_cost=profile.passes,
            memory_cost=profile.memory_kib,
            parallelism=profile.lanes,
            hash_len=32,
            salt_len=16,
        )
        self._turns = asyncio.Semaphore(at_once)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is kept of a password, with the profile and a salt of its own in it."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _bytes(password))

    async def verify(self, kept: str, password: str) -> bool:
        """Return whether a password is the one that was kept.

        With nothing kept it works as long, and returns False: nobody learns who is here.
        """
        async with self._turns:
            if not kept:
                if self._nobody is None:
                    self._nobody = await asyncio.to_thread(self._hasher.hash, "nobody's")
                await asyncio.to_thread(self._verify, self._nobody, password)
                return False
            return await asyncio.to_thread(self._verify, kept, password)

    async def ready(self) -> None:
        """Prepare what the first stranger would otherwise wait longer for."""
        await self.verify("", "")

    def stale(self, kept: str) -> bool:
        """Return whether a hash was made with another profile than the present one."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


@cache
def _common() -> frozenset[str]:
    # Loading the lists takes a tenth of a second, which a core that nobody registers at saves.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def is_common(text: str) -> bool:
    """Return whether a lower-case text is one of the 30,000 passwords found most often."""
    return text in _common()


def _bytes(password: str) -> bytes:
    # Exactly as it came, whatever it holds: half a surrogate pair too.
    return password.encode("utf-8", "surrogatepass")
