"""Puts the use cases of people and their servicers together."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from axisor_server.domain.plans import NO_PLANS, Catalogue
from axisor_server.ports import Clock, Ids, Store, Vault
from axisor_server.rpc.auth import AuthServicer
from axisor_server.rpc.users import UserServicer
from axisor_server.services.people.administering import Administering
from axisor_server.services.people.changing import Changing
from axisor_server.services.people.choosing import Choosing
from axisor_server.services.people.devices import Devices
from axisor_server.services.people.directory import Directory
from axisor_server.services.people.factors import Factors
from axisor_server.services.people.identities import Identities
from axisor_server.services.people.letters import Letters
from axisor_server.services.people.needs import (
    IdentityProvider,
    IsCommon,
    Leaked,
    Passwords,
    Post,
    never_leaked,
)
from axisor_server.services.people.proofs import Proofs
from axisor_server.services.people.registering import Registering
from axisor_server.services.people.signing_in import SigningIn
from axisor_server.services.people.throttle import Throttle
from axisor_server.services.people.vouching import Vouching
from axisor_server.services.personal import Personal
from axisor_server.services.recording import Recorder
from axisor_server.services.requests import Once
from axisor_server.services.sessions import Sessions
from axisor_server.services.tokens import Tokens


class Reach(Struct, frozen=True, kw_only=True):
    """How people are reached and judged: the adapters and settings of this core."""

    passwords: Passwords
    is_common: IsCommon
    post: Post
    leaked: Leaked = never_leaked
    open: bool = False
    providers: tuple[IdentityProvider, ...] = ()
    redirects: tuple[str, ...] = ()
    plans: Catalogue = NO_PLANS


class PeopleHouse:
    """The use cases of people, and each servicer by its service's full name."""

    def __init__(  # noqa: PLR0913 - it puts that much together
        self,
        *,
        store: Store,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        recorder: Recorder,
        sessions: Sessions,
        tokens: Tokens,
        once: Once,
        personal: Personal,
        reach: Reach,
    ) -> None:
        self.directory = Directory(personal=personal, clock=clock)
        self.letters = Letters(store=store, vault=vault, post=reach.post, clock=clock, ids=ids)
        proofs, devices = Proofs(clock=clock, ids=ids), Devices(clock)
        throttle = Throttle(store, clock)
        choosing = Choosing(reach.passwords, is_common=reach.is_common, leaked=reach.leaked)
        self.signing_in = SigningIn(
            store=store,
            clock=clock,
            directory=self.directory,
            passwords=reach.passwords,
            proofs=proofs,
            devices=devices,
            throttle=throttle,
            recorder=recorder,
            sessions=sessions,
        )
        self.registering = Registering(
            store=store,
            clock=clock,
            ids=ids,
            directory=self.directory,
            choosing=choosing,
            proofs=proofs,
            letters=self.letters,
            throttle=throttle,
            recorder=recorder,
            is_open=reach.open,
            plan=reach.plans.newcomers,
        )
        self.changing = Changing(
            store=store,
            clock=clock,
            directory=self.directory,
            choosing=choosing,
            passwords=reach.passwords,
            proofs=proofs,
            devices=devices,
            letters=self.letters,
            throttle=throttle,
            recorder=recorder,
            sessions=sessions,
            signing_in=self.signing_in,
        )
        self.factors = Factors(
            store=store,
            clock=clock,
            ids=ids,
            directory=self.directory,
            proofs=proofs,
            letters=self.letters,
            throttle=throttle,
            recorder=recorder,
            sessions=sessions,
            once=once,
        )
        self.administering = Administering(
            store=store,
            clock=clock,
            directory=self.directory,
            proofs=proofs,
            devices=devices,
            sessions=sessions,
            tokens=tokens,
            once=once,
            catalogue=reach.plans,
        )
        self.vouching = Vouching(
            store=store,
            clock=clock,
            vault=vault,
            directory=self.directory,
            proofs=proofs,
            throttle=throttle,
            recorder=recorder,
            providers=reach.providers,
            redirects=reach.redirects,
        )
        self.identities = Identities(
            store=store,
            clock=clock,
            ids=ids,
            personal=personal,
            directory=self.directory,
            proofs=proofs,
            letters=self.letters,
            recorder=recorder,
            sessions=sessions,
            once=once,
            signing_in=self.signing_in,
            registering=self.registering,
            vouching=self.vouching,
        )
        self.servicers: Mapping[str, object] = {
            "axisor.v1.AuthService": AuthServicer(
                registering=self.registering,
                signing_in=self.signing_in,
                changing=self.changing,
                vouching=self.vouching,
                identities=self.identities,
                sessions=sessions,
            ),
            "axisor.v1.UserService": UserServicer(
                administering=self.administering,
                registering=self.registering,
                changing=self.changing,
                factors=self.factors,
                vouching=self.vouching,
                identities=self.identities,
                sessions=sessions,
            ),
        }
