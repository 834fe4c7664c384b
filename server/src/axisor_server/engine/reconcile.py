"""Reads from the venue what is needed to settle an action whose outcome is unknown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from axisor.intents import (
    Action,
    AddMargin,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetStop,
    WithdrawCross,
)
from axisor.model import AccountState
from axisor.ports import VenueAccount
from axisor_server.domain.witness import Baseline, Evidence, needs_fundings

LEDGER_KINDS = frozenset({"DepositCross", "WithdrawCross"})
"""Kinds whose witness is the ledger of the cross wallet."""


async def gather(
    line: VenueAccount,
    action: Action,
    baseline: Baseline,
    *,
    state_of: Callable[[], Awaitable[AccountState]],
    market_us: int,
    final: bool,
) -> Evidence:
    """Return the readings that `judge` needs, all of them begun after this call.

    `state_of` reads the account, perhaps for others too; `final` says that the fence has passed, so
    that what is not seen now is said not to have happened. Raises VenueError; then nothing is known
    that was not before.
    """
    match action:
        case OpenPosition() | CrossOrder():
            if action.client_id is None:
                raise AssertionError("an order without client id was sent")
            return Evidence(found=await line.find_order(action.client_id))
        case DepositCross() | WithdrawCross():
            return Evidence(transfers=await line.transfers(after=baseline.transfer or None))
    state = await state_of()
    fundings = closed = None
    if isinstance(action, AddMargin | SetStop) and needs_fundings(
        action, baseline, state, market_us=market_us, final=final
    ):
        fundings = await line.funding_paid(action.position)
    if isinstance(action, ClosePosition) and state.position(action.position) is None:
        closed = await line.closed_position(action.position)
    return Evidence(state=state, fundings=fundings, closed=closed)
