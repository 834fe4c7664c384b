"""How the demo's end is told: the figures it was given, and no more than is true."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from msgspec import structs

from axisor.events import IntentPlanned, PositionChanged
from axisor.intents import AddMargin, Check, Why
from axisor.model import FeedQuality, Position, Side, Tick
from axisor.wire.records import TickReport
from axisor_cli.narration import Narrator, Result, _budget_left

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ID = "7f3a0000-0000-4000-8000-000000000001"


def position(id: str = ID) -> Position:
    return Position(
        id=id,
        side=Side.BUY,
        quantity=2_500,
        entry=Decimal(100_000),
        margin=182_541,
        leverage=Decimal(25),
        liquidation=Decimal(93_195),
        pl=-15_091,
    )


def result(**changed: object) -> Result:
    usual: dict[str, object] = {
        "guarded": position(),
        "guarded_pl": -15_091,
        "unguarded_pl": -100_000,
        "unguarded_end": "liquidated",
        "added": 82_541,
        "rescues": 1,
        "events": 36,
        "problem": "",
    }
    return Result(**(usual | changed))  # type: ignore[arg-type]


def test_a_rescue_is_told_with_what_it_saved():
    lines = result().lines()

    assert "guarded -15,091 sat (open, safe)" in lines[0]
    assert "unguarded -100,000 sat (gone: liquidated)" in lines[0]
    assert "saved 84,909 sat" in lines[0]
    assert "36 events holds" in lines[1]


def test_without_a_rescue_the_word_was_not_kept():
    calm = result(rescues=0, added=0)

    assert not calm.kept_its_word
    assert any("never came near" in line for line in calm.lines())


def test_a_lost_position_or_a_broken_journal_is_not_glossed_over():
    assert not result(guarded=None).kept_its_word
    broken = result(problem="hash of 7")
    assert not broken.kept_its_word
    assert any("BROKEN: hash of 7" in line for line in broken.lines())


def test_the_record_has_every_figure():
    assert result().record() == {
        "guarded_alive": True,
        "guarded_pl_sats": -15_091,
        "guarded_margin_sats": 182_541,
        "guarded_liquidation_usd": Decimal(93_195),
        "unguarded_end": "liquidated",
        "unguarded_pl_sats": -100_000,
        "added_sats": 82_541,
        "rescues": 1,
        "events": 36,
        "problem": "",
    }


def test_the_twins_are_introduced():
    said: list[str] = []

    Narrator("acc", position(), position("b"), say=said.append)

    assert "A-guarded" in said[0]
    assert "B-unguarded" in said[1]
    assert all("margin 182,541 sat" in line for line in said)


def test_the_budget_is_what_the_guard_said_of_it():
    check = Check("budgets of the position", "82541", "500000", passed=True)
    action = AddMargin(position=ID, amount=82_541, why=Why(rule="r", checks=(check,)))

    assert _budget_left(action) == "  (may spend 500,000, left 417,459)"
    assert _budget_left(AddMargin(position=ID, amount=1)) == ""


def test_a_rescue_is_told_at_the_price_it_was_decided_by_however_late_it_is_heard():
    said: list[str] = []
    narrator = Narrator("acc", position(), position("b"), say=said.append)
    why = Why(rule="r", inputs={"price": "98100", "distance_percent": "1.98"})
    rescue = AddMargin(position=ID, amount=82_541, why=why)
    after = structs.replace(position(), liquidation=Decimal(93_000))
    late = Tick(
        time=NOW, received=NOW, last=Decimal("98133.5"), bid=None, ask=None, source="stream"
    )

    narrator._tick(TickReport(tick=late, quality=FeedQuality.FRESH))
    narrator._happened(IntentPlanned(intent="i", action=rescue, target=ID, run="guard"))
    narrator._happened(PositionChanged(position=after))

    assert said[-2].endswith("98,100  GUARD  A is 1.98 % from liquidation: add 82,541 sat")
    assert "98,100  A  5.20 %" in said[-1]
