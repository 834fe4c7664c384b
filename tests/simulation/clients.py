"""People at their screens: commands with request ids that are repeated, and watches that resume."""

from __future__ import annotations

import asyncio
import hashlib
import random
import uuid
from collections.abc import Callable
from typing import Any

from axisor.errors import AxisorError
from axisor.intents import (
    Action,
    AddMargin,
    CashIn,
    ClosePosition,
    DepositCross,
    OpenPosition,
    SetStop,
    WithdrawCross,
)
from axisor.model import Side
from tests.simulation.process import HEADS, Process
from tests.simulation.world import World


class Watcher:
    """Follows one journal through any core, and resumes at another when its core is gone."""

    def __init__(self, world: World, account: str) -> None:
        self.stream = f"accounts/{account}"
        self.seen: list[tuple[int, bytes]] = []
        self._world = world
        self._chance = random.Random(f"{world.seed}/watch/{account}")

    @property
    def cursor(self) -> int:
        """Return the last sequence that came."""
        return self.seen[-1][0] if self.seen else 0

    async def follow(self) -> None:
        """Watch for ever."""
        while True:
            found = [p for p in self._world.processes.values() if p.serves]
            if found:
                process = self._chance.choice(found)
                await _end_of(process.run(self._watch(process)), self._chance.uniform(20, 90))
            await asyncio.sleep(self._chance.uniform(0.1, 2))

    async def _watch(self, process: Process) -> None:
        frames = process.hub.watch(
            self.stream, after=self.cursor, kinds=frozenset(), snapshot=_no_snapshot
        )
        async for frame in frames:
            if process.dead:
                return
            for start in range(0, len(frame), HEADS):
                part = frame[start : start + HEADS]
                self.seen.append((int.from_bytes(part[:8], "big"), part[8:]))


async def _no_snapshot() -> tuple[int, bytes]:
    raise AssertionError("a watcher that resumes needs no snapshot")


async def _end_of(task: asyncio.Task[Any], seconds: float) -> None:
    """Wait for a task of some process at most so long, then leave it."""
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)
    if task.done() and not task.cancelled():
        error = task.exception()
        if error is not None and not isinstance(error, AxisorError):
            raise error


class Clients:
    """All the people of a world."""

    def __init__(self, world: World) -> None:
        self.commands = 0
        self.answers: dict[str, list[str]] = {}
        self.watchers = [Watcher(world, plan.id) for plan in world.plan.accounts]
        self._world = world
        self._chance = random.Random(f"{world.seed}/clients")
        self._resting = False

    def begin(self) -> None:
        """Let them come."""
        for watcher in self.watchers:
            self._world.spawn(watcher.follow())
        if self._world.plan.commands_a_minute:
            self._world.spawn(self._command())

    def rest(self) -> None:
        """Ask for nothing new."""
        self._resting = True

    async def _command(self) -> None:
        rate = self._world.plan.commands_a_minute / 60
        while True:
            await asyncio.sleep(self._chance.expovariate(rate))
            if self._resting:
                return
            account = self._chance.choice(self._world.plan.accounts).id
            action = self._action(account)
            if action is None:
                continue
            self.commands += 1
            id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
            times = self._chance.choice((1, 1, 2, 3))
            self._world.spawn(self._ask(account, action, id, times))

    def _action(self, account: str) -> Action | None:
        chance, exchange = self._chance, self._world.exchange
        trades = exchange.account(account).isolated.running()
        makers: list[Callable[[], Action]] = [
            lambda: DepositCross(amount=chance.randint(1_000, 1_003)),
            lambda: WithdrawCross(amount=chance.randint(100, 103)),
            lambda: OpenPosition(side=Side.BUY, leverage=10, quantity=chance.randint(100, 300)),
        ]
        if trades:
            trade = chance.choice(trades)
            stop = trade.liquidation + chance.randint(50, 300)
            makers += [
                lambda: AddMargin(position=trade.id, amount=chance.randint(1_000, 5_000)),
                lambda: AddMargin(position=trade.id, amount=chance.randint(1_000, 5_000)),
                lambda: CashIn(position=trade.id, amount=chance.randint(100, 500)),
                lambda: SetStop(position=trade.id, price=stop),
            ]
            if self._world.plan.closes:
                makers.append(lambda: ClosePosition(position=trade.id))
        return chance.choice(makers)()

    async def _ask(self, account: str, action: Action, id: str, times: int) -> None:
        digest = hashlib.sha256(repr(action).encode()).digest()
        for _ in range(times):
            found = [p for p in self._world.processes.values() if p.serves]
            if found:
                process = self._chance.choice(found)
                asked = self._once(process, account, action, id, digest)
                await _end_of(process.run(asked), self._chance.choice((0.5, 5, 20)))
            await asyncio.sleep(self._chance.choice((0, 1, 8, 40)))

    async def _once(
        self, process: Process, account: str, action: Action, id: str, digest: bytes
    ) -> None:
        try:
            result = await process.engine.command(
                account, action, principal=id, request_id=id, method="Test", digest=digest
            )
        except AxisorError as error:
            answer = error.metadata.get("state") or error.reason
        else:
            answer = result.state.value
        self.answers.setdefault(id, []).append(answer)
