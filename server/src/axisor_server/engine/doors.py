"""The way to a venue: who may be let in by mode, and the lines and markets that are opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from axisor.errors import ModeNotAllowed, VenueAuth, VenueNotFound
from axisor.model import Mode, Tick
from axisor.ports import Venue, VenueAccount
from axisor_server.domain.records import AccountRecord
from axisor_server.engine.keys import open_key
from axisor_server.engine.market import Market
from axisor_server.engine.paper import PaperAccount
from axisor_server.engine.shadow import ShadowAccount
from axisor_server.engine.world import World
from axisor_server.ports import Transaction, Vault

WORLD = "world"
"""The fact about a data directory that says whether its accounts are made up or real."""

OnTick = Callable[[Tick], None]


class Doors:
    """Opens what leads to venues. Only a line unseals a key, and only who leads opens a line."""

    def __init__(self, world: World, *, vault: Vault, venues: Mapping[str, Venue]) -> None:
        self._store = world.store
        self._clock = world.clock
        self._settings = world.settings
        self._vault = vault
        self._venues = venues

    async def admit(self, record: AccountRecord) -> None:
        """Check the mode against the core's cap and against the data directory's world."""
        mode = record.mode
        if mode.rank > self._settings.max_mode.rank:
            raise ModeNotAllowed(
                f"This core allows modes up to {self._settings.max_mode.value}.", mode=mode.value
            )
        world = {Mode.SIM: "sim", Mode.SHADOW: "real", Mode.LIVE: "real"}.get(mode)
        if world is None:
            return

        def unit(tx: Transaction) -> str:
            held = tx.meta(WORLD)
            if held is None:
                tx.put_meta(WORLD, world)
            return held or world

        held = await self._store.write(unit)
        if held != world:
            raise ModeNotAllowed(
                f"This data directory holds {held} accounts; {mode.value} needs another.",
                mode=mode.value,
            )

    async def line(self, record: AccountRecord) -> tuple[VenueAccount, OnTick | None]:
        """Open a line to an account, and what sees each tick first where it is simulated.

        Raises VenueAuth where its key does not open, VenueNotFound.
        """
        if record.mode is Mode.PAPER:
            paper = await self._paper(record.id)
            return paper, paper.take
        sealed = await self._store.read(lambda reader: reader.sealed(record.id))
        if sealed is None:
            raise VenueAuth(f"The account {record.id} has no key.", account=record.id)
        credentials = open_key(self._vault, sealed, account=record.id, network=record.network)
        line = self._venue(record.venue).account(
            network=record.network,
            url=record.url or None,
            credentials=credentials,
            clock=self._clock,
        )
        return (ShadowAccount(line) if record.mode is Mode.SHADOW else line), None

    async def _paper(self, id: str) -> PaperAccount:
        key = f"paper/{id}"
        saved = await self._store.read(lambda reader: reader.meta(key))

        async def save(snapshot: bytes) -> None:
            await self._store.write(lambda tx: tx.put_meta(key, snapshot.decode()))

        return PaperAccount(
            id,
            balance=self._settings.paper_balance_sats,
            saved=(saved or "").encode(),
            save=save,
        )

    def _venue(self, name: str) -> Venue:
        venue = self._venues.get(name)
        if venue is None:
            raise VenueNotFound(f"No enabled plugin offers the venue {name}.", venue=name)
        return venue

    def market(self, venue: str, network: str, url: str) -> Market:
        """Open a market that nobody reads yet. Raises VenueNotFound."""
        feed = self._venue(venue).market(network=network, url=url or None, clock=self._clock)
        return Market(
            feed,
            venue=venue,
            network=network,
            url=url,
            clock=self._clock,
            settings=self._settings,
        )
