"""What guards are asked is computed beside the loop, and of each guard once."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from tests.server.rpc.serving import TOKEN, Served, bearer, creation, serving
from tests.support.core import Watcher
from tests.support.processes import until

from axisor.client import Client
from axisor.strategy import Floor, PlanRow, View
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor_server.adapters import tls

asked: list[tuple[str, int]] = []


class Asked(Watcher):
    """Notes what it is asked, and in which thread."""

    name = "asked"

    def plan(self, view: View) -> tuple[PlanRow, ...]:
        """Note it."""
        asked.append(("plan", threading.get_ident()))
        return super().plan(view)

    def floors(self, view: View) -> tuple[Floor, ...]:
        """Note it."""
        asked.append(("floors", threading.get_ident()))
        return super().floors(view)


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    asked.clear()


@pytest.fixture
async def guarded(certificate: tls.Certificate) -> AsyncIterator[tuple[Client, str]]:
    """Serve an account under the guard; give a client and the account."""
    async with serving(certificate, strategies=(Asked,)) as core:
        async with core.channel() as channel:
            made = await AccountServiceStub(channel).CreateAccount(creation(), metadata=bearer())
        account = made.account.name.partition("/")[2]
        async with Client.connect(
            f"127.0.0.1:{core.port}", token=TOKEN, certificate=core.certificate
        ) as client:
            run = (await client.strategies.create_run(account, "asked")).run
            await client.strategies.start_run(account, run.id)
            await until(lambda: _covers(core, account), "the guard covers the long")
            yield client, account


def _covers(core: Served, account: str) -> bool:
    return bool(core.engine.view(account).positions) and bool(core.engine.protections(account))


@pytest.mark.parametrize("question", ["plan", "floor"])
async def test_a_guard_is_asked_beside_the_loop(guarded: tuple[Client, str], question: str) -> None:
    client, account = guarded

    await getattr(client.guard, question)(account)

    assert [thread for _, thread in asked if thread == threading.get_ident()] == []
    assert len(asked) == 1


async def test_a_what_if_asks_each_guard_once(guarded: tuple[Client, str]) -> None:
    client, account = guarded

    await client.margin.what_if(account, price=Decimal(50_000))

    assert sorted(name for name, _ in asked) == ["floors", "plan"]
    assert threading.get_ident() not in {thread for _, thread in asked}
