"""Listens to an account's private topics for hints that something changed."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from random import Random

from axisor.errors import VenueAuth, VenueClockSkew, VenueError
from axisor.ports import Clock, KeyRights
from axisor_lnmarkets.backoff import Backoff
from axisor_lnmarkets.models.stream import PAIR, SCOPES, AccountHint
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.stream import Stream, open_stream
from axisor_lnmarkets.wire import shape

log = logging.getLogger(__name__)

QUIET_S = 30.0
"""How long a stream may be silent before it is pinged; the venue drops it at 120 s."""

WITHDRAW = "account:withdrawals:write"


async def hints(
    url: str,
    signer: Signer,
    *,
    clock: Clock,
    rng: Random,
    venue_now_ms: Callable[[], int],
    resync: Callable[[], Awaitable[None]],
    proxy: str = "",
) -> AsyncGenerator[str, None]:
    """Yield `connected` at each connection, then `topic:event` for each push. Raises VenueAuth.

    Where the venue refuses the time of a login, `resync` measures its clock before the next try.
    """
    backoff = Backoff(rng, clock)
    while True:
        try:
            async with open_stream(url, clock=clock, rng=rng, proxy=proxy) as stream:
                await _subscribe(stream, signer, venue_now_ms())
                yield "connected"
                while True:
                    hint = await _next(stream)
                    if hint is not None:
                        backoff.good()
                        yield hint
        except VenueAuth:
            raise
        except VenueError as error:
            log.info("private stream: %s", error.message)
            if isinstance(error, VenueClockSkew):
                await _measured(resync)
        await clock.sleep(backoff.next_s())


async def _measured(resync: Callable[[], Awaitable[None]]) -> None:
    try:
        await resync()
    except VenueError as error:
        log.info("the venue's clock could not be measured: %s", error.message)


async def _subscribe(stream: Stream, signer: Signer, now_ms: int) -> None:
    answer = await stream.authenticate(signer, timestamp_ms=now_ms)
    topics = [t for t, scope in SCOPES.items() if is_granted(scope, answer.permissions)]
    if not topics:
        raise VenueAuth("The key may not read anything that the stream tells.")
    await stream.subscribe(topics)


async def _next(stream: Stream) -> str | None:
    push = await stream.push(timeout_s=QUIET_S)
    if push is None:
        await stream.ping()
        return None
    topic = push.topic.removeprefix(f"{PAIR}/")
    return f"{topic}:{shape(AccountHint, push.data, what=push.topic).event}"


def is_granted(scope: str, permissions: Collection[str]) -> bool:
    """Return whether a right is granted, by itself or by a wildcard such as `futures:*`."""
    parts = scope.split(":")
    wild = {":".join([*parts[:n], "*"]) for n in range(len(parts))}
    return scope in permissions or not wild.isdisjoint(permissions)


def rights_of(permissions: Collection[str]) -> KeyRights:
    """Return the rights of a key; where the venue lists none, it is unknown if it may withdraw."""
    can_withdraw = is_granted(WITHDRAW, permissions) if permissions else None
    return KeyRights(frozenset(permissions), can_withdraw)
