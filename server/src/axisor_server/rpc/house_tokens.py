"""Puts together sign-ins and tokens: who issues them, who knows them, and their servicer."""

from __future__ import annotations

from collections.abc import Mapping

from axisor_server.domain.sessions import Terms
from axisor_server.ports import Clock, Ids, Store, Vault
from axisor_server.rpc.tokens import TokenServicer
from axisor_server.services.doors import Holders, SessionDoor, TokenDoor, WhoIs
from axisor_server.services.recording import Recorder
from axisor_server.services.requests import Once
from axisor_server.services.sessions import Roles, Sessions
from axisor_server.services.signing import Signing
from axisor_server.services.tokens import Tokens
from axisor_server.services.verifying import Verifier


class TokensHouse:
    """Sessions and tokens, the two doors they open, and each servicer by its full name."""

    def __init__(  # noqa: PLR0913 - it puts that much together
        self,
        *,
        store: Store,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        recorder: Recorder,
        once: Once,
        terms: Terms,
        who_is: WhoIs,
        roles: Roles,
    ) -> None:
        self.signing = Signing(store, clock, ids, vault, recorder)
        self.verifier = Verifier(store, clock, signing=self.signing, terms=terms)
        self.sessions = Sessions(
            store,
            clock,
            ids,
            vault,
            recorder,
            signing=self.signing,
            verifier=self.verifier,
            terms=terms,
            roles=roles,
        )
        self.tokens = Tokens(store, clock, ids, vault, recorder, signing=self.signing, once=once)
        self.holders = Holders(who_is, clock)
        self.session_door = SessionDoor(self.verifier, self.holders)
        self.token_door = TokenDoor(self.tokens, self.holders, clock, signing=self.signing)
        self.servicers: Mapping[str, object] = {
            "axisor.v1.TokenService": TokenServicer(self.tokens, self.signing)
        }
