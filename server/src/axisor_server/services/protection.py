"""Whether every open position is protected by a core at work: the answer a monitor asks for."""

from __future__ import annotations

from axisor.events import Standing
from axisor_server.engine.answers import AccountSummary
from axisor_server.engine.facade import Engine
from axisor_server.ports import Clock, Reader, Store
from axisor_server.services.status import others

NAME = "axisor.protection"
"""Under which name the health service answers it."""

LOOK_S = 1.0
"""How often it is found out."""

_WORKING = (Standing.ACTIVE, Standing.REDUCE_ONLY)


class Protection:
    """Finds out whether any account with open positions lacks a guard that can act."""

    def __init__(self, *, engine: Engine, store: Store, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    async def holds(self) -> bool:
        """Return whether all is protected; an account of another core is that core's to answer for.

        Where nobody can tell, the answer is no. Raises StoreUnavailable.
        """
        status = self._engine.status()
        here = [account for account in status.accounts if account.acting]
        idle = {account.account for account in status.accounts} - {a.account for a in here}
        if any(not _is_protected(account) for account in here):
            return False
        if not idle:
            return True

        def unit(view: Reader) -> frozenset[str]:
            return others(status, view.live_leases())

        return idle <= await self._store.read(unit)


def _is_protected(account: AccountSummary) -> bool:
    if not account.positions:
        return True
    return account.standing in _WORKING and account.protected >= account.positions
