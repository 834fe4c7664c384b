"""The demo is its own test: quick, with figures that follow from its wishes."""

from __future__ import annotations


def test_the_rescue_follows_from_the_rule(axisor):
    """With the usual rule, whose rescue is 82,541 sat, `tests/e2e/test_demo.py` runs it."""
    ran = axisor("demo", "--json", "--speed", "4", "--trigger", "3")

    assert ran.code == 0, ran.err
    assert ran.json["guarded_alive"]
    assert ran.json["unguarded_end"] == "liquidated"
    assert ran.json["unguarded_pl_sats"] == -100_000
    assert ran.json["problem"] == ""
    assert ran.json["rescues"] >= 1
    assert ran.json["added_sats"] != 82_541
