"""Carries one request over HTTPS and brings back its answer: no retries, no redirects.

Reads and changes share this path and differ in what an unclear end means: a read may be asked
again, so it is just unavailable, while a change has an outcome that is not known.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TypeVar

import httpx
from msgspec import Struct

from axisor.errors import (
    OutcomeUnknown,
    RequestExpired,
    VenueAuth,
    VenueClockSkew,
    VenueError,
)
from axisor.ports import Clock, Lane, Leave, Refused, Unknown
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.answer import answer, body_of_read, is_alive
from axisor_lnmarkets.breaker import Breakers
from axisor_lnmarkets.hour import VenueHour
from axisor_lnmarkets.leaving import Departure
from axisor_lnmarkets.limiter import Limiter
from axisor_lnmarkets.models.general import ServerTime
from axisor_lnmarkets.outcome import Done, Reply, Verdict, judge
from axisor_lnmarkets.request import Request
from axisor_lnmarkets.retry_after import seconds_to_wait
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.wire import Listing, Value, decode, decode_each, encode_query

T = TypeVar("T")

SIGNATURE_WINDOW_MS = 30_000
"""How long a stamp is good for; published for v2 and assumed for v3."""

PATIENCE_MS = 30_000
"""How long any request waits for the rate limiter before it is given up unsent."""

MOST_BYTES = 8 * 1024 * 1024
"""The largest answer that is read; a page of a thousand trades is below one MiB."""

WHOLE_S = 20.0  # for a whole exchange, however slowly it trickles
TIMEOUT = httpx.Timeout(10.0, connect=3.0, pool=3.0)
WHOLE_REQUEST_S = 20.0
TRUSTED_ROUND_TRIP_MS = 1_000
"""A slower answer says too little about the venue's clock to replace what is known."""
LIMITS = httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=4.0)


class ClockSample(Struct, frozen=True):
    """The venue's clock less ours, and how long asking took."""

    offset_ms: int
    round_trip_ms: int


class _TooLong(Exception):
    pass


def unix_ms(time: datetime) -> int:
    """Return a time as unix milliseconds, rounded down, without going through a float."""
    return (time - _EPOCH) // timedelta(milliseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def authorities() -> ssl.SSLContext:
    """Return who is trusted to sign a venue's certificate: one for all, as to read it takes long.

    It is some 30 ms of a start and 2 MB for every client that has its own.
    """
    return httpx.create_ssl_context(trust_env=False)


def _no_leave(request: Request) -> VenueAuth:
    return VenueAuth(f"{request.method} {request.path} needs a key, and this client has none.")


class Transport:
    """One client of the REST interface. `signer` is None for a client of public calls only.

    The venue's time is carried on by the clock that never steps from where it was measured last.
    `tls` says which certificates are trusted, by default those of this machine; there is no way
    around a bad one.
    """

    def __init__(  # noqa: PLR0913  each part is another's, and tests give their own
        self,
        address: Address,
        *,
        clock: Clock,
        public: Limiter,
        private: Limiter | None = None,
        signer: Signer | None = None,
        breakers: Breakers | None = None,
        hour: VenueHour | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.clock = clock
        self._ahead_ms: int | None = None
        self._hour = VenueHour() if hour is None else hour
        self.breakers = Breakers(clock) if breakers is None else breakers
        self._measured = 0
        self._measuring = asyncio.Lock()
        self._address = address
        self._public = public
        self._private = private if private is not None else public
        self._signer = signer
        # No proxy or key file from the environment: where keys go is said in settings only.
        self._http = httpx.AsyncClient(
            timeout=timeout,
            limits=LIMITS,
            follow_redirects=False,
            trust_env=False,
            proxy=address.proxy or None,
            verify=authorities() if tls is None else tls,
        )

    @property
    def knows_time(self) -> bool:
        """Return whether the venue's time was measured, and not refused since."""
        return self._ahead_ms is not None

    def forget_time(self) -> None:
        """Have the venue's clock measured before the next signed read: it refused a stamp."""
        self._ahead_ms = None
        self._hour.forget()

    def venue_now_ms(self) -> int:
        """Return the venue's present time, unix milliseconds; our own before it was measured."""
        if self._ahead_ms is None:
            return unix_ms(self.clock.now())
        return self.clock.monotonic_ms() + self._ahead_ms

    async def get(
        self,
        kind: type[T],
        path: str,
        query: Sequence[tuple[str, Value | None]] = (),
        *,
        signed: bool = True,
        lane: Lane = Lane.READ,
    ) -> T:
        """Return the answer to a read. Raises VenueError."""
        body = await self._read(path, query, signed=signed, lane=lane)
        return decode(kind, body, what=path)

    async def get_each(self, kind: type[T], path: str, *, lane: Lane = Lane.READ) -> Listing[T]:
        """Return a list item by item, naming those that cannot be understood. Raises VenueError."""
        return decode_each(kind, await self._read(path, (), signed=True, lane=lane), what=path)

    async def change(
        self,
        kind: type[T],
        request: Request,
        *,
        signed_at_ms: int | None,
        lane: Lane,
        about: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """Send a request that changes something, once, and return the venue's answer.

        `signed_at_ms` (venue time) is its stamp, or None for the present. `about` says whether the
        answer is about what was asked. Raises OutcomeUnknown where it may have happened; any other
        AxisorError says that it did not.
        """
        observed = await self._exchange(request, signed_at_ms=signed_at_ms, lane=lane)
        verdict: Verdict[T] = judge(observed, lambda body: answer(kind, body, request, about))
        match verdict:
            case Done(value=value):
                return value
            case Refused(error=error):
                raise error
            case Unknown(detail=detail):
                raise OutcomeUnknown(
                    f"{request.method} {request.path}: {detail}.", path=request.path
                )

    async def sample_clock(self) -> ClockSample:
        """Ask the venue for its time once. Raises VenueError.

        The two clocks are compared in the middle of the request (Cristian, 1989), so the error is
        at most half the round trip; waiting for the rate limit does not count.
        """
        async with self._hour.turn:
            return await self._sample()

    async def _sample(self) -> ClockSample:
        request = Request(method="GET", path="/v3/time", signed=False)
        # Once the venue's time is known the next price is more urgent than another measure of it.
        lane = Lane.RECONCILE if self._hour.is_known else Lane.GUARD
        observed = await self._exchange(request, signed_at_ms=None, lane=lane, reads=True)
        there = decode(ServerTime, body_of_read(request, observed), what=request.path)
        assert isinstance(observed, Reply), "a broken request has no body"
        middle_ms = observed.began_ms + observed.took_ms // 2
        sample = ClockSample(unix_ms(there.time) - middle_ms, observed.took_ms)
        if sample.round_trip_ms <= TRUSTED_ROUND_TRIP_MS:
            self._hour.measured(self._ahead_by(sample), self.clock.monotonic_ms())
        return sample

    def _ahead_by(self, sample: ClockSample) -> int:
        return unix_ms(self.clock.now()) - self.clock.monotonic_ms() + sample.offset_ms

    async def know_time(self) -> None:
        """Learn the venue's time before the first stamp, from another's measure if there is one.

        Raises VenueError.
        """
        if self._ahead_ms is not None:
            return
        async with self._hour.turn:  # whoever measures already does so for this one too
            self._ahead_ms = self._hour.ahead_ms(self.clock.monotonic_ms())
            if self._ahead_ms is None:
                self._take(await self._sample())

    async def warm(self) -> None:
        """Open a connection, measuring the venue's clock on the way. Raises VenueError."""
        self._take(await self.sample_clock())

    def _take(self, sample: ClockSample) -> None:
        if self._ahead_ms is None or sample.round_trip_ms <= TRUSTED_ROUND_TRIP_MS:
            self._ahead_ms = self._ahead_by(sample)
            self._measured += 1

    async def resync(self, *, since: int | None = None) -> None:
        """Measure the venue's clock anew after it refused a stamp. Raises VenueError.

        With `since`, a count of measures, nothing is asked where one was taken meanwhile: of many
        requests that are refused together, one measures for all.
        """
        async with self._measuring:
            if since is None or since == self._measured:
                self._ahead_ms = None
                await self.warm()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _read(
        self,
        path: str,
        query: Sequence[tuple[str, Value | None]],
        *,
        signed: bool,
        lane: Lane,
    ) -> bytes:
        request = Request(method="GET", path=path, query=encode_query(query), signed=signed)
        measured = self._measured
        try:
            return await self._read_once(request, lane)
        except VenueClockSkew as error:
            try:
                await self.resync(since=measured)
            except VenueError:
                raise error from None
            return await self._read_once(request, lane)

    async def _read_once(self, request: Request, lane: Lane) -> bytes:
        return body_of_read(
            request, await self._exchange(request, signed_at_ms=None, lane=lane, reads=True)
        )

    async def _exchange(
        self, request: Request, *, signed_at_ms: int | None, lane: Lane, reads: bool = False
    ) -> Reply | Exception:
        """Send a request once; a read goes by the breaker of its class, a change by none."""
        if not reads:
            return await self._send_in_turn(request, signed_at_ms=signed_at_ms, lane=lane)
        breaker = self.breakers.of(request.path, signed=request.signed)
        async with breaker.asking(lane) as call:
            observed = await self._send_in_turn(
                request, signed_at_ms=None, lane=lane, check=breaker.check
            )
            call.alive = is_alive(observed)
        return observed

    async def _send_in_turn(
        self,
        request: Request,
        *,
        signed_at_ms: int | None,
        lane: Lane,
        check: Callable[[Lane], None] = lambda _: None,
    ) -> Reply | Exception:
        """Wait for leave, send once, and return the answer or what broke.

        The exception is returned, not raised: it refers to the request, whose headers hold the key,
        and must not become the cause of an error that travels.
        """
        if request.signed and self._signer is None:
            raise _no_leave(request)
        limiter = self._private if request.signed else self._public
        await limiter.acquire(lane, patience_ms=self._patience(signed_at_ms))
        check(lane)
        stamp = self.venue_now_ms() if signed_at_ms is None else signed_at_ms
        prepared = self._prepare(request, stamp, lambda: self._in_time(signed_at_ms))
        try:
            async with asyncio.timeout(WHOLE_REQUEST_S):
                reply = await self._send(prepared)
        except Exception as error:  # every way to break has its place in `judge`
            return error
        if reply.status == 429:
            limiter.hold(Decimal(1) if reply.retry_after is None else reply.retry_after)
        return reply

    def _patience(self, signed_at_ms: int | None) -> int:
        """Return how long a request may wait for leave: no longer than its stamp will be good."""
        if signed_at_ms is None or self._ahead_ms is None:
            return PATIENCE_MS
        left = signed_at_ms + SIGNATURE_WINDOW_MS - self.venue_now_ms()
        if left <= 0:
            self._ahead_ms = None  # if it is the clock that is wrong, it must not refuse twice
            raise RequestExpired("The request's stamp ran out before it could be sent.")
        return left

    def _in_time(self, signed_at_ms: int | None) -> None:
        """Raise RequestExpired where a stamp has run out by now."""
        self._patience(signed_at_ms)

    def _prepare(self, request: Request, stamp_ms: int, in_time: Leave) -> httpx.Request:
        target = request.path + (f"?{request.query}" if request.query else "")
        headers = {"content-type": "application/json"} if request.body else {}
        if request.signed and self._signer is not None:
            headers |= self._signer.headers(
                timestamp_ms=stamp_ms,
                method=request.method,
                path=request.path,
                data=request.signed_data,
            )
        prepared = self._http.build_request(
            request.method,
            self._address.rest + target,
            content=request.body or None,
            headers=headers,
            extensions={} if request.method == "GET" else {"trace": Departure(in_time)},
        )
        # What is signed must be what is sent.
        assert prepared.url.raw_path == target.encode(), "the URL was rewritten"
        return prepared

    async def _send(self, prepared: httpx.Request) -> Reply:
        began, began_tick_ms = self.clock.now(), self.clock.monotonic_ms()
        async with asyncio.timeout(WHOLE_S):
            response = await self._http.send(prepared, stream=True)
            try:
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise _TooLong(f"more than {MOST_BYTES} bytes")
            finally:
                await response.aclose()
        wait = seconds_to_wait(response.headers.get("retry-after"), now=began)
        return Reply(
            status=response.status_code,
            body=bytes(body),
            retry_after=wait,
            began_ms=unix_ms(began),
            took_ms=self.clock.monotonic_ms() - began_tick_ms,
        )
