"""Back-tests made by a core, while the caller waits."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import grpc.aio
from msgspec import Struct

from axisor.client.calls import Caller
from axisor.model import Sats
from axisor.v1 import backtests_pb2 as pb
from axisor.v1.backtests_pb2_grpc import BacktestServiceStub
from axisor.wire.names import account_name, strategy_name
from axisor.wire.status import from_call

Progress = Callable[[int, int], None]
"""Hears how many prints are done, of how many."""


class BacktestItem(Struct, frozen=True):
    """How far a back-test is, or with `report` the next part of its report."""

    done: int = 0
    of: int = 0
    report: bytes = b""


class Backtests:
    """The methods of BacktestService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = BacktestServiceStub(caller.channel)

    async def run(
        self,
        account: str,
        strategy: str,
        balance: Sats,
        *,
        config: str = "",
        positions: Sequence[str] = (),
        scenario: str = "",
        candles: bytes = b"",
        progress: Progress = lambda done, of: None,
    ) -> bytes:
        """Return the report as JSON; leaving early ends the back-test.

        `scenario` is a made-up market, `candles` a CSV file of a recorded one, which goes first.
        Raises StrategyNotFound, ConfigInvalid, CandlesInvalid, RateLimited, NotSupported.
        """
        watched = self.watch(
            account,
            strategy,
            balance,
            config=config,
            positions=positions,
            scenario=scenario,
            candles=candles,
        )
        report = bytearray()
        async with aclosing(watched) as items:
            async for item in items:
                report += item.report
                if item.of:
                    progress(item.done, item.of)
        return bytes(report)

    async def watch(
        self,
        account: str,
        strategy: str,
        balance: Sats,
        *,
        config: str = "",
        positions: Sequence[str] = (),
        scenario: str = "",
        candles: bytes = b"",
    ) -> AsyncGenerator[BacktestItem, None]:
        """Yield how far a back-test is, and the parts of its report; an empty item is a heartbeat.

        Raises as `run` does.
        """
        request = pb.WatchBacktestRequest(
            parent=account_name(account),
            strategy=strategy_name(strategy),
            config=config,
            balance_sats=balance,
            positions=positions,
            **({"candles": candles} if candles else {"scenario": scenario}),
        )
        call = self._stub.WatchBacktest(request, metadata=self._call.headers())
        try:
            async for frame in call:
                yield BacktestItem(
                    frame.progress.done_count, frame.progress.total_count, frame.report
                )
        except grpc.aio.AioRpcError as error:
            raise from_call(error) from error
        finally:
            call.cancel()
