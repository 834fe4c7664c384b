"""The catalogue of plans: what is there, and what becomes of one that is not there any more."""

from __future__ import annotations

import pytest

from axisor.errors import PlanLimit, PlanNotFound
from axisor.model import Permission
from axisor_server.domain.plans import NO_PLANS, UNBOUND, Catalogue, Plan, check, withheld

FREE = Plan(name="free", accounts=1, trade=False)
CATALOGUE = Catalogue(plans={"free": FREE}, newcomers="free")


def test_whoever_is_on_no_plan_has_no_bound():
    assert NO_PLANS.of("") == CATALOGUE.of("") == UNBOUND
    assert (UNBOUND.calls, UNBOUND.streams, UNBOUND.accounts, UNBOUND.runs) == (None,) * 4
    assert UNBOUND.withheld is Permission.NONE


def test_a_plan_is_found_by_its_name():
    assert CATALOGUE.named("free") == CATALOGUE.of("free") == FREE
    assert FREE.withheld is Permission.TRADE
    with pytest.raises(PlanNotFound) as refused:
        CATALOGUE.named("gold")
    assert refused.value.metadata == {"plan": "gold"}


def test_a_plan_that_is_gone_lets_nothing_begin_and_keeps_nobody_from_calling():
    gone = CATALOGUE.of("gold")

    assert (gone.name, gone.accounts, gone.runs) == ("gold", 0, 0)
    assert (gone.calls, gone.streams, gone.withheld) == (None, None, Permission.NONE)


def test_one_more_is_refused_where_as_many_are_there_as_the_plan_allows():
    check(FREE, "accounts", 1, 0, what="accounts")
    check(FREE, "accounts", None, 9, what="accounts")
    with pytest.raises(PlanLimit, match="the plan free allows 1, and there are 1") as e:
        check(FREE, "accounts", 1, 1, what="accounts")
    assert e.value.metadata == {"plan": "free", "limit": "accounts", "most": "1"}
    assert withheld(FREE, "PlaceOrder").metadata["limit"] == "trade"
