"""Scarce sats go where they keep the most margin alive."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from axisor_margin_guard.allocate import Want, allocate
from tests.plugins.margin_guard import oracle


def want(
    id: str, stake: int, lift: int, target: int, *, percent: int = 1, cap: int = 10**12, **how: str
) -> Want:
    partial = how.get("partial", "spend_what_is_left")
    assert partial in ("spend_what_is_left", "never", "always")
    return Want(id, stake, Fraction(percent, 100), lift, target, cap, partial)  # type: ignore[arg-type]


NEED = st.tuples(st.integers(1, 60), st.integers(1, 40), st.integers(0, 40))


@settings(max_examples=2_000, deadline=None, derandomize=True, database=None)
@given(st.lists(NEED, min_size=1, max_size=6), st.integers(0, 200))
def test_the_choice_equals_the_brute_force_optimum(needs: list[tuple[int, int, int]], money: int):
    rows = tuple((stake, lift, lift + more) for stake, lift, more in needs)
    wants = tuple(want(f"p{place}", *row, percent=place + 1) for place, row in enumerate(rows))

    given_ = allocate(wants, money)

    sums = [given_.get(w.position, 0) for w in wants]
    lifted = tuple(sats >= w.lift for sats, w in zip(sums, wants, strict=True))
    kept = sum(w.stake for w, up in zip(wants, lifted, strict=True) if up)
    whole = sum(sats >= w.target and up for sats, w, up in zip(sums, wants, lifted, strict=True))
    best = oracle.best_rescues(rows, money)
    assert (kept, lifted) == best[:2]
    assert whole >= best[2]
    assert sum(sums) <= money


def test_enough_money_mends_everybody():
    assert allocate((want("a", 5, 10, 30), want("b", 5, 20, 40)), 70) == {"a": 30, "b": 40}


def test_more_margin_is_kept_rather_than_the_nearest_rescue():
    near, rich = want("near", 10, 50, 50, percent=1), want("rich", 100, 60, 60, percent=2)

    assert allocate((near, rich), 70) == {"rich": 60}


def test_of_equal_margin_the_most_endangered_comes_first():
    calm, near = want("calm", 10, 50, 50, percent=2), want("near", 10, 50, 50, percent=1)

    assert allocate((calm, near), 60) == {"near": 50}


def test_what_is_left_goes_on_towards_the_target():
    assert allocate((want("a", 10, 20, 100),), 60) == {"a": 60}


def test_never_partial_takes_all_or_nothing():
    assert allocate((want("a", 10, 20, 100, partial="never"),), 60) == {}


def test_nothing_is_spent_that_does_not_lift():
    assert allocate((want("a", 10, 70, 100),), 60) == {}


def test_always_partial_spends_even_that():
    assert allocate((want("a", 10, 70, 100, partial="always"),), 60) == {"a": 60}


def test_a_cap_is_never_passed():
    assert allocate((want("a", 10, 20, 100, cap=50),), 1_000) == {"a": 50}


def test_many_positions_end_and_stay_within_the_money():
    wants = tuple(
        want(f"p{i}", 1_000 + i * 37 % 211, 500 + i * 53 % 307, 900 + i * 53 % 307, percent=1 + i)
        for i in range(60)
    )

    given_ = allocate(wants, 9_000)

    assert 0 < sum(given_.values()) <= 9_000
