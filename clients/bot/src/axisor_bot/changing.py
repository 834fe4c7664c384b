"""Turns a command that changes something into the calls that are prepared for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

from msgspec import Struct

from axisor.client import Client
from axisor.errors import PositionNotFound, RunNotFound
from axisor.events import HaltLevel, RunState
from axisor.model import CROSS, Sats
from axisor.wire.records import Run
from axisor.words import short
from axisor_bot import commands
from axisor_bot.asking import every_position, only, position, snapshot
from axisor_bot.commands import Change
from axisor_bot.screens import GUARD, SHORT, guard_of
from axisor_bot.voice import Voice

Call: TypeAlias = Callable[[Client], Awaitable[object]]
"""Makes a call on the client that it is given."""

BY_CHAT = "by chat"


class Wanted(Struct, frozen=True):
    """What is to be confirmed: a title, the calls, and a word to type where a tap is too little."""

    title: str
    calls: tuple[Call, ...]
    word: str = ""


async def wanted(client: Client, account: str, command: Change, voice: Voice) -> Wanted:
    """Return the calls of a command; nothing is sent. Raises PositionNotFound, RunNotFound."""
    match command:
        case commands.CloseAll():
            return await _close_all(client, account, voice)
        case commands.Halt(level=level):
            return _halt(account, level, voice)
        case commands.PauseGuard() | commands.ResumeGuard() | commands.Switch():
            return await _run(client, account, command, voice)
        case commands.AddMargin(amount=amount):
            return await _margin(client, account, command.wanted, amount, voice)
        case _:
            id = await position(client, account, command.wanted)
            return _of_position(account, id, command, voice)


async def _margin(
    client: Client, account: str, beginning: str, asked: Sats | commands.Share, voice: Voice
) -> Wanted:
    reports = {each.position.id: each for each in await every_position(client, account)}
    id = only(beginning, list(reports), PositionNotFound)
    if isinstance(asked, commands.Share):
        # At least one sat: a share that rounds to nothing was still meant to add.
        amount = max(1, reports[id].position.margin * asked.percent // 100)
    else:
        amount = asked
    title = voice.say("ask.margin", amount=voice.sats(amount), id=short(id))
    if id == CROSS:
        return Wanted(title, (lambda calls: calls.margin.deposit_cross(account, amount),))
    return Wanted(title, (lambda calls: calls.margin.add_margin(account, id, amount),))


def _of_position(
    account: str,
    id: str,
    command: commands.Close | commands.SetStop | commands.SetTarget,
    voice: Voice,
) -> Wanted:
    name = short(id)
    match command:
        case commands.Close():
            title = voice.say("ask.close", id=name)
            return Wanted(title, (lambda calls: calls.margin.close_position(account, id),))
        case commands.SetStop(price=price):
            key = "ask.stop" if price is not None else "ask.stop_off"
            title = voice.say(key, id=name, price=voice.price(price))
            return Wanted(title, (lambda calls: calls.margin.set_stop_loss(account, id, price),))
        case commands.SetTarget(price=price):
            key = "ask.target" if price is not None else "ask.target_off"
            title = voice.say(key, id=name, price=voice.price(price))
            return Wanted(title, (lambda calls: calls.margin.set_take_profit(account, id, price),))


async def _close_all(client: Client, account: str, voice: Voice) -> Wanted:
    found = await every_position(client, account)
    if not found:
        raise PositionNotFound("No position is open.")

    def closing(id: str) -> Call:
        return lambda calls: calls.margin.close_position(account, id)

    calls = tuple(closing(each.position.id) for each in found)
    title = voice.say("ask.closeall", count=voice.number(len(calls)))
    return Wanted(title, calls, word=f"CLOSE {len(calls)}")


def _halt(account: str, level: HaltLevel, voice: Voice) -> Wanted:
    title = voice.say(f"ask.halt_{level.value}")
    if level is HaltLevel.NONE:
        return Wanted(title, (lambda calls: calls.accounts.resume(account, reason=BY_CHAT),))
    words = {HaltLevel.ALL: "HALT ALL", HaltLevel.FLATTEN: "FLATTEN"}
    call: Call = lambda calls: calls.accounts.halt(account, level, reason=BY_CHAT)  # noqa: E731
    return Wanted(title, (call,), word=words.get(level, ""))


async def _run(
    client: Client,
    account: str,
    command: commands.PauseGuard | commands.ResumeGuard | commands.Switch,
    voice: Voice,
) -> Wanted:
    runs = (await snapshot(client, account)).runs
    if isinstance(command, commands.Switch):
        run = _named(command.wanted, runs)
        id, on, name = run.id, command.on, run.strategy
    else:
        guard = guard_of(runs)
        if guard is None:
            raise RunNotFound("This account has no guard.", money="Nothing protects it.")
        id, on, name = guard.id, isinstance(command, commands.ResumeGuard), guard.strategy
    if isinstance(command, commands.PauseGuard):
        return _pause(account, id, command.lasts, voice)
    key = "ask.run_on" if on else "ask.guard_off" if name == GUARD else "ask.run_off"
    title = voice.say(key, name=name)
    if on:
        return Wanted(title, (lambda calls: calls.strategies.resume_run(account, id),))
    return Wanted(title, (lambda calls: calls.strategies.pause_run(account, id, reason=BY_CHAT),))


def _pause(account: str, guard: str, lasts: timedelta, voice: Voice) -> Wanted:
    title = voice.say("ask.guard_pause", minutes=voice.number(lasts // timedelta(minutes=1)))
    call: Call = lambda calls: calls.strategies.pause_run(  # noqa: E731
        account, guard, pause_for=lasts, reason=BY_CHAT
    )
    return Wanted(title, (call,))


def _named(wanted: str, runs: Sequence[Run]) -> Run:
    """Return the one run of a name or label, else the one whose id begins so.

    Runs that were stopped have no name any more. Raises RunNotFound.
    """
    held = [run for run in runs if run.state is not RunState.STOPPED]
    named = [run for run in held if wanted in (run.strategy, run.label.lower())]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(run.id[:SHORT] for run in named)
        raise RunNotFound(
            f"{len(named)} runs are called `{wanted}`: {ids}.", fix="Name one by its id."
        )
    id = only(wanted, [run.id for run in runs], RunNotFound)
    return next(run for run in runs if run.id == id)
