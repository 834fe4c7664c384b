"""GitHub, which speaks OAuth 2 without ID tokens: whom it vouches for is asked with its token.

The token comes from GitHub itself, by TLS, for a code that only this core could redeem; it is used
for two questions and forgotten.
"""

from __future__ import annotations

from axisor.errors import IdentityRefused
from axisor_server.adapters.identity import clients
from axisor_server.adapters.identity.clients import Endpoints, Registered
from axisor_server.adapters.identity.web import Answer, Web
from axisor_server.domain.identities import Asked, DeviceCode, NotYet, Vouched

HOME = "https://github.com"
_API_OF_HOME = "https://api.github.com"
SCOPE = "read:user user:email"
MOST_ADDRESSES = 100


class GithubProvider:
    """Implements the port `IdentityProvider`, for github.com or an Enterprise Server."""

    def __init__(self, at: Registered) -> None:
        issuer = at.issuer.rstrip("/")
        self._at = at
        self._web = Web(at.name, proxy=at.proxy, timeout_s=at.timeout_s)
        self._api = _API_OF_HOME if issuer == HOME else f"{issuer}/api/v3"
        self._endpoints = Endpoints(
            authorize=f"{issuer}/login/oauth/authorize",
            token=f"{issuer}/login/oauth/access_token",
            device=f"{issuer}/login/device/code",
            basic=False,
        )

    @property
    def name(self) -> str:
        """Return what the settings call it."""
        return self._at.name

    @property
    def issuer(self) -> str:
        """Return whose identities it vouches for."""
        return self._at.issuer

    @property
    def devices(self) -> bool:
        """Return whether a sign-in may be finished on another device."""
        return self._at.devices

    async def authorize_uri(self, ask: Asked) -> str:
        """Return where a browser is sent."""
        return clients.authorize_uri(self._endpoints, self._at, ask, {"scope": SCOPE})

    async def redeem(self, code: str, ask: Asked, *, issuer: str) -> Vouched:
        """Return whom a code stands for. Raises IdentityRefused, ProviderUnavailable."""
        if issuer not in ("", self.issuer):
            raise IdentityRefused(provider=self.name, cause="issuer")
        answer = await clients.redeem(self._web, self._endpoints, self._at, code, ask)
        return await self._vouched(answer)

    async def begin_device(self) -> DeviceCode:
        """Return a code to be typed on another device. Raises ProviderUnavailable, FieldInvalid."""
        return await clients.begin_device(self._web, self._endpoints, self._at, SCOPE)

    async def poll_device(self, secret: str) -> Vouched | NotYet:
        """Return whom a device code stands for by now.

        Raises IdentityRefused, ProviderUnavailable.
        """
        answer = await clients.poll_device(self._web, self._endpoints, self._at, secret)
        return answer if isinstance(answer, NotYet) else await self._vouched(answer)

    async def _vouched(self, answer: Answer) -> Vouched:
        token = answer.text("access_token")
        user = await self._web.get(f"{self._api}/user", token=token)
        id = user.body.get("id")
        if user.status != 200 or type(id) is not int or id <= 0:
            raise IdentityRefused(provider=self.name, cause="user")
        listed = await self._web.get_list(f"{self._api}/user/emails", token=token)
        primary = next(
            (
                each
                for each in listed[:MOST_ADDRESSES]
                if isinstance(each, dict) and each.get("primary") is True
            ),
            {},
        )
        email, verified = primary.get("email"), primary.get("verified") is True
        return Vouched(
            issuer=self.issuer,
            subject=str(id),
            email=clients.verified_email(
                self._at, email if isinstance(email, str) else None, verified=verified
            ),
            title=clients.title_of(user.body.get("name")),
        )
