"""The demo is its own test: quick, with figures that follow from its wishes."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("trigger", "added"), [("2", 82_541), ("3", None)])
def test_the_rescue_follows_from_the_rule(axisor, trigger, added):
    ran = axisor("demo", "--json", "--speed", "4", "--trigger", trigger)

    assert ran.code == 0, ran.err
    assert ran.json["guarded_alive"]
    assert ran.json["unguarded_end"] == "liquidated"
    assert ran.json["unguarded_pl_sats"] == -100_000
    assert ran.json["problem"] == ""
    assert ran.json["rescues"] >= 1
    if added is not None:
        assert ran.json["added_sats"] == added
    else:
        assert ran.json["added_sats"] != 82_541
