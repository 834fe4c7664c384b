"""Measures each assumption about the venue on a line, with single sats, and says what it saw.

The same code runs against the simulator in every test run, which keeps it honest, and against
signet where there is a key for it. An assumption that does not hold names the setting that makes
the core safe without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from axisor.errors import (
    AxisorError,
    VenueAuth,
    VenueClockSkew,
    VenueRateLimited,
    VenueRefused,
)
from axisor.model import Side
from axisor_lnmarkets.models.futures import Trade
from axisor_lnmarkets.rest.isolated import NewTrade
from axisor_lnmarkets.rest.paging import PageQuery
from tests.calibration.line import Line

LAG_MS = 2_000
"""What the core allows a reading to lag; `venue.lag_ms` of the settings."""
WINDOW_MS = 30_000
MARGIN_MS = 2_000
"""How far from the edge of the window a stamp is put, so that the way there does not decide."""
STANDING = "axisor-calibration"
"""The client id of a position that stays open from one measuring to the next."""
PATIENCE_S = 120.0
STOP_GAP = Decimal("0.002")
SIZE, LEVERAGE = 100, 5


class Finding(Struct, frozen=True):
    """What was seen of an assumption; `holds` None is that it could not be seen this time."""

    id: str
    holds: bool | None
    seen: str


class Assumption(NamedTuple):
    """Something taken for granted about the venue, and what to do if it is not so."""

    says: str
    if_false: str
    measure: Callable[[Line], Awaitable[Finding]]


async def _trade(line: Line, id: str) -> Trade:
    running = await line.rest.isolated.running()
    return next(trade for trade in running.items if trade.id == id)


async def _added(line: Line, trade: Trade) -> int:
    """Return the counter that only added margin moves."""
    assert trade.entry_margin is not None
    page = await line.rest.isolated.funding_fees(PageQuery(limit=1_000), trade=trade.id)
    paid = sum(fee.fee for fee in page.data if fee.fee > 0)
    return trade.margin - trade.entry_margin + trade.sum_cash_in_margin + paid


@asynccontextmanager
async def _position(line: Line) -> AsyncIterator[Trade]:
    """Open a small long for one measuring, and close it afterwards if it still runs."""
    opened = await line.rest.isolated.new_trade(
        NewTrade(side=Side.BUY, leverage=LEVERAGE, quantity=SIZE)
    )
    try:
        yield opened
    finally:
        running = await line.rest.isolated.running()
        if any(trade.id == opened.id for trade in running.items):
            await line.rest.isolated.close(opened.id)


async def _try(asked: Awaitable[object]) -> AxisorError | None:
    try:
        await asked
    except AxisorError as error:
        return error
    return None


async def no_deduplication(line: Line) -> Finding:
    """A1: the same addition twice, byte for byte, adds twice."""
    async with _position(line) as trade:
        before = await _added(line, trade)
        stamp = line.venue_now_ms()
        errors = [
            await _try(line.blunt.isolated.add_margin(trade.id, 1, signed_at_ms=stamp))
            for _ in range(2)
        ]
        rise = await _added(line, await _trade(line, trade.id)) - before
    return Finding("A1", rise == 2, f"two equal requests added {rise} sats; {errors}")


async def exact_addition(line: Line) -> Finding:
    """A2: an addition moves the margin and the counter by its amount, and nothing else."""
    async with _position(line) as trade:
        before = await _added(line, trade)
        await line.rest.isolated.add_margin(trade.id, 7)
        after = await _trade(line, trade.id)
        rise = await _added(line, after) - before
    exact = (after.margin - trade.margin, rise, after.entry_margin) == (7, 7, trade.entry_margin)
    return Finding("A2", exact, f"7 sats moved the margin by {after.margin - trade.margin}")


async def funding_and_margin(line: Line) -> Finding:
    """A3: a paid funding fee lowers the margin by itself, a received one leaves it alone."""
    running = await line.rest.isolated.running()
    found = [trade for trade in running.items if trade.client_id == STANDING]
    if not found:
        found = [
            await line.rest.isolated.new_trade(
                NewTrade(side=Side.BUY, leverage=LEVERAGE, quantity=SIZE, client_id=STANDING)
            )
        ]
    if line.settle is not None:
        await line.settle()
    trade = await _trade(line, found[0].id)
    page = await line.rest.isolated.funding_fees(PageQuery(limit=1_000), trade=trade.id)
    fees = [fee.fee for fee in page.data]
    if not any(fees):
        return Finding("A3", None, f"no settlement yet; {STANDING} stays open for the next time")
    exact = await _added(line, trade) == 0
    return Finding("A3", exact, f"fees {fees}: margin {trade.margin} of {trade.entry_margin}")


async def quick_readings(line: Line) -> Finding:
    """A4: a reading shows an addition within the lag that is allowed."""
    worst = 0
    async with _position(line) as trade:
        for n in range(1, line.samples + 1):
            await line.rest.isolated.add_margin(trade.id, 1)
            done = line.clock.monotonic_ms()
            while (await _trade(line, trade.id)).margin < trade.margin + n:
                if line.clock.monotonic_ms() - done > 10 * LAG_MS:
                    return Finding("A4", holds=False, seen=f"not shown after {10 * LAG_MS} ms")
                await line.clock.sleep(0.05)
            worst = max(worst, line.clock.monotonic_ms() - done)
    return Finding("A4", worst <= LAG_MS, f"at most {worst} ms in {line.samples} additions")


async def _stamped(line: Line, age_ms: int) -> tuple[AxisorError | None, int]:
    """Send an addition with a stamp so old; return the refusal, and what was added."""
    async with _position(line) as trade:
        before = await _added(line, trade)
        stamp = line.venue_now_ms() - age_ms
        error = await _try(line.blunt.isolated.add_margin(trade.id, 1, signed_at_ms=stamp))
        return error, await _added(line, await _trade(line, trade.id)) - before


async def window_of_signatures(line: Line) -> Finding:
    """A5: a signature is good for 30 seconds and not longer."""
    late, late_added = await _stamped(line, WINDOW_MS + MARGIN_MS)
    early, early_added = await _stamped(line, WINDOW_MS - MARGIN_MS)
    refused = isinstance(late, VenueClockSkew | VenueAuth) and late_added == 0
    told = "told apart" if isinstance(late, VenueClockSkew) else f"not told apart: {late}"
    seen = f"32 s added {late_added}, 28 s added {early_added}; a late stamp is {told}"
    return Finding("A5", refused and early is None and early_added == 1, seen)


async def back_dating(line: Line) -> Finding:
    """A6: a stamp may be 25 seconds old."""
    error, added = await _stamped(line, 25_000)
    return Finding("A6", error is None and added == 1, f"25 s old: {error or 'accepted'}")


async def refusals_without_effect(line: Line) -> Finding:
    """A7: 400, 401 and 429 come before any effect."""
    async with _position(line) as trade:
        before = await _added(line, trade)
        too_much = await _try(line.rest.isolated.add_margin(trade.id, 2_000_000_000_000_000))
        bad_key = await _try(line.wrong.isolated.add_margin(trade.id, 1))
        crowd = await asyncio.gather(
            *[_try(line.hasty.isolated.add_margin(trade.id, 1)) for _ in range(15)]
        )
        await line.clock.sleep(2)
        rise = await _added(line, await _trade(line, trade.id)) - before
    done = sum(error is None for error in crowd)
    crowded = sum(isinstance(error, VenueRateLimited) for error in crowd)
    seen = (
        f"{type(too_much).__name__}, {type(bad_key).__name__}, {crowded} of 15 had too many: "
        f"{done} done, {rise} sats added"
    )
    if crowded == 0:
        return Finding("A7", None, seen)
    refused = isinstance(too_much, VenueRefused) and isinstance(bad_key, VenueAuth)
    return Finding("A7", refused and done + crowded == 15 and rise == done, seen)


async def closing_twice(line: Line) -> Finding:
    """A8: a position that is closed cannot be closed again."""
    async with _position(line) as trade:
        await line.rest.isolated.close(trade.id)
        balance = (await line.rest.account.account()).balance
        error = await _try(line.rest.isolated.close(trade.id))
        same = (await line.rest.account.account()).balance == balance
    return Finding("A8", isinstance(error, VenueRefused) and same, f"{error}")


async def stops_by_themselves(line: Line) -> Finding:
    """A9: the venue executes a stop-loss without us."""
    async with _position(line) as trade:
        stop = (trade.price.exact * (1 - STOP_GAP)).quantize(Decimal(1))
        await line.rest.isolated.set_stoploss(trade.id, stop)
        if line.nudge is not None:
            await line.nudge(stop - 1)
        waited = 0.0
        while waited < PATIENCE_S:
            running = await line.rest.isolated.running()
            if all(other.id != trade.id for other in running.items):
                closed = await line.rest.isolated.closed(PageQuery(limit=10))
                ended = next(row for row in closed.data if row.id == trade.id)
                return Finding("A9", ended.closed, f"stop {stop}, out at {ended.exit_price}")
            await line.clock.sleep(2)
            waited += 2
    return Finding("A9", None, f"the price did not reach {stop} within {PATIENCE_S:g} s")


async def readable_rights(line: Line) -> Finding:
    """A10: a key's rights can be read."""
    rights = await line.account.rights()
    return Finding("A10", bool(rights.scopes), f"{sorted(rights.scopes)}")


async def whole_ledger(line: Line) -> Finding:
    """A11: the ledger of cross transfers is complete and newest first."""
    before = await line.account.transfers(after=None)
    margin = (await line.rest.cross.position()).margin
    for amount in (1_000, 2_000):
        await line.rest.cross.deposit(amount)
    await line.rest.cross.withdraw(400)
    after = before[0].id if before else None
    rows = await line.account.transfers(after=after)
    moved = (await line.rest.cross.position()).margin - margin
    await line.rest.cross.withdraw(2_600)
    amounts = [row.amount for row in rows]
    whole = amounts == [-400, 2_000, 1_000] and sum(amounts) == moved
    return Finding("A11", whole, f"rows {amounts}, and {moved} sats moved")


ASSUMPTIONS: dict[str, Assumption] = {
    "A1": Assumption(
        "The venue does not recognise a repeated add-margin.",
        "Nothing: no request is ever repeated.",
        no_deduplication,
    ),
    "A2": Assumption(
        "Adding n sats moves the margin, and the counter of all margin added, by exactly n.",
        "Keep accounts in SHADOW: the counter cannot settle an outcome.",
        exact_addition,
    ),
    "A3": Assumption(
        "A paid funding fee lowers the margin by the fee, a received one leaves it alone.",
        "Keep accounts in SHADOW: the counter cannot settle an outcome across a settlement.",
        funding_and_margin,
    ),
    "A4": Assumption(
        "A reading shows an action within 2 seconds.",
        "Raise `venue.lag_ms` above the longest time seen.",
        quick_readings,
    ),
    "A5": Assumption(
        "A signature older than 30 seconds is refused when it arrives.",
        "Raise `venue.slack_ms` to 30000, which doubles the wait, and set the guard to close.",
        window_of_signatures,
    ),
    "A6": Assumption(
        "A signature may be 25 seconds old.",
        "Leave `venue.back_date_ms` at 0.",
        back_dating,
    ),
    "A7": Assumption(
        "400, 401, 403 and 429 come before any effect.",
        "Report it: these answers would have to count as unknown.",
        refusals_without_effect,
    ),
    "A8": Assumption(
        "Closing a closed position is refused without effect.",
        "Report it: a close could not be called safe to repeat.",
        closing_twice,
    ),
    "A9": Assumption(
        "The venue executes a stop-loss without us.",
        "Do not count on stops: they are no protection while the core is down.",
        stops_by_themselves,
    ),
    "A10": Assumption(
        "The rights of a key can be read.",
        "Check at the venue that the key cannot withdraw.",
        readable_rights,
    ),
    "A11": Assumption(
        "The ledger of cross transfers is complete and newest first.",
        "Do not let rules deposit to the cross wallet: unknown deposits would stay unknown.",
        whole_ledger,
    ),
}
