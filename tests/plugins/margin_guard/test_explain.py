"""A decision explains itself in the words of its rule, whatever else this process decided."""

from __future__ import annotations

from decimal import Decimal

from axisor_margin_guard.config import Rule
from axisor_margin_guard.explain import rule_text


def test_a_rule_is_told_as_it_is_written_also_after_an_equal_one() -> None:
    plain = Rule(trigger=Decimal("2"), target=Decimal("5"))
    precise = Rule(trigger=Decimal("2.00"), target=Decimal("5.00"))

    assert plain == precise
    assert rule_text(plain).startswith("below 2 % distance to liquidation, restore a distance of 5")
    assert rule_text(precise).startswith("below 2.00 % distance")
    assert "a distance of 5.00 %" in rule_text(precise)
