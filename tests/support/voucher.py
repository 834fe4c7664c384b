"""Somebody who vouches for one person at once, without a browser and without a network."""

from __future__ import annotations

from urllib.parse import urlencode

from axisor_server.domain.identities import Asked, DeviceCode, NotYet, Vouched

ISSUER = "https://voucher.example.org"


class Voucher:
    """Implements the `IdentityProvider` port: whoever asks by whatever code is that person."""

    name = "test"
    issuer = ISSUER
    devices = True

    def __init__(self, who: Vouched) -> None:
        self._who = who

    async def authorize_uri(self, ask: Asked) -> str:
        """Return an address that has what the browser would bring back."""
        return f"{ISSUER}/authorize?{urlencode({'state': ask.state})}"

    async def redeem(self, code: str, ask: Asked, *, issuer: str) -> Vouched:
        """Return the person."""
        return self._who

    async def begin_device(self) -> DeviceCode:
        """Return a code that may be asked about at once."""
        return DeviceCode(secret="secret", typed="TYPE", uri=f"{ISSUER}/device", pause_s=0)

    async def poll_device(self, secret: str) -> Vouched | NotYet:
        """Return the person, who has finished already."""
        return self._who
