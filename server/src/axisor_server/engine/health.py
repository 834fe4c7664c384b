"""Watches how an account stands, says so in its journal, and raises the alarm once."""

from __future__ import annotations

import logging

from axisor.errors import StoreUnavailable
from axisor.events import Cause, NoticeGiven, Standing, StandingChanged
from axisor.model import FeedQuality, Severity
from axisor_server.domain.journal import decode_payload
from axisor_server.domain.standing import (
    PRICES,
    Tally,
    degrading,
    halt_causes,
    stand,
)
from axisor_server.engine.access import Access
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft
from axisor_server.engine.vitals import Vitals
from axisor_server.engine.waiting import Poke
from axisor_server.ports import Reader

log = logging.getLogger(__name__)

LOOK_S = 1
RESTORED = "restored"
"""The code of the cause that an account is held by after a restore."""

GRACE_MS = 10_000
"""How long an account that was just taken over may still be without price, clock or reading."""


class Health:
    """How one account stands. It is known here at once, and journaled in turn."""

    def __init__(self, core: Core, access: Access, vitals: Vitals) -> None:
        self._core = core
        self._access = access
        self._vitals = vitals
        self._tally = Tally()
        self._since_ms = core.clock.monotonic_ms()
        self._told: StandingChanged | None = None
        self._loud = False
        self._poke = Poke()
        self.held: dict[str, Cause] = {}
        core.causes = lambda: self.causes
        core.look = self.look

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Return what counts now; it is found out anew with each call."""
        core = self._core
        now_ms = core.clock.monotonic_ms()
        ours = self._tally.take(self._present(now_ms), now_ms)
        return (*ours, *halt_causes(core.book.halt, core.platform.level))

    @property
    def standing(self) -> Standing:
        """Return how the account stands now."""
        return stand(self.causes)

    def idle(self, error: str) -> tuple[Cause, ...]:
        """Return what counts while this core does not serve the account."""
        why = error or "This core does not act for the account."
        return (Cause("not_acting", why), *self._vitals.causes())

    def hold(self, cause: Cause) -> None:
        """Add a cause that somebody else found, until it is released."""
        self.held[cause.code] = cause
        self._poke.set()

    def release(self, code: str) -> None:
        """Take away a cause that was held."""
        self.held.pop(code, None)
        self._tally.drop(code)
        self._poke.set()

    def look(self) -> None:
        """Look again soon: something happened."""
        self._poke.set()

    def _present(self, now_ms: int) -> list[Cause]:
        new = now_ms - self._since_ms < GRACE_MS
        found = [*self._access.causes(), *self._vitals.causes(), *self.held.values()]
        found += self._of_market(new=new)
        state = self._core.book.state
        if state is not None and state.unreadable:
            names = ", ".join(sorted(state.unreadable))
            text = f"The venue's figures cannot be read: {names}."
            found.append(Cause("position_unreadable", text))
        held_back = RESTORED in self.held  # which is a cause of its own
        if not self._core.acting and not new and not held_back:
            text = "The account was not read since this core took it over."
            found.append(Cause("not_acting", text))
        return found

    def _of_market(self, *, new: bool) -> list[Cause]:
        market, settings = self._core.market, self._core.settings
        found: list[Cause] = []
        quality = market.quality
        known = quality is not FeedQuality.NONE or not new
        if quality in PRICES and known:
            found.append(Cause(PRICES[quality], market.reason))
        elif quality is FeedQuality.FRESH and (late := self._late()):
            found.append(Cause("price_late", late))
        if failing := market.failing:
            found.append(Cause("feed_failing", failing))
        clock = market.timekeeper.venue_clock()
        if clock is None:
            if not new:
                found.append(Cause("clock_unknown", "The venue's clock is not known."))
        elif clock.uncertainty_ms > settings.uncertainty_limit_ms:
            text = f"The venue's clock is known only to within {clock.uncertainty_ms} ms."
            found.append(Cause("clock_uncertain", text))
        return found

    def _late(self) -> str:
        """Return why a price that is fresh for others is too old for a position, if it is."""
        settings, state = self._core.settings, self._core.book.state
        for position in () if state is None else state.positions:
            if position.leverage > settings.high_leverage:
                break
        else:
            return ""
        if (self._core.market.age_ms() or 0) <= settings.stale_leveraged_ms:
            return ""
        seconds = settings.stale_leveraged_ms // 1000
        return (
            f"The price is older than {seconds} s and a position above {settings.high_leverage}x."
        )

    async def run(self) -> None:
        """Look each second and whenever asked to, until cancelled."""
        while True:
            await self._poke.wait(self._core.clock, LOOK_S)
            if self._differs():
                try:
                    await self._core.in_turn(self._tell, urgent=True)
                except StoreUnavailable as error:
                    # It counts here all the same, and is journaled as soon as the store takes it.
                    log.error("account %s: %s", self._core.account.id, error.message)

    async def begin(self) -> None:
        """Learn what the journal last told; another core may have written meanwhile."""
        self._since_ms = self._core.clock.monotonic_ms()
        core = self._core
        self._told = await core.store.read(lambda reader: last_standing(reader, core.stream))
        self._loud = bool(degrading(self._told.causes)) and self._exposure()[0] > 0

    def _present_change(self) -> StandingChanged:
        causes = self.causes
        return StandingChanged(standing=stand(causes), causes=causes)

    def _differs(self) -> bool:
        causes, told = self.causes, self._told
        if not causes and (told is None or told.standing is Standing.ACTIVE):
            return False
        told = told or StandingChanged(standing=Standing.ACTIVE)
        now = StandingChanged(standing=stand(causes), causes=causes)
        return _codes(told) != _codes(now) or (self._is_bad(now) and self._must_be_louder())

    def _is_bad(self, change: StandingChanged) -> bool:
        return bool(degrading(change.causes))

    def _must_be_louder(self) -> bool:
        return not self._loud and self._exposure()[0] > 0

    def _exposure(self) -> tuple[int, int]:
        """Return how many positions are open, and their margin in sats."""
        state = self._core.book.state
        positions = () if state is None else state.positions
        return len(positions), sum(p.margin for p in positions)

    async def _tell(self) -> None:
        told, now = self._told or StandingChanged(standing=Standing.ACTIVE), self._present_change()
        draft = self._core.draft()
        if _codes(told) != _codes(now):
            draft.say(now)
            draft.touched = True
        loud = self._alarm(draft, told, now)
        await self._core.commit(draft)
        self._told, self._loud = now, loud

    def _alarm(self, draft: Draft, told: StandingChanged, now: StandingChanged) -> bool:
        was, bad = self._is_bad(told), self._is_bad(now)
        count, margin = self._exposure()
        data = {
            "causes": ",".join(cause.code for cause in degrading(now.causes)),
            "positions": str(count),
            "margin_sats": str(margin),
        }
        if bad and (not was or self._must_be_louder()):
            why = " ".join(cause.text for cause in degrading(now.causes))
            exposed = f"{count} positions with {margin:,} sats of margin are exposed."
            draft.say(
                NoticeGiven(
                    severity=Severity.CRIT if count else Severity.WARN,
                    code="PROTECTION_DEGRADED",
                    text=f"{why} {exposed if count else 'No position is open.'}",
                    data=data,
                )
            )
            return count > 0
        if was and not bad:
            draft.say(
                NoticeGiven(
                    severity=Severity.OK,
                    code="PROTECTION_RESTORED",
                    text="The core sees and reaches everything again.",
                    data=data,
                )
            )
            return False
        return self._loud and bad


def _codes(change: StandingChanged) -> tuple[Standing, tuple[str, ...]]:
    return change.standing, tuple(sorted(cause.code for cause in change.causes))


def last_standing(reader: Reader, stream: str) -> StandingChanged:
    """Return how an account stands by what its journal last told; ACTIVE where it told nothing."""
    kinds = (StandingChanged.__name__,)
    for entry in reader.entries_before(stream, before=None, kinds=kinds, limit=1):
        payload = decode_payload(entry.payload)
        if isinstance(payload, StandingChanged):
            return payload
    return StandingChanged(standing=Standing.ACTIVE)
