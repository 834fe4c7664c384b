"""What the executor and the observer report to an account, each as one committed unit."""

from __future__ import annotations

from msgspec.structs import replace

from axisor.errors import StoreUnavailable, VenueError
from axisor.events import IntentState, NoticeGiven
from axisor.maths import distance
from axisor.model import AccountState, OrderState, Severity
from axisor.ports import ClosedPosition, Confirmed, Refused, SendResult, VenueAccount
from axisor_server.domain.counters import Fundings, behind
from axisor_server.domain.fence import Stamp, VenueClock
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import Verdict, decode_baseline
from axisor_server.engine import settling
from axisor_server.engine.access import AGAIN_MS, Access, is_about_time
from axisor_server.engine.breakglass import Reading
from axisor_server.engine.core import Core
from axisor_server.engine.doubts import Doubts, Look
from axisor_server.engine.executor import Order
from axisor_server.engine.reconcile import LEDGER_KINDS
from axisor_server.engine.stamping import Stamping

NEAR_LIQUIDATION_PPM = 30_000


class Effects:
    """The books of one account, as those who speak to the venue write them."""

    def __init__(self, core: Core, line: VenueAccount) -> None:
        self._core = core
        self._effect_ms = 0
        self._read_ms = core.clock.monotonic_ms()
        self._read_ok_ms: int | None = None
        self._blind = False
        self._transfer: tuple[str, int, int] | None = None
        self._doubts = Doubts(core)
        self._unsaved: tuple[AccountState, int] | None = None
        self._stamping = Stamping(core, window_ms=line.signature_window_ms)
        self.access = Access(core.settings.poll_near_ms)
        self.read_error = ""

    # What the executor asks and reports.

    async def mark_sent(self, intent: str) -> Order | None:
        """Stamp a planned action; None when it must not be sent any more."""
        return await self._stamping.first(intent)

    async def stamp_anew(self, intent: str) -> Order | None:
        """Stamp an action whose stamp was refused; None when it must not be sent again."""
        return await self._stamping.anew(intent)

    def stamp(self) -> Stamp:
        """Return the stamp of a request that leaves now. Raises VenueUnavailable."""
        return self._stamping.stamp()

    def distrust_clock(self) -> None:
        """Have the venue's clock measured anew: it refused a stamp."""
        self._core.market.timekeeper.distrust()

    async def settle(self, intent: str, result: SendResult, *, latency_ms: int) -> None:
        """Record the answer to a send."""

        async def work() -> None:
            core = self._core
            record = core.book.open.get(intent)
            if record is None:
                return
            draft = core.draft()
            changes = settling.settle_result(draft, record, result, latency_ms=latency_ms)
            self._learn(result)
            core.desk.tell_all(draft, changes)
            await core.commit(draft)
            if draft.settled and draft.settled[0].state is IntentState.CONFIRMED:
                self._took_effect(record)

        await self._core.in_turn(work, urgent=True)

    def _learn(self, result: SendResult) -> None:
        """Learn from an answer whether the key suffices and whether the venue's clock is known."""
        if isinstance(result, Confirmed):
            self.access.send_worked()
        elif isinstance(result, Refused):
            self.access.send_refused(result.error)
            if is_about_time(result.error):
                self.distrust_clock()
            self._core.look()

    def _took_effect(self, record: IntentRecord) -> None:
        self._effect_ms = self._core.clock.monotonic_ms()
        if record.kind in LEDGER_KINDS:
            sats = record.amount if record.kind == "DepositCross" else -record.amount
            before = decode_baseline(record.witness).transfer
            self._transfer = (before, sats, self._effect_ms)

    async def resolve(self, intent: str, verdict: Verdict) -> None:
        """Record how an unknown action turned out."""

        async def work() -> None:
            core = self._core
            record = core.book.open.get(intent)
            if record is None:
                return
            draft = core.draft()
            changes = settling.settle_verdict(draft, record, verdict)
            core.desk.tell_all(draft, changes)
            await core.commit(draft)
            self._doubts.forget(intent)
            if verdict.state is IntentState.CONFIRMED:
                self._took_effect(record)

        await self._core.in_turn(work, urgent=True)

    async def witnessed(self, intent: str, look: Look) -> None:
        """Record what a reading about an unknown action showed."""
        await self._doubts.witnessed(intent, look)

    async def warn(self, intent: str, message: str) -> None:
        """Tell the owner that an action cannot be settled."""
        await self._doubts.warn(intent, message)

    async def set_transfer(self, id: str) -> None:
        """Remember the newest row of the cross ledger."""

        async def work() -> None:
            self._core.book = replace(self._core.book, transfer=id)
            self._transfer = None

        await self._core.in_turn(work, urgent=True)

    def holds(self) -> bool:
        """Return whether the lease is certainly held."""
        return self._core.holds()

    def venue_clock(self) -> VenueClock | None:
        """Return the venue's clock as known."""
        return self._core.market.timekeeper.venue_clock()

    async def clock_known(self) -> None:
        """Wait until the venue's clock is known."""
        await self._core.market.timekeeper.known()

    def market_us(self) -> int:
        """Return market time."""
        return to_us(self._core.desk.market_now())

    def pending_transfer(self) -> tuple[str, int, int] | None:
        """Return (row before, sats, monotonic ms) of a transfer whose row was not seen yet."""
        return self._transfer

    def open_intent(self, intent: str) -> IntentRecord | None:
        """Return an action that is not settled."""
        return self._core.book.open.get(intent)

    # What the observer asks and reports.

    def last_state(self) -> AccountState | None:
        """Return the reading that counts now."""
        return self._core.book.state

    @property
    def read_age_ms(self) -> int | None:
        """Return the age of the last reading that counted."""
        if self._read_ok_ms is None:
            return None
        return self._core.clock.monotonic_ms() - self._read_ok_ms

    def wait_ms(self) -> int | None:
        """Return how long to leave the venue alone; None where the last reading worked."""
        wait_ms = self.access.wait_ms
        if wait_ms is None or self.access.is_refused or not self._blind:
            return wait_ms
        return min(wait_ms, AGAIN_MS)

    def in_danger(self) -> bool:
        """Return whether a trigger or a liquidation is near, or something is not known."""
        near = self._is_near()
        self._core.market.timekeeper.near(self._core.account.id, danger=near)
        return near

    def _is_near(self) -> bool:
        core = self._core
        if any(r.state is IntentState.UNKNOWN for r in core.book.open.values()):
            return True
        tick = core.market.tick
        if tick is None or core.book.state is None:
            return False
        if core.book.state.unreadable:
            return True  # what cannot be seen may be near its end
        for live in core.runs.values():
            wake = live.wake
            for bound in () if wake is None else (wake.below, wake.above):
                if bound is not None:
                    gap = abs(tick.last - bound) * 1_000_000
                    if gap <= core.settings.near_fraction_ppm * tick.last:
                        return True
        return any(
            distance(p.side, tick.last, p.liquidation) * 1_000_000 <= NEAR_LIQUIDATION_PPM
            for p in core.book.state.positions
        )

    async def observed(
        self,
        state: AccountState,
        *,
        started_ms: int,
        closed: dict[str, ClosedPosition],
        done: dict[str, OrderState],
        fundings: Fundings,
    ) -> bool:
        """Take a reading over; False when it was too old to count."""
        return await self._core.in_turn(
            lambda: self._observed(state, started_ms, closed, done, fundings), urgent=True
        )

    def behind(self, state: AccountState) -> tuple[str, ...]:
        """Return ids of positions of which a reading seems to show less than is known."""
        book = self._core.book
        return behind(book.counts, book.state, state, {})

    async def _observed(
        self,
        state: AccountState,
        started_ms: int,
        closed: dict[str, ClosedPosition],
        done: dict[str, OrderState],
        fundings: Fundings,
    ) -> bool:
        core = self._core
        draft = core.draft()
        lag_ms = core.settings.lag_ms
        freshness = settling.Freshness(self._effect_ms, self._read_ms, lag_ms)
        old = settling.too_old(
            draft, state, started_ms=started_ms, freshness=freshness, fundings=fundings
        )
        if old is not None:
            return False
        lagging = started_ms - self._effect_ms <= lag_ms
        changes = settling.observe(
            draft, state, closed=closed, done=done, lagging=lagging, fundings=fundings
        )
        core.desk.tell_all(draft, changes)
        core.after_reading(draft)
        self._unsaved = (state, started_ms)
        await core.commit(draft)
        self._unsaved = None
        self._read_ms = started_ms
        self._read_ok_ms = started_ms
        self._blind = False
        self.read_error = ""
        self.access.read_worked()
        return True

    def newest(self) -> Reading | None:
        """Return the newest reading that may be believed, in the journal or not."""
        now_ms, state = self._core.clock.monotonic_ms(), self._core.book.state
        if self._unsaved is not None:
            return Reading(self._unsaved[0], now_ms - self._unsaved[1])
        if state is None or self._read_ok_ms is None:
            return None
        return Reading(state, now_ms - self._read_ok_ms)

    def unwritable(self, error: StoreUnavailable) -> None:
        """Learn that a reading could not be written down."""
        self.read_error = str(error)

    async def unreadable(self, error: VenueError) -> None:
        """Learn that the account could not be read; after a while nothing of it is believed."""
        self.read_error = str(error)
        self.access.read_failed(error)
        core = self._core
        core.look()
        age = core.clock.monotonic_ms() - self._read_ms
        lost = age > core.settings.stale_ms or self.access.is_lost
        if self._blind or not lost or core.book.state is None:
            return

        async def work() -> None:
            state = core.book.state
            assert state is not None
            draft = core.draft()
            ids = tuple(p.id for p in state.positions)
            draft.book = draft.book.with_state(replace(state, unreadable=ids))
            draft.touched = True
            draft.say(
                NoticeGiven(
                    severity=Severity.CRIT,
                    code="ACCOUNT_UNREADABLE",
                    text="The account cannot be read from the venue.",
                    data={"reason": error.reason},
                )
            )
            await core.commit(draft)
            self._blind = True

        await core.in_turn(work, urgent=True)
