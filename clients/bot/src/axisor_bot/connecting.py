"""What the commands of bots need of the options of `axisor`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from axisor.client import Client, Profile
from axisor.ports import Secret


class Connects(Protocol):
    """A core, who calls it, and which account is meant."""

    account: str | None
    token_file: str | None

    def profile(self, token: Secret | None = None) -> Profile:
        """Return which core to call, with a token of one's own."""
        ...

    def token(self) -> Secret:
        """Return whose token goes with calls."""
        ...

    def run(self, use: Callable[[Client], Awaitable[Any]]) -> Any:
        """Connect as whoever is signed in, use the client, and close it."""
        ...
