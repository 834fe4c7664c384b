"""Carries one call to a core: token, deadline, retries under one request id, mode, typed errors."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import uuid4

import grpc
import grpc.aio
from google.protobuf.message import Message
from msgspec import Struct

from axisor.errors import AxisorError, ModeMismatch, SessionOver, TokenInvalid
from axisor.model import Mode
from axisor.ports import Secret
from axisor.watch import (
    SILENCE_S,
    AlertItem,
    TickItem,
    WatchItem,
    watch,
    watch_alerts,
    watch_ticks,
)
from axisor.wire.failures import CallFailed, DeadlineExceeded
from axisor.wire.status import EXPECT_MODE_HEADER, MODE_HEADER, from_call

TIMEOUT_S = 15.0
FIRST_WAIT_S = 0.1
MOST_WAIT_S = 2.0

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)
T = TypeVar("T")
Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Renew: TypeAlias = Callable[[Secret], Awaitable[Secret]]
"""Returns another token instead of one that the core takes no longer. Raises SessionOver."""


class Page(Struct, Generic[T], frozen=True):
    """Some items of a list, and the token that asks for the next ones (empty on the last page)."""

    items: tuple[T, ...]
    next_page_token: str = ""


async def every(fetch: Callable[[str], Awaitable[Page[T]]], *, most: int = 10_000) -> tuple[T, ...]:
    """Return the items of all pages, at most `most` of them; `fetch` takes a page token."""
    found: list[T] = []
    token = ""
    while len(found) < most:
        page = await fetch(token)
        found.extend(page.items)
        token = page.next_page_token
        if not token:
            break
    return tuple(found[:most])


def new_request_id() -> str:
    """Return a fresh request id. Keep it where a call may have to be repeated after a crash."""
    return str(uuid4())


class Caller:
    """Makes the calls of one client. Its repr shows no secret."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        token: Secret | None = None,
        renew: Renew | None = None,
        timeout_s: float = TIMEOUT_S,
        silence_s: float = SILENCE_S,
        expect_mode: Mode | None = None,
        chance: random.Random | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.channel = channel
        self.expect_mode = expect_mode
        self._token = token
        self._renew = renew
        self._renewing = asyncio.Lock()
        self._timeout_s = timeout_s
        self._silence_s = silence_s
        self._chance = chance or random.Random()
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"Caller(expect_mode={self.expect_mode})"

    @property
    def token(self) -> Secret | None:
        """Return the token that goes with the next call."""
        return self._token

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return what goes with every call: the token and the expected mode."""
        sent: list[tuple[str, str]] = []
        if self._token is not None:
            sent.append(("authorization", f"Bearer {self._token.reveal()}"))
        if self.expect_mode is not None:
            sent.append((EXPECT_MODE_HEADER, self.expect_mode.value))
        return tuple(sent)

    async def unary(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        *,
        of_account: bool = True,
        timeout_s: float | None = None,
    ) -> A:
        """Make a call and return its answer.

        `of_account` says that the answer must state the account's mode. UNAVAILABLE is tried again
        until the deadline, which is safe because reading changes nothing and whatever changes
        something carries the same request id each time. An action that was refused for good is not:
        its request id has that answer for ever. A token that has run out is renewed once,
        where that can be done. Raises the error that the core raised, or
        a `CallFailed`, with the `request_id` of a mutation in its metadata.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (self._timeout_s if timeout_s is None else timeout_s)
        tries, renewed = 0, False
        while True:
            held = self._token
            call = method(request, timeout=deadline - loop.time(), metadata=self.headers())
            try:
                answer = await call
            except grpc.aio.AioRpcError as broken:
                wait = self._wait(tries)
                error = from_call(broken)
                if not renewed and await self.renews(error, held):
                    renewed = True
                    continue
                if not _may_change(broken, error) or loop.time() + wait >= deadline:
                    raise _with_request_id(error, request) from broken
            else:
                if of_account:
                    changes = "request_id" in request.DESCRIPTOR.fields_by_name
                    self._check_mode(await call.initial_metadata(), changes=changes)
                return answer
            tries += 1
            await self._sleep(wait)
            if loop.time() >= deadline:
                late = DeadlineExceeded("The core was not reached in time.")
                raise _with_request_id(late, request)

    async def once(self, method: grpc.aio.UnaryUnaryMultiCallable[Q, A], request: Q) -> A:
        """Make a call whose request or answer is secret, so that it has no request id.

        It is not repeated by itself. Raises as `unary` does.
        """
        try:
            return await method(request, timeout=self._timeout_s, metadata=self.headers())
        except grpc.aio.AioRpcError as broken:
            raise from_call(broken) from broken

    async def renews(self, error: AxisorError, held: Secret | None) -> bool:
        """Get another token where the core refused the one that was sent; says whether it did.

        Of several calls that are refused at once one gets it. Raises what getting it raises.
        """
        if self._renew is None or held is None:
            return False
        if not isinstance(error, TokenInvalid | SessionOver):
            return False
        async with self._renewing:
            if self._token is held:
                self._token = await self._renew(held)
        return True

    def _wait(self, tries: int) -> float:
        most = min(MOST_WAIT_S, FIRST_WAIT_S * 2 ** min(tries, 10))
        return self._chance.uniform(most / 2, most)

    def _check_mode(self, headers: Any, *, changes: bool) -> None:
        """Compare the mode that an answer states; `changes` says that the call did something."""
        if self.expect_mode is None:
            return
        actual = next((str(value) for key, value in headers if key == MODE_HEADER), "")
        if actual.lower() == self.expect_mode.value:
            return
        raise ModeMismatch(
            f"The core answered for an account in the mode {actual or 'that it does not state'}, "
            f"not {self.expect_mode.value}.",
            money="The request was carried out there." if changes else None,
            expected=self.expect_mode.value,
            actual=actual,
        )

    def watch(
        self, open_call: Callable[[int | None], Any], *, after: int | None, gapless: bool
    ) -> AsyncGenerator[WatchItem, None]:
        """Follow a journal; see `axisor.watch.watch`."""
        opened = _Opened(self, self._checked(open_call))
        return watch(
            opened.call,
            after=after,
            gapless=gapless,
            silence_s=self._silence_s,
            chance=self._chance,
            sleep=self._sleep,
            mend=opened.mend,
        )

    def watch_ticks(self, open_call: Callable[[int | None], Any]) -> AsyncGenerator[TickItem, None]:
        """Follow prices; see `axisor.watch.watch_ticks`."""
        opened = _Opened(self, self._checked(open_call))
        return watch_ticks(
            opened.call,
            silence_s=self._silence_s,
            chance=self._chance,
            sleep=self._sleep,
            mend=opened.mend,
        )

    def watch_alerts(
        self, open_call: Callable[[int | None], Any]
    ) -> AsyncGenerator[AlertItem, None]:
        """Follow alerts; see `axisor.watch.watch_alerts`."""
        opened = _Opened(self, self._checked(open_call))
        return watch_alerts(
            opened.call,
            silence_s=self._silence_s,
            chance=self._chance,
            sleep=self._sleep,
            mend=opened.mend,
        )

    def _checked(self, open_call: Callable[[int | None], Any]) -> Callable[[int | None], Any]:
        """Check the mode of each stream when its first frame comes."""
        if self.expect_mode is None:
            return open_call
        return lambda after: _CheckedStream(open_call(after), self._check_stream)

    async def _check_stream(self, call: Any) -> None:
        self._check_mode(await call.initial_metadata(), changes=False)


class _Opened:
    """A stream that is opened again and again, and the token it was opened with last."""

    def __init__(self, caller: Caller, open_call: Callable[[int | None], Any]) -> None:
        self._caller = caller
        self._open = open_call
        self._held: Secret | None = None

    def call(self, after: int | None) -> Any:
        self._held = self._caller.token
        return self._open(after)

    async def mend(self, error: AxisorError) -> bool:
        return await self._caller.renews(error, self._held)


class _CheckedStream:
    """A stream whose mode is checked before its first frame is given."""

    def __init__(self, call: Any, check: Callable[[Any], Awaitable[None]]) -> None:
        self._call = call
        self._check = check
        self._checked = False

    async def read(self) -> Any:
        frame = await self._call.read()
        if not self._checked and frame is not grpc.aio.EOF:
            await self._check(self._call)
            self._checked = True
        return frame

    def cancel(self) -> None:
        self._call.cancel()


def _may_change(broken: grpc.aio.AioRpcError, error: AxisorError) -> bool:
    """Tell whether the same call may be answered otherwise a moment later.

    An error with an intent's `state` is how an action ended, and is the answer for ever.
    """
    return broken.code() is grpc.StatusCode.UNAVAILABLE and "state" not in error.metadata


def _with_request_id(error: AxisorError, request: Message) -> AxisorError:
    """Name the request id of a mutation whose end is not known, so that it can be repeated."""
    request_id = getattr(request, "request_id", "")
    if isinstance(error, CallFailed) and request_id:
        error.metadata.setdefault("request_id", request_id)
    elif isinstance(error, CallFailed):
        error.means, error.todo = "Nothing was changed: the call only reads.", "Try again."
    return error
