"""What a page can have done: each deed is prepared at the core, shown, and committed once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from axisor.client import Client
from axisor.errors import FieldInvalid
from axisor.events import HaltLevel

Call: TypeAlias = Callable[[Client], Awaitable[object]]

NOTHING = "Nothing was sent to the core, so nothing changed."
SHORT_PAUSE = timedelta(minutes=15)
"""How long the phone's button pauses the guard."""

_SATS = re.compile(r"[0-9]{1,16}")
_PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_LEVELS = {level.value: level for level in HaltLevel if level is not HaltLevel.NONE}
MOST_REASON = 256


class Deed(Struct, frozen=True):
    """Something to be done: what it is called, what it is about, and what is asked for it.

    `about` is `position`, `order`, `run` or `account`; `asks` is `sats`, `price`, `level`,
    `reason` or nothing. `word` is typed where it cannot be undone. `call` is its method.
    """

    name: str
    about: str
    asks: str
    word: str
    call: str


DEEDS = {
    deed.name: deed
    for deed in (
        Deed("add_margin", "position", "sats", "add", "MarginService.AddMargin"),
        Deed("cash_in", "position", "sats", "cash in", "MarginService.CashIn"),
        Deed("close", "position", "", "close", "MarginService.ClosePosition"),
        Deed("stop", "position", "price", "stop", "MarginService.SetStopLoss"),
        Deed("take_profit", "position", "price", "target", "MarginService.SetTakeProfit"),
        Deed("cancel_order", "order", "", "cancel", "OrderService.CancelOrder"),
        Deed("halt", "account", "level", "halt", "AccountService.HaltAccount"),
        Deed("resume", "account", "reason", "resume", "AccountService.ResumeAccount"),
        Deed("start_run", "run", "", "arm", "StrategyService.StartRun"),
        Deed("pause_run", "run", "reason", "pause", "StrategyService.PauseRun"),
        Deed("pause_short", "run", "reason", "pause", "StrategyService.PauseRun"),
        Deed("resume_run", "run", "", "arm", "StrategyService.ResumeRun"),
        Deed("stop_run", "run", "reason", "stop", "StrategyService.StopRun"),
    )
}


def call_of(deed: Deed, account: str, given: Mapping[str, str]) -> Call:
    """Return the call that a deed is. Raises FieldInvalid for what was not given as it must be."""
    found = _of_position(deed.name, account, given) or _of_run(deed.name, account, given)
    if found is not None:
        return found
    if deed.name == "cancel_order":
        order = _target(given)
        return lambda client: client.orders.cancel(account, order)
    reason = _reason(given)
    if deed.name == "resume":
        return lambda client: client.accounts.resume(account, reason=reason)
    level = _level(given)
    return lambda client: client.accounts.halt(account, level, reason=reason)


def _of_position(name: str, account: str, given: Mapping[str, str]) -> Call | None:
    match name:
        case "add_margin":
            id, sats = _target(given), _sats(given)
            return lambda client: client.margin.add_margin(account, id, sats)
        case "cash_in":
            id, sats = _target(given), _sats(given)
            return lambda client: client.margin.cash_in(account, id, sats)
        case "close":
            id = _target(given)
            return lambda client: client.margin.close_position(account, id)
        case "stop":
            id, price = _target(given), _price(given)
            return lambda client: client.margin.set_stop_loss(account, id, price)
        case "take_profit":
            id, price = _target(given), _price(given)
            return lambda client: client.margin.set_take_profit(account, id, price)
        case _:
            return None


def _of_run(name: str, account: str, given: Mapping[str, str]) -> Call | None:
    match name:
        case "start_run":
            run = _target(given)
            return lambda client: client.strategies.start_run(account, run)
        case "resume_run":
            run = _target(given)
            return lambda client: client.strategies.resume_run(account, run)
        case "pause_run":
            run, reason = _target(given), _reason(given)
            return lambda client: client.strategies.pause_run(account, run, reason=reason)
        case "pause_short":
            run, reason = _target(given), _reason(given)
            return lambda client: client.strategies.pause_run(
                account, run, pause_for=SHORT_PAUSE, reason=reason
            )
        case "stop_run":
            run, reason = _target(given), _reason(given)
            return lambda client: client.strategies.stop_run(account, run, reason=reason)
        case _:
            return None


def _target(given: Mapping[str, str]) -> str:
    target = given.get("target", "")
    if not target:
        raise FieldInvalid("It does not say what it is about.", field="target", money=NOTHING)
    return target


def _sats(given: Mapping[str, str]) -> int:
    text = given.get("sats", "").strip()
    if not _SATS.fullmatch(text) or int(text) == 0:
        raise FieldInvalid(
            "An amount is a whole number of sats above 0, such as 50000.",
            field="sats",
            money=NOTHING,
            fix="Write digits alone.",
        )
    return int(text)


def _price(given: Mapping[str, str]) -> Decimal | None:
    text = given.get("price", "").strip()
    if not text:
        return None
    if not _PRICE.fullmatch(text):
        raise FieldInvalid(
            "A price is a number of dollars, such as 95500 or 95500.5.",
            field="price",
            money=NOTHING,
            fix="Write digits and at most one point, or nothing to remove it.",
        )
    return Decimal(text)


def _level(given: Mapping[str, str]) -> HaltLevel:
    level = _LEVELS.get(given.get("level", ""))
    if level is None:
        raise FieldInvalid("Say what is to be halted.", field="level", money=NOTHING)
    return level


def _reason(given: Mapping[str, str]) -> str:
    return given.get("reason", "").strip()[:MOST_REASON]
