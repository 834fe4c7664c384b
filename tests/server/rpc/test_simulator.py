"""Moving a simulator's price: once for each request, and never where anything is real."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.server.rpc.serving import READER, TOKEN, Served
from tests.server.rpc.test_people import client

from axisor.errors import FieldInvalid, NotSupported, PermissionDenied
from axisor.model import Mode
from axisor.ports import Secret

REQUEST = "0d9f3c7e-0000-4000-8000-0000000000d1"
CRASH = Decimal("-0.06")


async def test_a_repeated_move_is_made_once(core: Served, account: str) -> None:
    owner, before = client(core, Secret(TOKEN)), core.sim.exchange.quote.last

    first = await owner.simulator.move_price(account, CRASH, request_id=REQUEST)
    again = await owner.simulator.move_price(account, CRASH, request_id=REQUEST)

    assert first == again == core.sim.exchange.quote.last == before * Decimal("0.94")


async def test_an_account_that_is_not_in_sim_has_no_price_to_move(core: Served) -> None:
    owner, before = client(core, Secret(TOKEN)), core.sim.exchange.quote.last
    paper = await owner.accounts.create(
        venue="books", network="signet", mode=Mode.PAPER, label="paper"
    )

    with pytest.raises(NotSupported, match="PAPER"):
        await owner.simulator.move_price(paper.id, CRASH)

    assert core.sim.exchange.quote.last == before


async def test_a_move_of_nothing_is_refused(core: Served, account: str) -> None:
    with pytest.raises(FieldInvalid):
        await client(core, Secret(TOKEN)).simulator.move_price(account, Decimal(0))


async def test_who_may_only_look_moves_no_price(core: Served, account: str) -> None:
    before = core.sim.exchange.quote.last

    with pytest.raises(PermissionDenied):
        await client(core, Secret(READER)).simulator.move_price(account, CRASH)

    assert core.sim.exchange.quote.last == before
