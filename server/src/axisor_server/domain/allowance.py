"""How many sats a token may move in a day of UTC, and what its requests have moved.

What is asked is set aside before it is carried out, whichever core does that, so that two requests
at once cannot both fit into what is left for one. It counts until it is known to have moved
nothing.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, structs

from axisor.errors import TokenSpent
from axisor.events import IntentState
from axisor.intents import (
    Action,
    AddMargin,
    CashIn,
    CrossOrder,
    DepositCross,
    OpenPosition,
    WithdrawCross,
)
from axisor.model import Sats
from axisor.strategy import View
from axisor_server.domain.preview import cost_of
from axisor_server.domain.records import DocumentRecord, IntentRecord
from axisor_server.domain.spending import COUNTED, DAY_US

KIND = "token_allowance"

FINAL = frozenset({IntentState.CONFIRMED, IntentState.DEAD})
"""States in which sats count for good."""


class Asked(Struct, frozen=True, kw_only=True):
    """One request and the sats set aside for it."""

    request: str
    amount: Sats


class Allowance(Struct, frozen=True, kw_only=True):
    """What an owner's token moved on a day: `settled` for good, `asked` may come to nothing."""

    token: str
    owner: str = ""
    day: int
    settled: Sats = 0
    asked: tuple[Asked, ...] = ()

    @property
    def id(self) -> str:
        """Return what it is stored under."""
        return f"{self.token}/{self.day}"

    @property
    def spent(self) -> Sats:
        """Return the sats that are, or may be, spent."""
        return self.settled + sum(one.amount for one in self.asked)


class Fate(Struct, frozen=True, kw_only=True):
    """What became of a request: its intent, if it was planned, and whether it was answered."""

    intent: IntentRecord | None = None
    answered: bool = False


def day_of(now_us: int) -> int:
    """Return the number of a day of UTC since 1970."""
    return now_us // DAY_US


def moved(action: Action, view: View) -> Sats | None:
    """Return the sats an action moves in either direction, None where nobody can tell before.

    Raises what reckoning the cost of an opening raises, such as StalePrice.
    """
    match action:
        case AddMargin() | DepositCross() | CashIn() | WithdrawCross():
            return action.amount
        case OpenPosition():
            return cost_of(action, view)
        case CrossOrder():
            return 0 if action.reduce else None
        case _:
            return 0


def settled(allowance: Allowance, fates: dict[str, Fate]) -> Allowance:
    """Return an allowance brought up to date by what became of its requests."""
    total, left = allowance.settled, []
    for one in allowance.asked:
        fate = fates.get(one.request, Fate())
        if fate.intent is None:
            if not fate.answered:
                left.append(one)
        elif fate.intent.state in FINAL:
            total += max(one.amount, fate.intent.amount)
        elif fate.intent.state in COUNTED:
            left.append(structs.replace(one, amount=max(one.amount, fate.intent.amount)))
    return structs.replace(allowance, settled=total, asked=tuple(left))


def set_aside(allowance: Allowance, request: str, amount: Sats, *, limit: Sats) -> Allowance:
    """Return an allowance with sats set aside for a request. Raises TokenSpent."""
    if allowance.spent + amount > limit:
        raise TokenSpent(
            f"The token moved {allowance.spent} of {limit} sats today;"
            f" {amount} more are not covered.",
            token=allowance.token,
            limitSats=limit,
            spentSats=allowance.spent,
            askedSats=amount,
        )
    asked = (*allowance.asked, Asked(request=request, amount=amount))
    return structs.replace(allowance, asked=asked)


def to_document(
    allowance: Allowance, *, now_us: int, before: DocumentRecord | None
) -> DocumentRecord:
    """Return an allowance as it is stored, following what was stored before."""
    record = DocumentRecord(
        kind=KIND,
        id=allowance.id,
        owner=allowance.owner,
        body=msgspec.json.encode(allowance),
        until_us=(allowance.day + 3) * DAY_US,
        created_us=now_us if before is None else before.created_us,
        updated_us=now_us,
    )
    return record if before is None else structs.replace(record, revision=before.revision + 1)


def to_allowance(document: DocumentRecord) -> Allowance:
    """Return the allowance that a document keeps."""
    return msgspec.json.decode(document.body, type=Allowance)
