"""Puts together what decides who may do what: the gate, the recorder, and their servicers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from axisor.model import Mode
from axisor_server.domain.journal import Entry
from axisor_server.domain.sessions import Terms
from axisor_server.ports import Clock, Ids, Store, Vault
from axisor_server.rpc.access import AccessServicer
from axisor_server.rpc.admitting import Gate
from axisor_server.rpc.cursors import Cursors
from axisor_server.rpc.house_people import PeopleHouse, Reach
from axisor_server.rpc.house_tokens import TokensHouse
from axisor_server.services.access import Access
from axisor_server.services.limiting import Limits
from axisor_server.services.people.standing import Standing
from axisor_server.services.people.throttle import network_of
from axisor_server.services.personal import Personal
from axisor_server.services.plans import Plans
from axisor_server.services.principals import Authenticator, Doors
from axisor_server.services.recording import Publish, Recorder
from axisor_server.services.refusals import Refusals
from axisor_server.services.requests import Once


class Identity:
    """The use cases about people and rights, each servicer by its service's full name."""

    def __init__(  # noqa: PLR0913 - it puts that much together
        self,
        *,
        store: Store,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        mode: Mode,
        publish: Publish,
        is_owner: Callable[[str], bool],
        terms: Terms,
        reach: Reach,
        others: Authenticator | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._publish = publish
        self.recorder = Recorder(store=store, clock=clock, mode=mode, publish=self._told)
        self.once = Once(store, clock, ids, self.recorder)
        self.plans = Plans(store, reach.plans)
        access = Access(store=store, clock=clock, once=self.once, plans=self.plans)
        standing = Standing(store, reach.plans)
        self.tokens = TokensHouse(
            store=store,
            vault=vault,
            clock=clock,
            ids=ids,
            recorder=self.recorder,
            once=self.once,
            terms=terms,
            who_is=standing.who_is,
            roles=standing.roles,
        )
        doors = Doors(
            is_owner=is_owner,
            sessions=self.tokens.session_door,
            tokens=self.tokens.token_door,
            others=others,
        )
        self.personal = Personal(store=store, vault=vault, clock=clock)
        self.cursors = Cursors(self.personal.digest, clock)
        self.people = PeopleHouse(
            store=store,
            vault=vault,
            clock=clock,
            ids=ids,
            recorder=self.recorder,
            sessions=self.tokens.sessions,
            tokens=self.tokens.tokens,
            once=self.once,
            personal=self.personal,
            reach=reach,
        )
        self.refusals = Refusals(
            self.recorder,
            clock,
            lambda address: self.people.directory.place_of(network_of(address)),
        )
        self.gate = Gate(doors, clock, holds=access.still, note=self.refusals.note, limits=limits)
        self.servicers: Mapping[str, object] = {
            "axisor.v1.AccessService": AccessServicer(access),
            **self.tokens.servicers,
            **self.people.servicers,
        }

    def _told(self, entries: Sequence[Entry]) -> None:
        # Who may do what has changed here: the next call is judged by it.
        self.tokens.holders.forget()
        self._publish(entries)

    async def keep(self) -> None:
        """Do what has to be done now and then: the next signing key, and forgetting."""
        await self.tokens.sessions.keep()
