"""The breaker as a state machine in virtual time, and that it never holds up what protects."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.clocks import HandClock, JumpingClock
from tests.plugins.lnmarkets.links import account_client
from tests.plugins.lnmarkets.server import HANG_UP, Script, answer

from axisor.errors import OutcomeUnknown, VenueError, VenueUnavailable
from axisor.intents import AddMargin
from axisor.ports import Confirmed, Lane
from axisor_lnmarkets.breaker import HISTORY, Breaker, Breakers, Rule, State
from axisor_lnmarkets.limiter import AUTHENTICATED
from axisor_lnmarkets.rest import Rest

RULE = Rule(failures=3, window_ms=1_000, pause_ms=500)
FREE = [Lane.GUARD, Lane.RECONCILE]
GATED = [Lane.COMMAND, Lane.READ]
ACCOUNT = "GET /v3/account"
RUNNING = "GET /v3/futures/isolated/trades/running"
ADD = "POST /v3/futures/isolated/trade/add-margin"


def breaker() -> tuple[Breaker, JumpingClock]:
    clock = JumpingClock()
    return Breaker("account", clock, RULE), clock


async def ask(one: Breaker, alive: bool | None, lane: Lane = Lane.READ) -> bool:
    """Ask one question; returns whether it was let go."""
    try:
        async with one.asking(lane) as call:
            call.alive = alive
    except VenueUnavailable:
        return False
    return True


async def opened() -> tuple[Breaker, JumpingClock]:
    one, clock = breaker()
    for _ in range(RULE.failures):
        await ask(one, alive=False)
    assert one.state is State.OPEN
    return one, clock


async def test_it_opens_after_so_many_failures_within_its_window():
    one, clock = breaker()
    await ask(one, alive=False)
    await ask(one, alive=False)
    clock.ms += RULE.window_ms
    await ask(one, alive=False)
    early = one.state
    await ask(one, alive=False)
    await ask(one, alive=False)

    assert (early, one.state) == (State.CLOSED, State.OPEN)
    assert not await ask(one, alive=True)
    assert one.circuit().opened == 1


async def test_answers_that_prove_nothing_neither_open_nor_close_it():
    one, clock = breaker()
    for _ in range(10):
        await ask(one, alive=None)
    closed = one.state
    one, clock = await opened()
    clock.ms += RULE.pause_ms
    await ask(one, alive=None)

    assert (closed, one.state) == (State.CLOSED, State.HALF_OPEN)
    assert await ask(one, alive=True)


@pytest.mark.parametrize(("alive", "after"), [(True, State.CLOSED), (False, State.OPEN)])
async def test_after_a_pause_one_question_decides(alive, after):
    one, clock = await opened()
    clock.ms += RULE.pause_ms - 1
    early = await ask(one, alive=True)
    clock.ms += 1

    late = await ask(one, alive=alive)

    assert (early, late, one.state) == (False, True, after)


@pytest.mark.parametrize(("alive", "went"), [(True, 5), (False, 0)])
async def test_others_wait_for_what_the_probe_brings(alive, went):
    one, clock = await opened()
    clock.ms += RULE.pause_ms
    hold = asyncio.Event()

    async def probe() -> None:
        async with one.asking(Lane.READ) as call:
            await hold.wait()
            call.alive = alive

    probing = asyncio.ensure_future(probe())
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(ask(one, alive=True)) for _ in range(5)]
    await asyncio.sleep(0)
    waited = not any(other.done() for other in others)
    hold.set()
    await probing

    assert waited
    assert sum(await asyncio.gather(*others)) == went


async def test_a_probe_that_is_canceled_leaves_its_place_to_the_next():
    one, clock = await opened()
    clock.ms += RULE.pause_ms

    async def probe() -> None:
        async with one.asking(Lane.READ):
            await asyncio.Event().wait()

    probing = asyncio.ensure_future(probe())
    await asyncio.sleep(0)
    other = asyncio.ensure_future(ask(one, alive=True))
    await asyncio.sleep(0)
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)

    assert await other
    assert one.state is State.CLOSED


@pytest.mark.parametrize("lane", FREE)
async def test_what_protects_always_goes_and_its_answer_counts(lane):
    one, _ = await opened()

    states = []
    for alive in (False, True):
        assert await ask(one, alive=alive, lane=lane)
        states.append(one.state)

    assert states == [State.OPEN, State.CLOSED]


steps = st.lists(
    st.tuples(st.integers(0, 700), st.sampled_from([True, False, None]), st.sampled_from(Lane)),
    max_size=60,
)


@given(steps)
async def test_any_history_keeps_to_the_rule(history):
    one, clock = breaker()
    failures: list[int] = []
    opened_ms: int | None = None
    for pause, alive, lane in history:
        clock.ms += pause
        before = one.state
        went = await ask(one, alive=alive, lane=lane)

        if lane in FREE or before is not State.OPEN:
            assert went
        else:
            assert opened_ms is not None
            assert went is (clock.ms - opened_ms >= RULE.pause_ms)
        if went and alive is False and before is State.CLOSED:
            failures.append(clock.ms)
        if one.state is State.OPEN and (before is not State.OPEN or (went and lane in GATED)):
            opened_ms = clock.ms
            if before is State.CLOSED:
                assert clock.ms - failures[-RULE.failures] < RULE.window_ms
        if one.state is State.CLOSED and before is not State.CLOSED:
            assert alive
            failures.clear()


async def exhaust(rest: Rest, venue: Script, reply: bytes = HANG_UP) -> None:
    """Have a client's account reads fail until they are given up."""
    venue.on(ACCOUNT, reply)
    for _ in range(Rule().failures):
        with pytest.raises(VenueError):
            await rest.account.account()


@pytest.mark.parametrize("reply", [HANG_UP, answer(b"", 500), answer(b"", 503)])
async def test_reads_that_fail_are_given_up_and_tried_again_by_one(
    venue: Script, rest: Rest, reply: bytes
):
    await exhaust(rest, venue, reply)
    sent = len(venue.seen)
    venue.on(ACCOUNT, answers.ACCOUNT)

    with pytest.raises(VenueUnavailable, match="asked again soon") as caught:
        await rest.account.account()
    unsent = len(venue.seen) == sent
    await rest.transport.clock.sleep(Rule().pause_ms / 1000)
    together = await asyncio.gather(*[rest.account.account() for _ in range(4)])

    assert unsent
    assert caught.value.metadata["circuit"] == "account"
    assert len(together) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 429])
async def test_a_refusal_opens_nothing(venue: Script, rest: Rest, status: int):
    await exhaust(rest, venue, answer({"code": "X"}, status))

    assert rest.transport.breakers.account.state is State.CLOSED


async def test_changes_and_guards_and_witnesses_pass_a_breaker_that_reads_opened(
    venue: Script, rest: Rest
):
    await exhaust(rest, venue)
    venue.on(ADD, answers.RUNNING)
    venue.on(RUNNING, [answers.RUNNING])

    added = await rest.isolated.add_margin(answers.TRADE_ID, 1)
    still = rest.transport.breakers.account.state
    witness = await rest.isolated.running(lane=Lane.RECONCILE)

    assert added.id == answers.TRADE_ID
    assert still is State.OPEN, "a change says nothing about reads"
    assert witness.items
    assert rest.transport.breakers.account.state is State.CLOSED


async def test_changes_that_fail_open_nothing(venue: Script, rest: Rest):
    venue.on(ADD, HANG_UP)
    for _ in range(10):
        with pytest.raises(OutcomeUnknown):
            await rest.isolated.add_margin(answers.TRADE_ID, 1)

    states = {circuit.state for circuit in rest.transport.breakers.circuits()}
    assert states == {"closed"}


async def test_each_class_has_its_own(venue: Script, rest: Rest):
    await exhaust(rest, venue)
    venue.on("GET /v3/futures/cross/transfers", answers.page())
    venue.on("GET /v3/futures/ticker", answers.TICKER)

    await rest.cross.transfers()
    await rest.general.ticker()

    circuits = rest.transport.breakers.circuits()
    assert [(c.name, c.state, c.opened) for c in circuits] == [
        ("public", "closed", 0),
        ("account", "open", 1),
        ("history", "closed", 0),
    ]


async def test_what_queued_before_an_outage_is_not_sent_after_it(venue: Script):
    clock = HandClock()
    account = account_client(venue.url, clock)
    rest = account._rest
    venue.on(ACCOUNT, HANG_UP)
    reads = [asyncio.ensure_future(rest.account.account()) for _ in range(60)]
    async with asyncio.timeout(20):
        while not all(read.done() for read in reads):
            before = sum(read.done() for read in reads)
            await asyncio.sleep(0.01)  # what was let go comes back
            if sum(read.done() for read in reads) == before and clock.next_ms is not None:
                await clock.move_to(clock.next_ms)

    came = await asyncio.gather(*reads, return_exceptions=True)

    assert all(isinstance(error, VenueUnavailable) for error in came)
    # The first ones failed; what still waited for its turn then never left.
    assert Rule().failures <= len(venue.seen) <= Rule().failures + AUTHENTICATED.requests
    await account.aclose()


PATHS: dict[str, Any] = {
    ACCOUNT: answers.ACCOUNT,
    RUNNING: [answers.RUNNING],
    "GET /v3/futures/isolated/trades/open": [],
    "GET /v3/futures/cross/position": answers.FLAT,
    "GET /v3/futures/cross/orders/open": [],
}


async def test_after_an_outage_an_account_is_read_again_and_acts(venue: Script):
    clock = JumpingClock()
    account = account_client(venue.url, clock)
    venue.on("GET /v3/time", answers.TIME)
    for path in PATHS:
        venue.on(path, answer(b"", 503))
    for _ in range(300):
        with pytest.raises(VenueUnavailable):
            await account.read()
        await clock.sleep(2)
    before = {circuit.name: circuit for circuit in account.budget().circuits}
    asked = len(venue.seen)
    await clock.sleep(Rule().pause_ms / 1000)
    for path, reply in PATHS.items():
        venue.on(path, reply)
    venue.on(ADD, answers.RUNNING)

    state = await account.read()
    stamp = int(clock.now().timestamp() * 1000)
    done = await account.send(AddMargin(position=answers.TRADE_ID, amount=1), signed_at_ms=stamp)

    assert before["account"].opened >= 50
    assert asked < 300, "a venue that is down was asked as often as one that is up"
    assert [position.id for position in state.positions] == [answers.TRADE_ID]
    assert isinstance(done, Confirmed)
    assert {circuit.state for circuit in account.budget().circuits} == {"closed"}
    await account.aclose()


def test_every_list_of_pages_is_history():
    breakers = Breakers(JumpingClock())
    for path in HISTORY:
        assert breakers.of(path, signed=True) is breakers.history
    assert breakers.of("/v3/futures/isolated/trades/running", signed=True) is breakers.account
    assert breakers.of("/v3/futures/ticker", signed=False) is breakers.public
