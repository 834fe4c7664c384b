"""The venue itself: its market, its accounts, its clock, and a ledger of effects of its own."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from axisor.errors import NotSupported, VenueClockSkew, VenueRefused
from axisor.exchange.account import Account
from axisor.exchange.happenings import Closed, Happening
from axisor.exchange.ids import seeded_ids
from axisor.exchange.market import Market
from axisor.exchange.quote import Quote
from axisor.exchange.records import Settlement
from axisor.intents import Action, AddMargin, CashIn, DepositCross, WithdrawCross
from axisor.model import AccountState, Position
from axisor.ports import Confirmed, Refused
from axisor.simulated import ENDS, carry_out
from tests.simulation.loop import START, SimLoop

WINDOW_MS = 30_000
EARLY_MS = 1_500
"""How far in the future a stamp may be: clocks are known to within a second."""


class Request(Struct):
    """A change somebody asked the venue for, and how it went; times are true seconds.

    `stale_epoch` says that another core had the account already when it left, `stood_since` when
    its own machine last stood still, with all its clocks; negative for never.
    """

    account: str
    action: Action
    signed_at_ms: int
    process: str
    intent: str
    departed: float
    stale_epoch: bool = False
    stood_since: float = -1.0
    arrived: float | None = None
    effect: float | None = None
    effects: int = 0
    refusal: str = ""
    lands: float | None = None


class Ending(Struct, frozen=True):
    """A position that is over: when, how, and whether the core's own account of it matters."""

    account: str
    position: str
    at: float
    end: str


class Touch(Struct, frozen=True):
    """Something the account's user or the venue itself did to a position."""

    account: str
    position: str
    kind: str
    at: float
    amount: int = 0


class SimExchange:
    """One market with its accounts. Everything that takes effect is written down here."""

    def __init__(self, loop: SimLoop, seed: int, price: Decimal) -> None:
        self.loop = loop
        self.chance = random.Random(f"{seed}/exchange")
        self.rate = Decimal("0.0001")
        self.market = Market(Quote.at(price, START), seeded_ids(seed), lambda _: self.rate)
        self.requests: list[Request] = []
        self.touches: list[Touch] = []
        self.endings: list[Ending] = []
        self.history: dict[str, tuple[list[float], list[AccountState]]] = {}
        self.on_change: Callable[[str, bool], None] = lambda *_: None
        self.on_touch: Callable[[str], None] = lambda _: None
        self.on_end: Callable[[Ending], None] = lambda _: None
        self.say: Callable[..., None] = lambda *_: None

    @property
    def quote(self) -> Quote:
        """Return the present quote."""
        return self.market.quote

    def account(self, id: str) -> Account:
        """Return an account that is there."""
        found = self.market.account(id)
        assert found is not None
        return found

    def changed(self, id: str, *, ours: bool = False) -> None:
        """Write down how an account looks from now on, and hint that it changed."""
        times, states = self.history.setdefault(id, ([], []))
        now = self.loop.time()
        state = self.account(id).state(self.loop.now(), self.quote)
        if times and times[-1] == now:
            states[-1] = state
        else:
            times.append(now)
            states.append(state)
        self.on_change(id, ours)

    def state_at(self, id: str, when: float) -> AccountState:
        """Return an account as it was at a time."""
        times, states = self.history[id]
        return states[max(0, bisect_right(times, when) - 1)]

    def position(self, account: str, id: str) -> Position | None:
        """Return a position as it is."""
        return self.state_at(account, self.loop.time()).position(id)

    def move(self, price: Decimal) -> None:
        """Move the price; positions may end by it."""
        for event in self.market.advance(Quote.at(price, self.loop.now())):
            self._note(event.account, event.happening)
            self.changed(event.account)

    def _note(self, account: str, happening: Happening) -> None:
        if isinstance(happening, Closed):
            end = ENDS[happening.by]
            ending = Ending(account, happening.trade.id, self.loop.time(), end)
            self.endings.append(ending)
            self.say("ended", happening.trade.id, end)
            self.on_end(ending)

    def settle(self, rate: Decimal) -> None:
        """Settle funding for every running position now."""
        settlement = Settlement(self.market.ids(), self.loop.now(), rate, self.quote.last)
        for account in self.market.accounts:
            for happening in account.on_funding(settlement, self.quote):
                self._note(account.id, happening)
            self.changed(account.id)

    def arrive(self, request: Request) -> Refused | None:
        """Check a request's stamp as it comes in; None lets it pass."""
        request.arrived = self.loop.time()
        now_ms = self.loop.now_us() // 1_000
        if not -EARLY_MS <= now_ms - request.signed_at_ms <= WINDOW_MS:
            request.refusal = "window"
            return Refused(VenueClockSkew("The timestamp is outside the window."))
        return None

    def take(self, request: Request) -> Confirmed | Refused:
        """Do what a request asks, now."""
        account = self.account(request.account)
        try:
            answer = carry_out(account, request.action, self.quote)
        except (VenueRefused, NotSupported) as error:
            request.refusal = error.reason
            return Refused(error)
        request.effect = self.loop.time()
        request.effects += 1
        self.say("effect", request.intent, type(request.action).__name__)
        for happening in account.happened:
            self._note(account.id, happening)
        self.changed(account.id, ours=True)
        return answer

    def touch(
        self, account: str, position: str, kind: str, deed: Callable[[], object], amount: int = 0
    ) -> bool:
        """Let the user act on the venue's own screens; returns whether the venue took it."""
        try:
            deed()
        except VenueRefused:
            return False
        self.touches.append(Touch(account, position, kind, self.loop.time(), amount))
        for happening in self.account(account).happened:
            self._note(account, happening)
        self.say("user", kind, position)
        self.on_touch(account)
        self.changed(account)
        return True


def moved(action: Action) -> int:
    """Return the sats an action moves into or out of a position."""
    if isinstance(action, AddMargin | CashIn | DepositCross | WithdrawCross):
        return action.amount
    return 0


def effects_of(requests: Sequence[Request]) -> list[Request]:
    """Return the requests that took effect, in the order in which they did."""
    return sorted((r for r in requests if r.effect is not None), key=lambda r: r.effect or 0.0)
