"""`axisor plugin run`: an author's strategy on a simulator and a real core, and what it decides."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterable, Callable
from contextlib import aclosing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from msgspec import Struct

from axisor.client import Client, every
from axisor.errors import FieldInvalid
from axisor.events import (
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    NoticeGiven,
    PositionChanged,
    PositionClosed,
    RunChanged,
    RunState,
)
from axisor.wire.records import SeenEvent, StepSummary, TickReport
from axisor_cli.authoring.reloading import present, reload
from axisor_cli.authoring.scaffold import GROUP
from axisor_cli.authoring.target import Target, find
from axisor_cli.rigging import START_S, Market, Rig
from axisor_cli.telling import sentence

TOLD = (
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    NoticeGiven,
    PositionChanged,
    PositionClosed,
    RunChanged,
)
AFTER_S = 1.0
"""How long to go on listening once the market is over."""

Say = Callable[[str], None]


class Played(Struct, frozen=True, kw_only=True):
    """How the run went, by the core's journal. Money is sats."""

    strategy: str
    state: str
    reason: str
    steps: int
    actions: int
    refused: int
    balance: int
    positions: int
    pl: int
    events: int
    problem: str

    @property
    def went_well(self) -> bool:
        """Return whether the strategy never failed and the journal holds."""
        return self.state != RunState.FAILED.value and not self.problem


def strategy_of(target: Target, wanted: str | None) -> str:
    """Return the strategy to run. Raises FieldInvalid where there is none, or one must be named."""
    from axisor.testing.plugins import look_into

    names = [each.name for each in look_into(target.name, target.load()).strategies]
    if wanted is not None and wanted not in names:
        raise FieldInvalid(
            f"The plugin {target.name} offers no strategy `{wanted}`.", field="strategy"
        )
    if not names:
        raise FieldInvalid(
            f"The plugin {target.name} offers no strategy.",
            fix=f"Others are seen at work in a core: axisor up --plugin {target.name}.",
            field="target",
        )
    if wanted is None and len(names) > 1:
        raise FieldInvalid(
            f"The plugin {target.name} offers {', '.join(names)}.",
            fix="Say which: --strategy NAME.",
            field="strategy",
        )
    return wanted or names[0]


def the_one(text: str) -> Target:
    """Return the one installed plugin of a target. Raises FieldInvalid.

    A core finds plugins by what is installed, so a folder alone is not enough.
    """
    (target, *others) = find(text)
    if others:
        raise FieldInvalid(
            f"{text} has {len(others) + 1} plugins.", fix="Name one of them.", field="target"
        )
    if target.name not in {entry.name for entry in entry_points(group=GROUP)}:
        raise FieldInvalid(
            f"The plugin {target.name} is not installed beside this `axisor`.",
            fix=f"Install it: {Path(sys.executable).name} -m pip install -e {text}",
            field="target",
        )
    return target


async def play(
    folder: Path,
    plugin: str,
    strategy: str,
    market: Market,
    *,
    config: str,
    say: Say,
    saved: AsyncIterable[object] | None = None,
) -> Played:
    """Run a strategy over a scenario and tell what it decides; return how it went.

    Whenever something was `saved`, what is on the disk then decides.
    """
    async with Rig(folder, market, plugins=("lnmarkets", plugin)) as rig:
        account = await rig.add_account(plugin)
        length = await rig.length()
        say(
            f"{strategy}   SIM - simulated exchange, play money, no network\n"
            f"  0.0s  account {market.balance:,} sat, scenario {market.scenario}, "
            f"seed {market.seed}, {length:,.0f} s at {market.speed.removesuffix('.0')}x"
        )
        made = await rig.client.strategies.create_run(
            account, strategy, config=config, label="plugin run"
        )
        listener = Listener(account, made.run.id, say)
        listening = asyncio.create_task(listener.listen(rig.client, length))
        reloading = asyncio.create_task(
            _reload(rig.client, account, made.run.id, plugin, saved, say)
        )
        try:
            await asyncio.wait_for(listener.ready.wait(), START_S)
            await rig.client.strategies.start_run(account, made.run.id)
            await rig.go()
            await asyncio.wait_for(listening, length / float(market.speed) * 2 + START_S)
            await asyncio.sleep(AFTER_S)
        finally:
            reloading.cancel()
            await asyncio.gather(reloading, return_exceptions=True)
            await listener.stop(listening)
        return await _played(rig.client, account, made.run.id, listener)


async def _reload(
    client: Client,
    account: str,
    run: str,
    plugin: str,
    saved: AsyncIterable[object] | None,
    say: Say,
) -> None:
    if saved is not None:
        await reload(client, account, run, saved=saved, present=lambda: present(plugin), say=say)


class Listener:
    """Follows the market and the journal of one account, and tells what is worth a line."""

    def __init__(self, account: str, run: str, say: Say) -> None:
        self._account, self._run, self._say = account, run, say
        self._begin: Any = None
        self._now: Any = None
        self._events: asyncio.Task[None] | None = None
        self.steps = self.actions = self.refused = 0
        self.ready = asyncio.Event()

    async def listen(self, client: Client, length_s: float) -> None:
        """Listen until the market has run for that many seconds of its own time."""
        self._events = asyncio.create_task(self._follow(client))
        async with aclosing(client.market.watch_ticks(self._account)) as ticks:
            async for item in ticks:
                if not isinstance(item, TickReport):
                    continue
                self.ready.set()
                self._begin = self._begin or item.tick.time
                self._now = item.tick.time
                if (self._now - self._begin).total_seconds() >= length_s:
                    return

    async def stop(self, listening: asyncio.Task[None]) -> None:
        """Stop listening. Raises what ended a stream before its time."""
        tasks = [task for task in (listening, self._events) if task is not None]
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _follow(self, client: Client) -> None:
        async with aclosing(client.events.watch(self._account)) as items:
            async for item in items:
                if isinstance(item, SeenEvent):
                    self._happened(item)

    def _happened(self, event: SeenEvent) -> None:
        match event.payload:
            case StepSummary():
                self.steps += 1
                asked = "; ".join(each.text or each.kind for each in event.payload.intents)
                cause = event.payload.cause.partition(" ")[0]
                if asked:
                    self._tell(f"ASKS  {asked}  (called with {cause})")
                return
            case IntentPlanned():
                self.actions += 1
            case IntentReviewRefused():
                self.refused += 1
        if isinstance(event.payload, TOLD):
            self._tell(f"{event.kind}  {sentence(event)}")

    def _tell(self, text: str) -> None:
        seconds = 0.0 if self._begin is None else (self._now - self._begin).total_seconds()
        self._say(f"{seconds:5.1f}s  {text}")


async def _played(client: Client, account: str, run: str, listener: Listener) -> Played:
    await client.accounts.reconcile(account)
    runs = await every(lambda token: client.strategies.list_runs(account, page_token=token))
    found = next(each for each in runs if each.id == run)
    positions = await every(lambda token: client.margin.list_positions(account, page_token=token))
    balance = await client.accounts.balance(account)
    verified = await client.events.verify(account)
    return Played(
        strategy=found.strategy,
        state=found.state.value,
        reason=found.reason,
        steps=listener.steps,
        actions=listener.actions,
        refused=listener.refused,
        balance=balance.balance.free,
        positions=len(positions),
        pl=sum(each.position.pl for each in positions),
        events=verified.events,
        problem=verified.problem,
    )


def lines(played: Played) -> list[str]:
    """Return how it went, for people."""
    state = played.state + (f": {played.reason}" if played.reason else "")
    holds = "holds" if not played.problem else f"is BROKEN: {played.problem}"
    return [
        f"RESULT  {played.strategy} is {state}",
        f"        {played.steps} step(s), {played.actions} action(s), {played.refused} refused; "
        f"journal of {played.events} events {holds}",
        f"        {played.balance:,} sat free, "
        f"{played.positions} position(s) at {played.pl:+,} sat",
    ]


def check_config(text: str) -> str:
    """Return a configuration that is JSON. Raises FieldInvalid."""
    try:
        json.loads(text)
    except ValueError as error:
        raise FieldInvalid(f"The configuration is not JSON: {error}.", field="config") from error
    return text
