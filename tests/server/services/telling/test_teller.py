"""What a journal says is written down once for each channel, sent, tried again, and never lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.postgres import postgres_dsn, postgres_server
from tests.support.tellers import HALT, RESUMED, URL, House

from axisor.errors import AxisorError, DeliveryDelayed, DeliveryRefused, DeliveryUnknown
from axisor.events import ChangeMade, NoticeGiven, RunChanged, RunState
from axisor.model import PlatformRole, Role, Severity
from axisor.notices import Answer, NoticeLevel, Target
from axisor.states import DeliveryState
from axisor.testing.way import MemoryWay
from axisor_channels import Discord
from axisor_server.adapters.database import postgres_store, sqlite_store
from axisor_server.adapters.memory.clock import START
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.domain import memberships, people
from axisor_server.domain.journal import to_us
from axisor_server.domain.memberships import Membership
from axisor_server.domain.telling.records import (
    CHANNEL,
    Channel,
    read,
)
from axisor_server.ports import Store
from axisor_server.services.telling.sending import PURPOSE

__all__ = ["postgres_dsn", "postgres_server"]

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    store: Store
    if request.param == "memory":
        store = MemoryStore(lambda: to_us(START))
    elif request.param == "sqlite":
        store = sqlite_store(tmp_path / "data")
    else:
        store = postgres_store(request.getfixturevalue("postgres_dsn"))
    await store.open()
    made = House(store)
    await made.teller.follower.round()
    yield made
    await store.close()


@pytest.fixture
async def memory() -> House:
    store = MemoryStore(lambda: to_us(START))
    await store.open()
    made = House(store)
    await made.teller.follower.round()
    return made


async def test_an_event_is_told_once_to_each_channel_that_hears_it(house: House):
    await house.channel("c1")
    await house.channel("c2", min_level=NoticeLevel.LOST)
    await house.channel("c3", paused=True)

    await house.write(HALT)
    for _ in range(3):
        await house.turn()

    assert house.texts() == ["CRIT [SIM] New risk is halted by ada"]
    assert [each.url for each in house.way.posted] == [f"{URL}-c1?wait=true"]
    (sent,) = await house.deliveries()
    assert (sent.state, sent.attempts) == (DeliveryState.SENT, 1)


async def test_a_pause_is_told_with_who_asked_for_it_and_its_reason_as_it_was_given(memory: House):
    await memory.channel()
    paused = RunChanged(
        run="r",
        strategy="margin-guard",
        state=RunState.PAUSED,
        reason="lunch",
        resumes_at=START + timedelta(minutes=15),
    )

    await memory.write(
        paused, ChangeMade(principal="people/ben", method="PauseRun", request_id="q")
    )
    await memory.turn()

    (said,) = memory.texts()
    assert said.startswith("WARN [SIM] margin-guard was paused by people/ben at ")


async def test_the_core_s_words_come_in_the_language_of_the_rules(memory: House):
    await memory.channel()
    await memory.rules(language="pt-BR")

    await memory.write(
        RunChanged(
            run="r",
            strategy="dca",
            state=RunState.FAILED,
            reason="A step took 1200 ms; the leash allows 1000 ms.",
        )
    )
    await memory.turn()

    (sent,) = await memory.deliveries()
    assert sent.notice.title == "dca falhou"
    assert sent.notice.effect == "Um passo levou 1200 ms; o limite são 1000 ms."


async def test_what_is_written_is_there_once_whoever_reads_the_journal_again(house: House):
    await house.channel()
    await house.write(HALT, RESUMED)
    await house.turn()

    await house.teller.finish()
    other = house.another("two")
    await house.turn(other)

    assert len(await house.deliveries()) == len(house.way.posted) == 2


async def test_a_message_is_tried_again_until_it_is_taken(house: House):
    await house.channel()
    house.way.answers.extend([Answer(503), DeliveryUnknown("cut"), Answer(200, b'{"id":"7"}')])
    await house.write(HALT)

    for _ in range(3):
        await house.turn()
        await house.clock.advance(10)

    (sent,) = await house.deliveries()
    assert (sent.state, sent.attempts, sent.receipt) == (DeliveryState.SENT, 3, "7")


async def test_a_core_that_ends_between_sending_and_marking_sends_again_with_the_same_id(
    memory: House,
):
    await memory.channel()
    await memory.write(HALT)
    await memory.teller.follower.round()

    class Gone(BaseException):
        """The process ends here."""

    class Cut(MemoryWay):
        async def post(self, url: str, **given: Any) -> Answer:
            await super().post(url, **given)
            raise Gone

    cut = Cut()
    dying = memory.another("one", cut)
    await dying.follower.round()
    await dying.sender.round()
    await dying.sender.settle()
    (left,) = await memory.deliveries()

    await memory.turn(memory.another("one"))

    assert left.state is DeliveryState.SENDING
    (sent,) = await memory.deliveries()
    assert (sent.state, sent.attempts) == (DeliveryState.SENT, 2)
    assert [each.body for each in cut.posted] == [each.body for each in memory.way.posted]


@pytest.mark.parametrize(
    ("kind", "error", "state"),
    [
        ("discord", DeliveryUnknown("cut"), DeliveryState.QUEUED),
        ("bell", DeliveryUnknown("cut"), DeliveryState.DEAD),
        ("bell", DeliveryDelayed("later"), DeliveryState.QUEUED),
        ("discord", DeliveryRefused("never"), DeliveryState.DEAD),
        ("none", None, DeliveryState.QUEUED),
    ],
)
async def test_how_a_try_ended_says_whether_there_is_another(
    memory: House, kind: str, error: AxisorError | None, state: DeliveryState
):
    await memory.channel(notifier=kind)
    if error is not None:
        memory.way.answers.append(error)
    await memory.write(HALT)

    await memory.turn()

    (left,) = await memory.deliveries()
    assert left.state is state
    assert left.error
    (channel,) = [
        read(each, Channel) for each in await memory.store.read(lambda v: v.documents(CHANNEL))
    ]
    assert channel.trouble == left.error


async def test_a_notifier_that_raises_anything_is_not_quoted(memory: House):
    class Broken(MemoryWay):
        async def post(self, url: str, **given: Any) -> Answer:
            raise RuntimeError(f"no route to {url}")

    await memory.channel()
    await memory.write(HALT)
    broken = memory.another("one", Broken())
    await memory.turn(broken)

    (left,) = await memory.deliveries()
    assert left.error == "The notifier failed with RuntimeError."


async def test_a_channel_that_is_refused_is_told_by_the_others(memory: House):
    await memory.channel("c1")
    await memory.channel("c2", min_level=NoticeLevel.LOST)
    memory.way.answers.append(Answer(404))
    await memory.write(HALT)

    for _ in range(2):
        await memory.turn()

    assert memory.texts()[1] == "CRIT The channel c1 does not work"
    assert memory.way.posted[1].url.endswith("c2?wait=true")


async def test_a_channel_that_hangs_keeps_no_other_waiting(memory: House):
    class Half(MemoryWay):
        async def post(self, url: str, **given: Any) -> Answer:
            if "-slow" in url:
                await memory.clock.sleep(10_000)
            return await super().post(url, **given)

    half = Half()
    teller = memory.another("one", half)
    await memory.channel("slow")
    await memory.channel("quick")
    await memory.write(HALT)
    await teller.follower.round()
    await teller.sender.round()
    await memory.clock.advance(1)

    assert [each.url for each in half.posted] == [f"{URL}-quick?wait=true"]
    states = {each.channel: each.state for each in await memory.deliveries()}
    assert states == {"slow": DeliveryState.SENDING, "quick": DeliveryState.SENT}
    for task in list(teller.sender._busy.values()):
        task.cancel()
    await teller.sender.settle()


async def test_what_happened_first_is_told_first_though_both_are_read_at_once(memory: House):
    await memory.channel()
    texts = [f"It happened {n}." for n in range(8)]

    await memory.write(
        *(
            NoticeGiven(severity=Severity.WARN, code=f"CODE_{n}", text=text)
            for n, text in enumerate(texts)
        )
    )
    await memory.turn()

    assert [text.removeprefix("WARN [SIM] ") for text in memory.texts()] == texts


async def test_a_flood_is_summed_up_with_an_honest_number(memory: House):
    await memory.channel(min_level=NoticeLevel.WARN)
    flood = [NoticeGiven(severity=Severity.WARN, code=f"N{n}", text=f"n {n}") for n in range(40)]
    await memory.write(*flood)

    await memory.turn()

    assert len(memory.way.posted) == Discord.per_minute
    last = json.loads(memory.way.posted[-1].body)["content"]
    assert last.endswith(f"and {40 - Discord.per_minute} more: axisor alert list")
    states = [each.state for each in await memory.deliveries()]
    assert states.count(DeliveryState.SENT) == Discord.per_minute
    assert states.count(DeliveryState.SUMMARIZED) == 40 - Discord.per_minute


@pytest.mark.parametrize(
    ("role", "member", "hears"),
    [
        (PlatformRole.NONE, True, True),
        (PlatformRole.NONE, False, False),
        (PlatformRole.OWNER, False, True),
    ],
)
async def test_only_who_sees_an_account_is_told_of_it(
    memory: House, role: PlatformRole, member: bool, hears: bool
):
    person = people.Person(
        id="ada",
        email=b"",
        email_key="k",
        title=b"",
        role=role,
        joined=people.Joined.OPEN,
        created_us=1,
        updated_us=1,
    )
    held = Membership(account="a", person="ada", role=Role.VIEWER, since_us=0)
    document, keys = people.to_document(person)
    await memory.store.write(lambda tx: tx.put_document(document, revision=None, keys=keys))
    if member:
        joined = memberships.to_document(held, now_us=0)
        await memory.store.write(lambda tx: tx.put_document(joined, revision=None))
    await memory.channel(owner="ada")

    await memory.write(HALT)
    await memory.turn()

    assert (memory.texts() != []) is hears


async def test_another_journal_and_what_tells_nothing_are_passed_over(memory: House):
    await memory.channel()
    await memory.write(HALT, stream="platform")

    await memory.turn()

    assert await memory.alerts() == []


async def test_what_waits_for_a_channel_that_is_gone_is_given_up(memory: House):
    await memory.channel()
    await memory.write(HALT)
    await memory.teller.follower.round()
    await memory.store.write(lambda tx: tx.delete_document(CHANNEL, "c1"))

    await memory.turn()

    (left,) = await memory.deliveries()
    assert left.state is DeliveryState.DEAD
    assert memory.way.posted == []


async def test_a_core_that_does_not_lead_sends_nothing(memory: House):
    await memory.channel()
    await memory.write(HALT)
    other = memory.another("two")

    await memory.turn(other)

    assert memory.way.posted == []


def test_a_target_is_opened_by_the_vault_alone():
    house = House(MemoryStore())
    sealed = house.vault.seal(b'{"url":"x"}', purpose=PURPOSE, bound=("c", "t", ""))
    made = Channel(
        id="c",
        tenant="t",
        owner="",
        label="l",
        notifier="discord",
        values={},
        secrets=("url",),
        sealed=sealed,
        made_us=0,
        changed_us=0,
    )

    found: Target = house.teller.sender.target(made)

    assert found.secret("url") == "x"
