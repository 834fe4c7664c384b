"""The client of a core: every call of the contract as a typed method, grouped by service.

async with Client.connect("127.0.0.1:8420", token=token, certificate=pem) as client:
    page = await client.margin.list_positions("main")
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc.aio

from axisor.client.access import Access
from axisor.client.accounts import Accounts
from axisor.client.audit import Audit
from axisor.client.backtests import Backtests
from axisor.client.calls import TIMEOUT_S, Caller, Page, Renew, Sleep, every, new_request_id
from axisor.client.confirmations import Confirmations
from axisor.client.events import Events
from axisor.client.guard import Guard
from axisor.client.letters import DeadLetters
from axisor.client.margin import Margin
from axisor.client.market import Market
from axisor.client.named import Named
from axisor.client.notices import Notices
from axisor.client.orders import Orders
from axisor.client.people import Auth, Users
from axisor.client.performance import Performance
from axisor.client.profile import Profile, open_channel
from axisor.client.simulator import Simulator
from axisor.client.strategies import Strategies
from axisor.client.system import System
from axisor.client.tokens import Tokens
from axisor.model import Mode
from axisor.ports import Secret
from axisor.watch import SILENCE_S

__all__ = ["Client", "Page", "Profile", "every", "new_request_id"]


class Client:
    """A connection to one core. Use it as an async context manager, or `close` it.

    Accounts, positions, orders and runs are given by id or by name. Every call has a deadline.
    Calls that change something take a `request_id`, or make one; with the same one they happen
    once.
    Errors are those of `axisor.errors`, and `axisor.wire.failures` where the core did not speak.
    """

    def __init__(self, caller: Caller, *, target: str = "") -> None:
        self._caller = caller
        self.target = target
        self.accounts = Accounts(caller)
        self.access = Access(caller)
        self.margin = Margin(caller)
        self.orders = Orders(caller)
        self.market = Market(caller)
        self.events = Events(caller)
        self.strategies = Strategies(caller)
        self.guard = Guard(caller)
        self.dead_letters = DeadLetters(caller)
        self.confirmations = Confirmations(caller, Client)
        self.audit = Audit(caller)
        self.performance = Performance(caller)
        self.backtests = Backtests(caller)
        self.notices = Notices(caller)
        self.simulator = Simulator(caller)
        self.system = System(caller)
        self.tokens = Tokens(caller)
        self.auth = Auth(caller)
        self.users = Users(caller)
        self.named = Named(caller)

    @classmethod
    def connect(  # noqa: PLR0913 - a connection has that many choices
        cls,
        target: str | Profile,
        *,
        token: Secret | str | None = None,
        renew: Renew | None = None,
        ca_pem: bytes | None = None,
        certificate: bytes | None = None,
        plaintext: bool = False,
        tls_name: str | None = None,
        timeout_s: float = TIMEOUT_S,
        silence_s: float = SILENCE_S,
        expect_mode: Mode | None = None,
        chance: random.Random | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> Client:
        """Return a client of the core at `host:port`, or of a profile; nothing is sent yet.

        `certificate` is the core's own (PEM) and pins it; `ca_pem` is an authority's that signed
        it. `renew` gets another token when one has run out, so that calls and streams go on.
        `plaintext` is for loopback only. `expect_mode` makes every call about an account in
        another mode fail with ModeMismatch. Raises SettingsInvalid.
        """
        if isinstance(target, Profile):
            profile = target
        else:
            held = Secret(token) if isinstance(token, str) else token
            trusted = certificate or ca_pem
            profile = Profile(target, token=held, certificate=trusted, plaintext=plaintext)
        caller = Caller(
            open_channel(profile, tls_name=tls_name),
            token=profile.token,
            renew=renew,
            timeout_s=timeout_s,
            silence_s=silence_s,
            expect_mode=expect_mode,
            chance=chance,
            sleep=sleep,
        )
        return cls(caller, target=profile.target)

    @classmethod
    def of_data_dir(
        cls, data_dir: Path, *, plaintext: bool = False, expect_mode: Mode | None = None
    ) -> Client:
        """Return a client of the core that works in a data directory. Raises SettingsInvalid."""
        profile = Profile.from_data_dir(data_dir, plaintext=plaintext)
        return cls.connect(profile, expect_mode=expect_mode)

    def __repr__(self) -> str:
        return f"Client({self.target!r})"

    @property
    def channel(self) -> grpc.aio.Channel:
        """Return the connection itself, for calls that this client has no name for."""
        return self._caller.channel

    async def close(self) -> None:
        """End every call and the connection."""
        await self._caller.channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
