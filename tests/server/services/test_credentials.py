"""A key that can withdraw is refused where money is real, and said aloud where it was meant."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import msgspec
import pytest
from tests.server.rpc.venue import Venue
from tests.support.core import Bench
from tests.support.recording import Recording

from axisor.errors import KeyCanWithdraw
from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor.ports import Credentials, KeyRights, Secret
from axisor_server.domain.plans import NO_PLANS
from axisor_server.engine import Engine, EngineSettings
from axisor_server.engine.keys import open_key
from axisor_server.services.accounts import AccountAnswer, Accounts, NewAccount, stream_of
from axisor_server.services.credentials import vet
from axisor_server.services.plans import Plans
from axisor_server.services.requests import Once, Request


def key(name: str) -> Credentials:
    return Credentials(Secret(name), Secret("secret"), Secret("passphrase"))


class Desk:
    """The use cases of accounts over an engine that allows LIVE."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.count = 0
        self.engine = Engine(
            store=self.bench.store,
            clock=self.bench.clock,
            ids=self.bench.ids,
            vault=self.bench.vault,
            venues={"books": Venue(self.bench.venue)},
            strategies={},
            reviewers=(),
            publish=self.bench.published.extend,
            settings=EngineSettings(owner="core", max_mode=Mode.LIVE),
        )
        recorder = Recording(self.bench.store, self.bench.clock)
        self.accounts = Accounts(
            engine=self.engine,
            store=self.bench.store,
            vault=self.bench.vault,
            venues={"books": Venue(self.bench.venue)},
            clock=self.bench.clock,
            once=Once(self.bench.store, self.bench.clock, self.bench.ids, recorder),
            recorder=recorder,
            max_mode=Mode.LIVE,
            plans=Plans(self.bench.store, NO_PLANS),
        )

    def request(self) -> Request:
        """Return the next request."""
        self.count += 1
        return Request(
            method="m",
            request_id=str(uuid5(NAMESPACE_URL, str(self.count))),
            digest=bytes(32),
            principal="owner",
        )

    async def create(
        self, name: str, *, mode: Mode = Mode.LIVE, network: str = "signet", allow: bool = False
    ) -> AccountAnswer:
        """Add an account with a key of that name."""
        new = NewAccount(
            venue="books",
            network=network,
            mode=mode,
            label="main",
            url="http://127.0.0.1:9" if network == "sim" else "",
            allow_withdrawals=allow,
        )
        return await self.accounts.create(new, key(name), self.request())

    async def kept(self, id: str) -> str:
        """Return the name of an account's key as it is stored."""
        sealed = await self.bench.store.read(lambda view: view.sealed(id))
        assert sealed is not None
        return open_key(self.bench.vault, sealed, account=id, network="signet").key.reveal()

    async def warnings(self, id: str) -> list[Severity]:
        """Return the notices of an account's journal about its key."""
        notices = [
            msgspec.json.decode(entry.payload, type=NoticeGiven)
            for entry in self.bench.published
            if entry.stream == stream_of(id) and entry.kind == NoticeGiven.__name__
        ]
        return [each.severity for each in notices if each.code == "KEY_CAN_WITHDRAW"]


@pytest.fixture
async def desk() -> Desk:
    """Return a desk whose core is started."""
    made = Desk()
    await made.bench.store.open()
    await made.engine.start()
    return made


async def test_a_live_account_is_not_added_with_a_key_that_can_withdraw(desk: Desk):
    with pytest.raises(KeyCanWithdraw):
        await desk.create("withdraws")

    assert await desk.bench.store.read(lambda view: view.accounts()) == ()


async def test_one_whose_owner_means_it_is_added_and_its_journal_says_so_aloud(desk: Desk):
    made = await desk.create("withdraws", allow=True)

    assert await desk.kept(made.account.id) == "withdraws"
    assert await desk.warnings(made.account.id) == [Severity.CRIT]


async def test_a_key_that_cannot_withdraw_is_taken_quietly(desk: Desk):
    made = await desk.create("trades")

    assert await desk.warnings(made.account.id) == []


def test_a_venue_that_does_not_tell_is_taken_at_its_word():
    for rights in (KeyRights(frozenset(), None), KeyRights(frozenset(), can_withdraw=False)):
        vet(rights, Mode.LIVE, allow_withdrawals=False, venue="books")


@pytest.mark.parametrize(("mode", "network"), [(Mode.SHADOW, "signet"), (Mode.SIM, "sim")])
async def test_where_nothing_real_is_sent_such_a_key_is_only_reported(
    desk: Desk, mode: Mode, network: str
):
    made = await desk.create("withdraws", mode=mode, network=network)

    report = await desk.accounts.test_credentials(made.account.id)
    assert report.can_withdraw
    assert report.text.startswith("DANGER")


async def test_a_replacement_that_can_withdraw_is_refused_and_the_old_key_stays(desk: Desk):
    id = (await desk.create("trades")).account.id

    with pytest.raises(KeyCanWithdraw):
        await desk.accounts.replace_credentials(id, key("withdraws"), desk.request())

    assert await desk.kept(id) == "trades"


async def test_a_replacement_that_is_meant_is_taken_and_said_aloud(desk: Desk):
    id = (await desk.create("trades")).account.id

    done = await desk.accounts.replace_credentials(
        id, key("withdraws"), desk.request(), allow_withdrawals=True
    )

    assert done.report.can_withdraw
    assert await desk.kept(id) == "withdraws"
    assert await desk.warnings(id) == [Severity.CRIT]
