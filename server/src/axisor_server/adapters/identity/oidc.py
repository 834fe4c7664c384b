"""A provider that speaks OpenID Connect: found by discovery, believed by its keys."""

from __future__ import annotations

from typing import Any

import structlog
from msgspec import Struct

from axisor.errors import IdentityRefused
from axisor.ports import Clock
from axisor_server.adapters.identity import clients, tokens
from axisor_server.adapters.identity.clients import Endpoints, Registered
from axisor_server.adapters.identity.web import Answer, Web, is_safe
from axisor_server.domain.identities import Asked, DeviceCode, NotYet, Vouched

SCOPE = "openid email profile"
FRESH_S = 300
"""A provider is asked to have its person prove anew what is older: a sign-in is a proof here."""

KEPT_MS = 3_600_000
"""How long discovery and keys are taken as read."""

ANEW_MS = 60_000
"""How often keys are read for the sake of one that is not known; forgers name what they like."""

_WELL_KNOWN = "/.well-known/openid-configuration"

log = structlog.get_logger("axisor.identity")


class Discovered(Struct, frozen=True, kw_only=True):
    """What a provider says of itself; `says_issuer` that it names itself with each code."""

    endpoints: Endpoints
    keys: str
    userinfo: str
    says_issuer: bool
    read_ms: int


class OidcProvider:
    """Implements the port `IdentityProvider`."""

    def __init__(self, at: Registered, clock: Clock) -> None:
        self._at = at
        self._clock = clock
        self._web = Web(at.name, proxy=at.proxy, timeout_s=at.timeout_s)
        self._found: Discovered | None = None
        self._keys: list[Any] = []
        self._keys_ms: int | None = None

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
        """Return where a browser is sent. Raises ProviderUnavailable."""
        found = await self._discover()
        more = {"scope": SCOPE, "nonce": ask.nonce, "max_age": str(FRESH_S)}
        return clients.authorize_uri(found.endpoints, self._at, ask, more)

    async def redeem(self, code: str, ask: Asked, *, issuer: str) -> Vouched:
        """Return whom a code stands for. Raises IdentityRefused, ProviderUnavailable."""
        found = await self._discover()
        if issuer != self.issuer and (issuer or found.says_issuer):
            # Another provider's answer, sent here to be told to the wrong one (RFC 9207).
            raise IdentityRefused(provider=self.name, cause="issuer")
        answer = await clients.redeem(self._web, found.endpoints, self._at, code, ask)
        return await self._vouched(found, answer, nonce=ask.nonce)

    async def begin_device(self) -> DeviceCode:
        """Return a code to be typed on another device. Raises ProviderUnavailable, FieldInvalid."""
        found = await self._discover()
        return await clients.begin_device(self._web, found.endpoints, self._at, SCOPE)

    async def poll_device(self, secret: str) -> Vouched | NotYet:
        """Return whom a device code stands for by now.

        Raises IdentityRefused, ProviderUnavailable.
        """
        found = await self._discover()
        answer = await clients.poll_device(self._web, found.endpoints, self._at, secret)
        if isinstance(answer, NotYet):
            return answer
        return await self._vouched(found, answer, nonce=None)

    async def _vouched(self, found: Discovered, answer: Answer, *, nonce: str | None) -> Vouched:
        token = await self._read(found, answer.text("id_token"), nonce)
        email, verified, name = token.email, token.email_verified is True, token.name
        if email is None and found.userinfo:
            more = await self._web.get(found.userinfo, token=answer.text("access_token"))
            if more.text("sub") != token.sub:
                raise IdentityRefused(provider=self.name, cause="userinfo")
            email, verified = more.text("email"), more.body.get("email_verified") is True
            name = more.body.get("name")
        return Vouched(
            issuer=self.issuer,
            subject=token.sub,
            email=clients.verified_email(self._at, email, verified=verified),
            title=clients.title_of(name),
            proved_s=None if token.auth_time is None else int(token.auth_time),
        )

    async def _read(self, found: Discovered, text: str, nonce: str | None) -> tokens.IdToken:
        expected = tokens.Expected(
            issuer=self.issuer,
            client=self._at.client_id,
            nonce=nonce,
            now_s=int(self._clock.now().timestamp()),
        )
        try:
            try:
                return tokens.read(text, await self._known_keys(found, KEPT_MS), expected)
            except tokens.UnknownKey:
                return tokens.read(text, await self._known_keys(found, ANEW_MS), expected)
        except tokens.BadToken as error:
            log.warning("an ID token is refused", provider=self.name, cause=str(error))
            raise IdentityRefused(provider=self.name, cause=str(error)) from None

    async def _known_keys(self, found: Discovered, most_ms: int) -> list[Any]:
        now_ms = self._clock.monotonic_ms()
        if self._keys_ms is None or now_ms - self._keys_ms >= most_ms:
            answer = await self._web.get(found.keys)
            keys = answer.body.get("keys")
            if answer.status != 200 or not isinstance(keys, list):
                raise self._web.broken("no keys")
            self._keys, self._keys_ms = keys, now_ms
        return self._keys

    async def _discover(self) -> Discovered:
        now_ms = self._clock.monotonic_ms()
        if self._found is None or now_ms - self._found.read_ms >= KEPT_MS:
            answer = await self._web.get(self.issuer.rstrip("/") + _WELL_KNOWN)
            if answer.status != 200:
                raise self._web.broken(f"status {answer.status}")
            self._found = self._judged(answer, now_ms)
        return self._found

    def _judged(self, answer: Answer, now_ms: int) -> Discovered:
        """Return what a discovery document says, where it is of this issuer and safe to follow."""
        if answer.text("issuer") != self.issuer:
            raise self._web.broken("another issuer")
        ways = answer.body.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        endpoints = Endpoints(
            authorize=answer.text("authorization_endpoint"),
            token=answer.text("token_endpoint"),
            device=answer.text("device_authorization_endpoint"),
            basic=isinstance(ways, list) and "client_secret_basic" in ways,
        )
        keys, userinfo = answer.text("jwks_uri"), answer.text("userinfo_endpoint")
        needed = (endpoints.authorize, endpoints.token, keys)
        optional = [each for each in (endpoints.device, userinfo) if each]
        if not all(map(is_safe, (*needed, *optional))):
            raise self._web.broken("an unsafe address")
        return Discovered(
            endpoints=endpoints,
            keys=keys,
            userinfo=userinfo,
            says_issuer=answer.body.get("authorization_response_iss_parameter_supported") is True,
            read_ms=now_ms,
        )
