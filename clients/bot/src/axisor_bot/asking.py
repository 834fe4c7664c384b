"""Asks a core what a command wants to know, and has the answer drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

from axisor.client import Client, every
from axisor.errors import (
    AxisorError,
    NotFound,
    NotSupported,
    PositionNotFound,
    RunNotFound,
    StalePrice,
)
from axisor.events import IntentPlanned, IntentSettled, NoticeGiven
from axisor.model import OrderState
from axisor.states import ConfirmationState
from axisor.strategy import Floor
from axisor.watch import Disconnected
from axisor.wire.confirmations import Confirmation
from axisor.wire.failures import CoreUnreachable
from axisor.wire.records import PositionReport, Snapshot
from axisor.words import tell
from axisor_bot import commands, screens
from axisor_bot.commands import Reading
from axisor_bot.errors import NotUnderstood
from axisor_bot.voice import Voice

PATIENCE_S = 15
DAY = timedelta(days=1)
ACTED = (IntentPlanned, IntentSettled, NoticeGiven)
MOST_ACTED = 5
MOST_FUNDINGS = 5


async def snapshot(client: Client, account: str) -> Snapshot:
    """Return the account as of one moment. Raises CoreUnreachable, and what the core refuses."""
    try:
        async with asyncio.timeout(PATIENCE_S), aclosing(client.events.watch(account)) as items:
            async for item in items:
                if isinstance(item, Snapshot):
                    return item
                if isinstance(item, Disconnected):
                    raise CoreUnreachable(item.problem, money="Nothing was sent to the venue.")
    except TimeoutError:
        pass
    raise CoreUnreachable("The core said nothing in time.", money="Nothing was sent to the venue.")


def only(wanted: str, ids: Sequence[str], error: type[NotFound]) -> str:
    """Return the one id that is or begins with `wanted`. Raises `error` where there is not one."""
    if wanted in ids:
        return wanted
    found = [id for id in ids if id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    said = f"{len(found)} ids begin" if found else "No id here begins"
    raise error(f"{said} with `{wanted}`.", wanted=wanted)


async def every_position(client: Client, account: str) -> tuple[PositionReport, ...]:
    """Return every open position, the nearest to liquidation first."""
    return await every(lambda token: client.margin.list_positions(account, page_token=token))


async def waiting(client: Client, account: str) -> list[Confirmation]:
    """Return what waits for somebody else's word, newest first."""
    page = await client.confirmations.list(account, states=(ConfirmationState.PENDING,))
    return [each for each in page.items if each.commit_until is None]


async def answer(
    client: Client, account: str, command: Reading, voice: Voice, *, now: datetime, operator: bool
) -> str:
    """Return what a command asks for, as text. Raises whatever the core refuses."""
    match command:
        case commands.Help():
            return screens.help_text(voice, operator=operator)
        case commands.Version():
            return f"axisor {(await client.system.status()).version}"
        case commands.WhySo(sequence=sequence):
            return screens.why(voice, await client.guard.explain(account, sequence=sequence))
        case commands.Daily():
            found = await client.performance.get(account, start=now - DAY, end=now)
            return screens.daily(voice, found)
        case commands.FundingPaid():
            page = await client.market.list_funding_settlements(account, page_size=MOST_FUNDINGS)
            return screens.funding(voice, page.items, await client.market.ticker(account))
        case commands.Orders():
            orders = await every(
                lambda token: client.orders.list(
                    account, states=(OrderState.OPEN,), page_token=token
                )
            )
            return screens.orders(voice, orders)
        case commands.WhatIf():
            return await _what_if(client, account, command, voice)
        case commands.Positions():
            return await _positions(client, account, command, voice)
        case _:
            return await _whole(client, account, command, voice)


async def _whole(client: Client, account: str, command: Reading, voice: Voice) -> str:
    """Answer what needs the account as a whole."""
    seen = await snapshot(client, account)
    match command:
        case commands.Runs():
            return screens.runs(voice, seen.runs)
        case commands.GuardPlan():
            return await _guard(client, account, seen, voice)
        case _:
            tick = await client.market.ticker(account)
            return screens.status(voice, seen, tick, await _floors(client, account, seen))


async def _floors(client: Client, account: str, seen: Snapshot) -> Sequence[Floor] | None:
    guard = screens.guard_of(seen.runs)
    if guard is None or guard.state not in screens.AT_WORK:
        return None
    try:
        return (await client.guard.floor(account, run=guard.id)).floors
    except (StalePrice, NotSupported, RunNotFound):
        return None  # there is no price to reckon from; the status says how old the last one is


async def _guard(client: Client, account: str, seen: Snapshot, voice: Voice) -> str:
    guard, plan = screens.guard_of(seen.runs), None
    if guard is not None and guard.state in screens.AT_WORK:
        try:
            plan = await client.guard.plan(account, run=guard.id)
        except StalePrice:
            plan = None  # as above
    page = await client.events.list(
        account, kinds=[kind.__name__ for kind in ACTED], newest_first=True, page_size=MOST_ACTED
    )
    acted = [
        f"#{each.sequence} {each.time:%H:%M:%S} {voice.quote(line.text)}"
        for each in page.items
        if (line := tell(each.payload)) is not None
    ]
    return screens.guard(voice, guard, plan, acted)


async def _positions(
    client: Client, account: str, command: commands.Positions, voice: Voice
) -> str:
    if not command.wanted:
        return screens.positions(voice, await every_position(client, account))
    id = await position(client, account, command.wanted)
    return screens.position(voice, await client.margin.get_position(account, id))


async def _what_if(client: Client, account: str, command: commands.WhatIf, voice: Voice) -> str:
    id = await position(client, account, command.wanted) if command.wanted else ""
    found = await client.margin.what_if(
        account, price=command.price, move=command.move, position=id, add_sats=command.add
    )
    return screens.what_if(voice, found)


async def position(client: Client, account: str, wanted: str) -> str:
    """Return the id of the position that begins with `wanted`. Raises PositionNotFound."""
    reports = await every_position(client, account)
    return only(wanted, [each.position.id for each in reports], PositionNotFound)


def misunderstood(voice: Voice, error: NotUnderstood) -> str:
    """Return what is wrong with a line, and how it is written."""
    lines = [voice.say(f"wrong.{error.problem}", given=error.given)]
    if error.form:
        lines.append(voice.say("form", form=error.form))
    if error.example:
        lines.append(voice.say("form.example", example=error.example))
    return "\n".join(lines)


def refusal(voice: Voice, error: AxisorError) -> str:
    """Return an error as people are told it: what happened, their money, what to do."""
    parts = [part for part in (error.message, error.means, error.todo) if part]
    return "\n".join([f"✗ {voice.quote(parts[0])}", *map(voice.quote, parts[1:])])
