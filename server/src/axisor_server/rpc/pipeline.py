"""What every call passes: caller, right, form, mode, the call itself, and its errors.

The order is that of the contract's precedence. A request is never logged: it may hold credentials.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.message import DecodeError, Message

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    FieldInvalid,
    ModeMismatch,
)
from axisor.model import Mode
from axisor.ports import Clock
from axisor.wire.scalars import enum_from_wire, is_recognized
from axisor.wire.status import EXPECT_MODE_HEADER, MODE_HEADER, TABLE, abort, code_of
from axisor_server.ports import Ids
from axisor_server.rpc.admitting import Gate
from axisor_server.rpc.calls import Call, Conversation, Stream, Unary
from axisor_server.rpc.cursors import Cursors
from axisor_server.rpc.lasting import Lasting
from axisor_server.rpc.metrics import CallMetrics
from axisor_server.rpc.rules import Method
from axisor_server.rpc.validation import check
from axisor_server.services.seeing import look_as

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
"""Requests and answers are bytes to gRPC here; the pipeline reads and writes them."""

ModeOf: TypeAlias = Callable[[str, str], Awaitable[Mode]]
"""Returns an account's mode, refusing one that the caller did not expect."""

DEADLINE_S = 60.0
"""For a caller that sets none."""

log = structlog.get_logger("axisor.rpc")


class Pipeline:
    """Takes every call from bytes to bytes."""

    def __init__(
        self,
        *,
        gate: Gate,
        cursors: Cursors,
        mode_of: ModeOf,
        clock: Clock,
        ids: Ids,
        metrics: CallMetrics,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._gate = gate
        self._cursors = cursors
        self._mode_of = mode_of
        self._clock = clock
        self._ids = ids
        self._metrics = metrics
        self._deadline_s = deadline_s
        self._log = log.bind()  # once: each word of an unbound logger binds it anew

    def unary(self, method: Method, handle: Unary) -> Callable[[bytes, Context], Awaitable[bytes]]:
        """Return the handler of a method with one answer."""

        async def handler(raw: bytes, context: Context) -> bytes:
            begun = self._clock.monotonic_ms()
            code = grpc.StatusCode.CANCELLED
            try:
                remaining = context.time_remaining()
                async with asyncio.timeout(self._deadline_s if remaining is None else None):
                    call = await self._admit(method, raw, context)
                    await self._cursors.unwrap(call)
                    answer = await handle(call.body, call)
                    await self._cursors.wrap(call, answer)
                code = grpc.StatusCode.OK
                return answer.SerializeToString()
            except TimeoutError:
                code = grpc.StatusCode.DEADLINE_EXCEEDED
                await context.abort(code, "The core did not finish in time.")
            except AxisorError as error:
                code = code_of(error)
                await self._refuse(method, context, error)
            except Exception as error:  # a bug of ours: say so, show nothing
                code = grpc.StatusCode.INTERNAL
                await self._break(method, context, error)
            finally:
                self._account(method, code, begun)
            raise AssertionError("abort raises")

        return handler

    def stream(
        self, method: Method, handle: Stream
    ) -> Callable[[bytes, Context], AsyncIterator[bytes]]:
        """Return the handler of a method that streams."""

        async def handler(raw: bytes, context: Context) -> AsyncIterator[bytes]:
            found = self._frames(
                method, context, _only(raw), lambda call, _: handle(call.body, call)
            )
            async with aclosing(found) as frames:
                async for frame in frames:
                    yield frame

        return handler

    def converse(
        self, method: Method, handle: Conversation
    ) -> Callable[[AsyncIterator[bytes], Context], AsyncIterator[bytes]]:
        """Return the handler of a method in which both sides speak; the first word is the call."""

        async def handler(words: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
            found = self._frames(
                method, context, words, lambda call, rest: handle(call.body, call, rest)
            )
            async with aclosing(found) as frames:
                async for frame in frames:
                    yield frame

        return handler

    async def _frames(
        self,
        method: Method,
        context: Context,
        words: AsyncIterator[bytes],
        handle: Callable[[Call, AsyncIterator[Message]], AsyncIterator[bytes]],
    ) -> AsyncGenerator[bytes, None]:
        begun = self._clock.monotonic_ms()
        code = grpc.StatusCode.CANCELLED
        try:
            call = await self._admit(method, await self._first(words), context)
            lasting = Lasting(call.principal, self._gate.still, self._clock)
            with self._gate.streaming(call.principal):
                found = handle(call, _read(method, words))
                async with aclosing(lasting.frames(found)) as frames:
                    async for frame in frames:
                        yield frame
            code = grpc.StatusCode.OK
        except AxisorError as error:
            code = code_of(error)
            await self._refuse(method, context, error)
        except Exception as error:  # a bug of ours: say so, show nothing
            code = grpc.StatusCode.INTERNAL
            await self._break(method, context, error)
        finally:
            self._account(method, code, begun)

    async def _first(self, words: AsyncIterator[bytes]) -> bytes:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await anext(aiter(words), b"")
        except TimeoutError as error:
            raise FieldInvalid("The caller opened a stream and said nothing.") from error

    async def _admit(self, method: Method, raw: bytes, context: Context) -> Call:
        metadata = dict(context.invocation_metadata() or ())
        principal, peer = await self._gate.caller(
            method, metadata, context.peer(), context.auth_context()
        )
        call = Call(method, principal, _parse(method, raw), peer)
        check(call.body, method)
        self._gate.admit(call)
        if not method.anonymous:
            look_as(principal)
        mode = await self._mode(call, str(metadata.get(EXPECT_MODE_HEADER, "")).lower())
        if mode is not None:
            await _tell(context, mode)
        return call

    async def _mode(self, call: Call, expected: str) -> Mode | None:
        account = call.account
        if account:
            try:
                return await self._mode_of(account, expected)
            except AccountNotFound:
                return None  # The use case says so itself, unless it repeats an older answer.
        body: Any = call.body
        if "mode" not in body.DESCRIPTOR.fields_by_name:
            return None
        mode = enum_from_wire(Mode, body.mode)
        if expected and is_recognized(mode) and expected != mode.value:
            raise ModeMismatch(
                f"The request says {mode.value.upper()}, its caller expects {expected.upper()}.",
                expected=expected,
                actual=mode.value,
            )
        return mode

    async def _refuse(self, method: Method, context: Context, error: AxisorError) -> None:
        if error.reason not in TABLE:
            await self._break(method, context, error)
        log.info("refused", method=method.path, reason=error.reason)
        await abort(context, error)

    async def _break(self, method: Method, context: Context, error: Exception) -> None:
        id = self._ids.new()
        log.error(
            "internal error",
            id=id,
            method=method.path,
            traceback="".join(traceback.format_exception(error)),
        )
        await context.abort(
            grpc.StatusCode.INTERNAL,
            f"The core failed in a way it should not; its log has the details under {id}.",
        )

    def _account(self, method: Method, code: grpc.StatusCode, begun: int) -> None:
        elapsed = self._clock.monotonic_ms() - begun
        self._metrics.record(method.path, code.name, elapsed)
        self._log.debug("call", method=method.path, code=code.name, ms=elapsed)


async def _tell(context: Context, mode: Mode) -> None:
    try:
        await context.send_initial_metadata(((MODE_HEADER, mode.value),))
    except grpc.aio.InternalError as error:
        # Whoever called has hung up, and gRPC has not told this task of it yet.
        raise asyncio.CancelledError from error


async def _only(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def _read(method: Method, words: AsyncIterator[bytes]) -> AsyncIterator[Message]:
    """Yield what follows the first request. Raises FieldInvalid for what is no request."""
    async for raw in words:
        message = _parse(method, raw)
        check(message, method)
        yield message


def _parse(method: Method, raw: bytes) -> Message:
    try:
        return method.request.FromString(raw)
    except DecodeError:
        # Without the cause: it may quote what it could not read.
        raise FieldInvalid(f"The request is no {method.request.DESCRIPTOR.name}.") from None
