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
from axisor.wire.records import PositionReport, SeenPayload, Snapshot
from axisor.words import tell
from axisor_bot import buttons, commands, screens
from axisor_bot.cards import Reply
from axisor_bot.commands import Reading
from axisor_bot.errors import NotUnderstood
from axisor_bot.voice import Voice

PATIENCE_S = 15
DAY = timedelta(days=1)
ACTED = (IntentPlanned, IntentSettled, NoticeGiven)
MOST_ACTED = 5
MOST_FUNDINGS = 5
MOST_ALERTS = 10
LOOKED_AT = 200
"""So many of the last actions and notices are looked through for one about a position."""


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
) -> Reply:
    """Return what a command asks for, with buttons for all who may use them.

    Raises whatever the core refuses.
    """
    match command:
        case commands.Help():
            return Reply(screens.help_text(voice, operator=operator))
        case commands.Version():
            return Reply(f"axisor {(await client.system.status()).version}")
        case commands.WhySo(sequence=sequence):
            return Reply(screens.why(voice, await client.guard.explain(account, sequence=sequence)))
        case commands.Daily():
            found = await client.performance.get(account, start=now - DAY, end=now)
            return Reply(screens.daily(voice, found))
        case commands.FundingPaid():
            page = await client.market.list_funding_settlements(account, page_size=MOST_FUNDINGS)
            tick = await client.market.ticker(account)
            return Reply(screens.funding(voice, page.items, tick))
        case commands.Orders():
            orders = await every(
                lambda token: client.orders.list(
                    account, states=(OrderState.OPEN,), page_token=token
                )
            )
            return Reply(screens.orders(voice, orders))
        case commands.Alerts():
            alerts = (await client.notices.list_alerts(account, page_size=MOST_ALERTS)).items
            return Reply(screens.alerts(voice, alerts), tuple(buttons.of_alerts(voice, alerts)))
        case commands.WhatIf():
            return Reply(await _what_if(client, account, command, voice))
        case commands.Positions():
            return await _positions(client, account, command, voice)
        case _:
            return await _whole(client, account, command, voice)


async def _whole(client: Client, account: str, command: Reading, voice: Voice) -> Reply:
    """Answer what needs the account as a whole."""
    seen = await snapshot(client, account)
    match command:
        case commands.Runs():
            return Reply(screens.runs(voice, seen.runs))
        case commands.GuardPlan():
            text = await _guard(client, account, seen, voice)
            return Reply(text, tuple(buttons.of_guard(voice, screens.guard_of(seen.runs))))
        case _:
            tick = await client.market.ticker(account)
            floors = await _floors(client, account, seen)
            return Reply(screens.status(voice, seen, tick, floors))


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
) -> Reply:
    if not command.wanted:
        reports = await every_position(client, account)
        return Reply(screens.positions(voice, reports), tuple(buttons.of_positions(reports)))
    id = await position(client, account, command.wanted)
    report = await client.margin.get_position(account, id)
    last = await _last_about(client, account, id)
    known = () if last is None else (buttons.why(voice, last),)
    about = (*buttons.of_position(voice, report), *known)
    return Reply(screens.position(voice, report), about)


async def _last_about(client: Client, account: str, position: str) -> int | None:
    """Return the last action or notice about a position, None where that is long ago."""
    page = await client.events.list(
        account,
        kinds=[IntentPlanned.__name__, NoticeGiven.__name__],
        newest_first=True,
        page_size=LOOKED_AT,
    )
    return next((each.sequence for each in page.items if _about(each.payload) == position), None)


def _about(payload: SeenPayload) -> object:
    if isinstance(payload, NoticeGiven):
        return payload.position
    return getattr(payload.action, "position", "") if isinstance(payload, IntentPlanned) else ""


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
