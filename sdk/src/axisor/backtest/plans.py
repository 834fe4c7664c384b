"""Plans of accounts as people write them: a word for a position, a TOML file for many accounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from axisor.backtest.grid import MOST_QUANTITY
from axisor.backtest.run import MOST_ACCOUNTS, MOST_POSITIONS, Opening, Plan
from axisor.errors import ConfigInvalid
from axisor.model import Side
from axisor.strategy import Strategy, decode_config

MOST_BALANCE = 21_000_000 * 100_000_000
"""No account holds more sats than there will be."""

_OPENING = re.compile(r"(long|short) +([0-9]{1,3}(?:\.[0-9]{1,2})?)x +([0-9]{1,6})")
_EXAMPLE = "Write it like: --open 'long 25x 2500', side, leverage and dollars."

Find = Callable[[str], type[Strategy[Any, Any]]]
"""Returns the strategy of a name, or raises StrategyNotFound."""


class _Account(Struct, frozen=True, forbid_unknown_fields=True):
    balance: int
    strategy: str
    name: str = ""
    config: dict[str, Any] = {}
    open: tuple[str, ...] = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    accounts: tuple[_Account, ...]


def parse_opening(text: str) -> Opening:
    """Return the position a person wrote, such as `long 25x 2500`. Raises ConfigInvalid."""
    match = _OPENING.fullmatch(text.strip())
    if match is None:
        raise ConfigInvalid(f"`{text}` is not a position.", fix=_EXAMPLE)
    leverage, quantity = Decimal(match[2]), int(match[3])
    if not 1 <= leverage <= 100 or not 1 <= quantity <= MOST_QUANTITY:
        raise ConfigInvalid(
            f"`{text}` is beyond what the venue has: leverage 1 to 100, up to {MOST_QUANTITY:,} "
            "dollars.",
            fix=_EXAMPLE,
        )
    return Opening(Side.BUY if match[1] == "long" else Side.SELL, leverage, quantity)


def parse_plans(text: str, find: Find) -> tuple[Plan, ...]:
    """Return the accounts of a TOML file: `[[accounts]]` with balance, strategy, config and open.

    Raises ConfigInvalid naming what is wrong, StrategyNotFound.
    """
    try:
        file = msgspec.toml.decode(text, type=_File)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        raise ConfigInvalid(f"The plan is not valid: {error}.") from error
    if not 1 <= len(file.accounts) <= MOST_ACCOUNTS:
        raise ConfigInvalid(f"A plan has 1 to {MOST_ACCOUNTS} accounts.")
    plans = tuple(
        plan(
            name=each.name or f"account-{number}",
            balance=each.balance,
            strategy=find(each.strategy),
            config=msgspec.json.encode(each.config),
            openings=each.open,
        )
        for number, each in enumerate(file.accounts, 1)
    )
    if len({each.name for each in plans}) < len(plans):
        raise ConfigInvalid("Two accounts of the plan have the same name.")
    return plans


def plan(
    *,
    name: str,
    balance: int,
    strategy: type[Strategy[Any, Any]],
    config: bytes | str,
    openings: tuple[str, ...],
) -> Plan:
    """Return one account's plan, everything checked. Raises ConfigInvalid."""
    if not 1 <= balance <= MOST_BALANCE:
        raise ConfigInvalid(f"A balance of {balance:,} sats is not possible.")
    if len(openings) > MOST_POSITIONS:
        raise ConfigInvalid(f"An account has at most {MOST_POSITIONS} positions.")
    return Plan(
        name=name,
        balance=balance,
        strategy=strategy,
        config=decode_config(strategy, config),
        openings=tuple(parse_opening(each) for each in openings),
    )


def config_json(text: str, *, toml: bool) -> bytes:
    """Return a configuration file's text as JSON. Raises ConfigInvalid for what is neither."""
    try:
        read = msgspec.toml.decode(text) if toml else msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigInvalid(f"The configuration cannot be read: {error}.") from error
    return msgspec.json.encode(read)
