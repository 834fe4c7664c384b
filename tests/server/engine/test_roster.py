"""Accounts that cannot be opened: said, mended, or removed, without touching the others."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from axisor.errors import AccountNotFound, VenueNotFound
from axisor_server.domain.records import AccountRecord
from tests.support.core import Bench


async def shut(bench: Bench) -> AccountRecord:
    """Store an account whose venue no plugin offers."""
    record = await bench.add_account()
    lost = replace(record, venue="gone")
    await bench.store.write(lambda tx: tx.put_account(lost, revision=lost.revision))
    return lost


async def test_an_account_without_its_venue_says_why_and_acts_not():
    bench = Bench()
    record = await shut(bench)
    engine = bench.engine()

    await engine.start()

    with pytest.raises(VenueNotFound, match="gone"):
        engine.view(record.id)
    assert [summary.acting for summary in engine.status().accounts] == [False]
    await engine.stop(0)


async def test_an_account_that_cannot_be_opened_can_be_removed():
    bench = Bench()
    record = await shut(bench)
    engine = bench.engine()
    await engine.start()

    await engine.close_account(record.id)

    with pytest.raises(AccountNotFound):
        engine.view(record.id)
    await engine.stop(0)
