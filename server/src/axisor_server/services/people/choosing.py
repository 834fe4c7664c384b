"""Which password may be chosen: long, not common, not about its person, not leaked."""

from __future__ import annotations

from axisor.errors import PasswordRefused
from axisor_server.domain.passwords import check_password
from axisor_server.services.people.needs import IsCommon, Leaked, Passwords, never_leaked


class Choosing:
    """Judges new passwords, and says what is kept of one."""

    def __init__(
        self, passwords: Passwords, *, is_common: IsCommon, leaked: Leaked = never_leaked
    ) -> None:
        self._passwords = passwords
        self._is_common = is_common
        self._leaked = leaked

    async def kept(self, password: str, *, about: tuple[str, ...]) -> str:
        """Return what is kept of a new password. Raises PasswordRefused."""
        check_password(password, about=about, is_common=self._is_common)
        if await self._leaked(password):
            raise PasswordRefused("This password was leaked somewhere.", cause="leaked")
        return await self._passwords.hash(password)
