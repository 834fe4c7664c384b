"""A core's end of the providers, over a provider on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.provider import CLIENT, SECRET, Provider, Returned, browse, provider

from axisor.ports import Secret
from axisor.testing.clock import FixedClock
from axisor_server.adapters.identity.clients import Registered
from axisor_server.adapters.identity.github import GithubProvider
from axisor_server.adapters.identity.oidc import OidcProvider
from axisor_server.domain.identities import Asked, Vouched, asked

REDIRECT = "http://127.0.0.1:9/back"


class Ends:
    """The provider, and the ways of a core to it."""

    def __init__(self, there: Provider, clock: FixedClock) -> None:
        self.there = there
        self.clock = clock
        self.oidc = OidcProvider(self.registered(), clock)
        self.github = GithubProvider(self.registered())

    def registered(self, **otherwise: object) -> Registered:
        """Return the core as the provider knows it."""
        usual: dict[str, object] = {
            "name": "test",
            "issuer": self.there.url,
            "client_id": CLIENT,
            "secret": Secret(SECRET),
            "devices": True,
            "timeout_s": 5.0,
        }
        return Registered(**(usual | otherwise))  # type: ignore[arg-type]

    async def go(
        self, way: OidcProvider | GithubProvider, ask: Asked | None = None
    ) -> tuple[Returned, Asked]:
        """Send the browser to the provider, and return what it brings back."""
        ask = ask or asked("a secret of the tests", REDIRECT)
        return await browse(await way.authorize_uri(ask)), ask

    async def sign_in(self, way: OidcProvider | GithubProvider | None = None) -> Vouched:
        """Go the whole way."""
        chosen = way or self.oidc
        back, ask = await self.go(chosen)
        return await chosen.redeem(back.code, ask, issuer=back.issuer)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    """Run a provider."""
    clock = FixedClock()
    async with provider(clock) as there:
        yield Ends(there, clock)
