"""Answers a core's calls for one run until the core ends the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import grpc
import grpc.aio

from axisor.ports import Secret
from axisor.remote import Called, Handled, handle
from axisor.strategy import Strategy
from axisor.v1 import runners_pb2
from axisor.v1.runners_pb2_grpc import RunnerServiceStub
from axisor.wire.runners import Beat, Failed, Hello, Said, Welcome, said_to_wire, told_from_wire
from axisor.wire.status import from_call

BEAT_S = 1.0
"""How often a runner says that it is there."""

Load = Callable[[str], type[Strategy[Any, Any]]]
"""Returns a strategy by its name."""


async def answer(channel: grpc.aio.Channel, *, run: str, token: Secret, load: Load) -> None:
    """Hold the conversation about a run, `accounts/{account}/runs/{run}`.

    Raises what the core ends it with, and what loading the strategy raises.
    """
    words: asyncio.Queue[Said] = asyncio.Queue()
    words.put_nowait(Hello(agent="axisor.runner"))
    metadata = (("authorization", f"Bearer {token.reveal()}"),)
    call = RunnerServiceStub(channel).Run(
        _spoken(run, words), metadata=metadata, wait_for_ready=True
    )
    beating = asyncio.ensure_future(_beat(words))
    strategy: type[Strategy[Any, Any]] | None = None
    try:
        async for message in call:
            match told_from_wire(message):
                case Welcome(strategy=name):
                    strategy = load(name)
                case Called() as asked if strategy is not None:
                    words.put_nowait(_handled(strategy, asked))
    except grpc.aio.AioRpcError as error:
        raise from_call(error) from error
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        call.cancel()


async def _spoken(run: str, words: asyncio.Queue[Said]) -> AsyncIterator[runners_pb2.RunRequest]:
    while True:
        yield said_to_wire(run, await words.get())


async def _beat(words: asyncio.Queue[Said]) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        words.put_nowait(Beat())


def _handled(strategy: type[Strategy[Any, Any]], asked: Called) -> Handled | Failed:
    try:
        return handle(strategy, asked)
    except (Exception, SystemExit) as error:  # a strategy's boundary: the core decides what follows
        return Failed(sequence=asked.sequence, text=f"{type(error).__name__}: {error}")
