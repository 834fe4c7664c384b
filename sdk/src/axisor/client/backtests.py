"""Back-tests made by a core, while the caller waits or by themselves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import grpc.aio
from msgspec import Struct

from axisor.client.calls import Caller, Page, new_request_id
from axisor.model import Sats
from axisor.v1 import backtests_pb2 as pb
from axisor.v1.backtests_pb2_grpc import BacktestServiceStub
from axisor.wire.backtests import Backtest, backtest_from_wire
from axisor.wire.names import account_name, backtest_name, strategy_name
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

    async def start(
        self,
        account: str,
        strategy: str,
        balance: Sats,
        *,
        config: str = "",
        positions: Sequence[str] = (),
        scenario: str = "",
        candles: bytes = b"",
        request_id: str | None = None,
    ) -> Backtest:
        """Start a back-test that goes on by itself, once per request id.

        The arguments are those of `run`. Raises StrategyNotFound, RateLimited, PlanLimit.
        """
        request = pb.StartBacktestRequest(
            parent=account_name(account),
            strategy=strategy_name(strategy),
            config=config,
            balance_sats=balance,
            positions=positions,
            request_id=request_id or new_request_id(),
            **({"candles": candles} if candles else {"scenario": scenario}),
        )
        answer = await self._call.unary(self._stub.StartBacktest, request)
        return backtest_from_wire(answer.backtest)

    async def get(self, account: str, backtest: str) -> Backtest:
        """Return a started back-test. Raises BacktestNotFound."""
        request = pb.GetBacktestRequest(name=backtest_name(account, backtest))
        answer = await self._call.unary(self._stub.GetBacktest, request)
        return backtest_from_wire(answer.backtest)

    async def list(
        self, account: str, *, page_size: int = 0, page_token: str = ""
    ) -> Page[Backtest]:
        """Return started back-tests, the newest first. Raises AccountNotFound."""
        request = pb.ListBacktestsRequest(
            parent=account_name(account), page_size=page_size, page_token=page_token
        )
        answer = await self._call.unary(self._stub.ListBacktests, request)
        return Page(tuple(map(backtest_from_wire, answer.backtests)), answer.next_page_token)

    async def cancel(
        self, account: str, backtest: str, *, request_id: str | None = None
    ) -> Backtest:
        """Cancel a back-test and return it; one that ended stays. Raises BacktestNotFound."""
        request = pb.CancelBacktestRequest(
            name=backtest_name(account, backtest), request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.CancelBacktest, request)
        return backtest_from_wire(answer.backtest)

    async def follow(
        self, account: str, backtest: str, *, offset: int = 0
    ) -> AsyncGenerator[BacktestItem, None]:
        """Yield how far a started back-test is, and the parts of its report from `offset` on.

        Leaving early ends nothing. Raises BacktestNotFound, BacktestCanceled, BacktestInterrupted,
        and what the back-test failed with.
        """
        request = pb.WatchStartedBacktestRequest(
            name=backtest_name(account, backtest), report_offset_bytes=offset
        )
        call = self._stub.WatchStartedBacktest(request, metadata=self._call.headers())
        try:
            async for frame in call:
                yield BacktestItem(
                    frame.progress.done_count, frame.progress.total_count, frame.report
                )
        except grpc.aio.AioRpcError as error:
            raise from_call(error) from error
        finally:
            call.cancel()
