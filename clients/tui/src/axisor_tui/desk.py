"""What the console asks of a core about one account; the SDK's client does the asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from uuid import UUID

from axisor.client import Client, every
from axisor.client.accounts import HaltResult
from axisor.client.confirmations import Carried, Prepared
from axisor.client.events import Verification
from axisor.client.strategies import RunStep
from axisor.errors import AxisorError, PermissionDenied
from axisor.events import HaltLevel
from axisor.model import Permission, Sats
from axisor.ports import Secret
from axisor.states import ConfirmationState
from axisor.wire.confirmations import Confirmation
from axisor.wire.records import Account
from axisor_tui import asking
from axisor_tui.model.messages import (
    CoreSeen,
    Explained,
    GuardSeen,
    Remembered,
    Scenario,
    StrategiesSeen,
    Waiting,
    WhatIfSeen,
)
from axisor_tui.model.whatif import SHOCKS, STEPS

Call = Callable[[Client], Awaitable[object]]
"""Makes one call on the client that it is given."""

NOTHING = str(UUID(int=0))
"""The id of nothing: whoever may ask for it is told that it is not there."""

PAGE = 100
STEPS_SHOWN = 50


class Desk:
    """Asks a core about one account, and has it do what a person confirmed.

    Everything here raises what the core refuses, and what happens to the connection.
    """

    def __init__(self, client: Client, account: str) -> None:
        self.client, self.account = client, account
        self._held: set[str] = set()

    async def look(self) -> CoreSeen:
        """Return how the core is; its settings only where the token may see them."""
        status = await self.client.system.status()
        try:
            settings = await self.client.system.settings()
        except PermissionDenied:
            settings = ()
        return CoreSeen(asking.core(status, settings))

    async def strategies(self) -> StrategiesSeen:
        """Return what strategies there are, with their schemas."""
        found = await every(lambda token: self.client.strategies.list(page_token=token))
        return StrategiesSeen(tuple(map(asking.strategy, found)))

    async def forecast(self, free: Sats | None) -> GuardSeen:
        """Return what the guard would do, and how far `free` sats more would carry it."""
        guard = self.client.guard
        plan = await guard.plan(self.account)
        extra = () if not free else (free,)
        floors = await guard.floor(self.account, extra_budgets=extra)
        covers = await every(lambda token: guard.list_coverage(self.account, page_token=token))
        return GuardSeen(plan.rows, floors.floors, covers, plan.budget_left)

    async def waiting(self) -> Waiting:
        """Return the calls that wait for a word, but not those shown here for one's own."""
        pending = (ConfirmationState.PENDING,)
        found = await every(
            lambda token: self.client.confirmations.list(
                self.account, states=pending, page_token=token
            )
        )
        return Waiting(tuple(each for each in found if each.id not in self._held))

    async def what_if(self, position: str, move: Decimal) -> WhatIfSeen:
        """Return one position with more margin at a moved price, and all at other prices."""
        margins = [await self._scenario(position, move, added) for added in STEPS]
        shocks = [await self._scenario("", shock, 0) for shock in SHOCKS]
        return WhatIfSeen(position, tuple(margins), tuple(shocks))

    async def _scenario(self, position: str, move: Decimal, added: Sats) -> Scenario:
        answer = await self.client.margin.what_if(
            self.account, move=move, position=position, add_sats=added
        )
        return Scenario(move, added, answer)

    async def explain(self, sequence: int) -> Explained:
        """Return why an event happened."""
        return Explained(sequence, await self.client.guard.explain(self.account, sequence=sequence))

    async def history(self, before: int) -> Remembered:
        """Return the page of the journal before a sequence."""
        page = await self.client.events.list(
            self.account, before=before, newest_first=True, page_size=PAGE
        )
        return Remembered(tuple(page.items), more=bool(page.next_page_token))

    async def steps(self, run: str) -> tuple[RunStep, ...]:
        """Return the last steps of a run, newest first."""
        page = await self.client.strategies.list_run_steps(self.account, run, page_size=STEPS_SHOWN)
        return tuple(page.items)

    async def verify(self) -> Verification:
        """Have every hash of the journal computed again."""
        return await self.client.events.verify(self.account)

    async def prepare(self, call: Call) -> Prepared:
        """Have a call checked and kept; nothing is done yet."""
        prepared = await self.client.confirmations.prepare(self.account, call)
        self._held.add(prepared.confirmation.id)
        return prepared

    async def commit(self, id: str, token: Secret) -> Carried:
        """Have done what was prepared here."""
        return await self.client.confirmations.commit(self.account, id, token)

    def leave(self, id: str) -> None:
        """Leave what was prepared here to somebody else's word."""
        self._held.discard(id)

    async def approve(self, id: str) -> Carried:
        """Have done what somebody else prepared."""
        return await self.client.confirmations.approve(self.account, id)

    async def refuse(self, id: str) -> Confirmation:
        """End what waits for a word, without doing it."""
        return await self.client.confirmations.refuse(self.account, id)

    async def halt(self, level: HaltLevel, *, validate_only: bool = False) -> HaltResult:
        """Halt the account, or only say what that would close and cancel."""
        return await self.client.accounts.halt(
            self.account, level, reason="console", validate_only=validate_only
        )

    async def resume(self) -> Account:
        """End the account's halt."""
        return await self.client.accounts.resume(self.account, reason="console")

    async def rights(self) -> Permission:
        """Return what the token may do here, found by dry runs that change nothing."""
        client, account = self.client, self.account
        asked: tuple[tuple[Permission, Awaitable[object]], ...] = (
            (
                Permission.ADJUST_MARGIN,
                client.margin.add_margin(account, NOTHING, 1, validate_only=True),
            ),
            (Permission.TRADE, client.orders.cancel(account, NOTHING, validate_only=True)),
            (Permission.GUARD, client.strategies.stop_run(account, NOTHING, validate_only=True)),
            (Permission.OPERATE, self.halt(HaltLevel.RISK, validate_only=True)),
        )
        answers = await asyncio.gather(*(_may(call) for _, call in asked))
        held = Permission.READ
        for (right, _), may in zip(asked, answers, strict=True):
            held |= right if may else Permission.NONE
        return held


async def _may(call: Awaitable[object]) -> bool:
    try:
        await call
    except PermissionDenied:
        return False
    except AxisorError:
        # Whoever lacks the right never hears that there is nothing of that name.
        return True
    return True
