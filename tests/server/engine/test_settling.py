"""What an outcome changes about the account is known together with the outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from msgspec.structs import replace

from axisor.events import IntentSettled, IntentState, PositionChanged
from axisor.intents import AddMargin
from axisor.model import AccountState, Balance, Mode, Position, Side
from axisor_server.domain.account import AccountBook
from axisor_server.domain.intent import encode_action
from axisor_server.domain.witness import Verdict
from axisor_server.engine import settling
from axisor_server.engine.draft import Draft
from tests.support import records

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = Position(
    id="p",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(100_000),
    margin=100_000,
    leverage=Decimal(25),
    liquidation=Decimal(96_154),
    entry_margin=100_000,
)
ADDED = replace(BEFORE, margin=182_541)
RECORD = replace(
    records.intent(state=IntentState.UNKNOWN),
    amount=82_541,
    action=encode_action(AddMargin(position="p", amount=82_541)),
)


def settled(held: Position | None, found: Position) -> Draft:
    positions = () if held is None else (held,)
    book = AccountBook(
        account="a",
        mode=Mode.SIM,
        state=AccountState(balance=Balance(free=1_000_000), positions=positions),
        open={RECORD.id: RECORD},
    )
    draft = Draft(book=book, runs={}, coverage={}, now=NOW)
    verdict = Verdict(IntentState.CONFIRMED, venue_id="p", position=found)
    settling.settle_verdict(draft, RECORD, verdict)
    return draft


def test_the_reading_that_proves_an_addition_is_taken_over_with_it():
    draft = settled(BEFORE, ADDED)

    assert draft.book.state is not None
    assert draft.book.state.position("p") == ADDED
    assert [type(p) for p in draft.payloads] == [IntentSettled, PositionChanged]


def test_a_proof_older_than_what_is_known_does_not_take_the_account_back():
    newer = replace(ADDED, margin=190_000)

    draft = settled(newer, ADDED)

    assert draft.book.state is not None
    assert draft.book.state.position("p") == newer
    assert [type(p) for p in draft.payloads] == [IntentSettled]


def test_an_end_nobody_can_tell_says_so_and_a_position_that_is_gone_says_that():
    stop = replace(RECORD, kind="SetStop", additive=False, amount=0)
    reasons = []
    for held in ((BEFORE,), ()):
        state = AccountState(balance=Balance(free=1), positions=held)
        book = AccountBook(account="a", mode=Mode.SIM, state=state, open={stop.id: stop})
        draft = Draft(book=book, runs={}, coverage={}, now=NOW)
        settling.settle_verdict(draft, stop, Verdict(IntentState.DEAD))
        (said,) = draft.payloads
        assert isinstance(said, IntentSettled)
        reasons.append(said.reason)

    assert reasons == ["OUTCOME_UNKNOWN", "POSITION_NOT_FOUND"]


def test_a_proof_does_not_bring_back_a_position_that_is_gone():
    draft = settled(None, ADDED)

    assert draft.book.state is not None
    assert draft.book.state.positions == ()
