"""What goes on beside the calls so that people are told: follow, send, repeat."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping

from axisor.notices import Notifier as Kind
from axisor.notices import Way
from axisor.ports import Clock
from axisor_server.ports import Sealer, Store
from axisor_server.services.notifying import Notifier, Pace
from axisor_server.services.telling.following import LEASE, MARK, Telling
from axisor_server.services.telling.keeping import Keeper
from axisor_server.services.telling.sending import Sender


class Teller:
    """Tells people, on one core of a database at a time."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        vault: Sealer,
        notifiers: Mapping[str, Kind],
        way: Way,
        owner: str,
        pace: Pace,
        chance: Callable[[], float],
    ) -> None:
        self.follower = Notifier(
            store,
            clock,
            owner=owner,
            observe=Telling(clock).see,
            pace=pace,
            lease=LEASE,
            mark=MARK,
        )
        self.sender = Sender(
            store=store,
            clock=clock,
            vault=vault,
            notifiers=notifiers,
            way=way,
            epoch=lambda: self.follower.epoch,
            chance=chance,
        )
        self.keeper = Keeper(
            store=store,
            clock=clock,
            epoch=lambda: self.follower.epoch,
            hint=self.sender.hint,
        )

    def hint(self) -> None:
        """Look soon: a journal grew."""
        self.follower.hint()

    def work(self) -> Iterable[Coroutine[None, None, None]]:
        """Return what goes on, each until it is cancelled."""
        return self.follower.run(), self.sender.run(), self.keeper.run()

    async def finish(self) -> None:
        """Write what is left to tell, and let another core go on at once."""
        await self.follower.finish()
