"""Page tokens as they leave the core: for one caller and one method, for a day, and unforgeable.

What a list makes of its place is wrapped on its way out and unwrapped on its way in, whatever the
list is.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

from google.protobuf.message import Message

from axisor.errors import PageTokenInvalid
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.rpc.calls import Call

Digest: TypeAlias = Callable[[str, str], Awaitable[str]]
"""Returns the keyed hash of a purpose and a text, the same on every core of a database."""

PURPOSE = "page token"
LIFE = timedelta(days=1)
_MAC = 32
_SECOND = 1_000_000


class Cursors:
    """Wraps and unwraps page tokens."""

    def __init__(self, digest: Digest, clock: Clock) -> None:
        self._digest = digest
        self._clock = clock

    async def unwrap(self, call: Call) -> None:
        """Put the list's own token in place of the one that came.

        Raises PageTokenInvalid for one of another caller or method, too old, or made up.
        """
        body: Any = call.body
        if "page_token" not in body.DESCRIPTOR.fields_by_name or not body.page_token:
            return
        until, _, rest = body.page_token.partition(".")
        inner, _, mac = rest.rpartition(".")
        said = await self._mac(call, f"{until}.{inner}")
        if not hmac.compare_digest(said.encode(), mac.encode("utf-8", "surrogatepass")):
            raise PageTokenInvalid()
        if int(until, 16) <= self._now_s():
            raise PageTokenInvalid("The page token is more than a day old.")
        body.page_token = inner

    async def wrap(self, call: Call, answer: Message) -> None:
        """Put a token that only this caller can use in place of the list's own."""
        body: Any = answer
        if "next_page_token" not in body.DESCRIPTOR.fields_by_name or not body.next_page_token:
            return
        until = self._now_s() + int(LIFE.total_seconds())
        text = f"{until:x}.{body.next_page_token}"
        body.next_page_token = f"{text}.{await self._mac(call, text)}"

    async def _mac(self, call: Call, text: str) -> str:
        bound = "\n".join((call.method.path, call.principal.tenant, call.principal.name, text))
        return (await self._digest(PURPOSE, bound))[:_MAC]

    def _now_s(self) -> int:
        return to_us(self._clock.now()) // _SECOND
