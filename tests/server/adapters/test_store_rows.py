"""What every store promises about intents, runs, commands and facts."""

from __future__ import annotations

import pytest
from msgspec import structs
from tests.support import records

from axisor.events import IntentState, RunState
from axisor_server.ports import Conflict, Reader, Store

# ---------------------------------------------------------------- intents


async def test_an_intent_comes_back_as_it_was(store: Store):
    record = records.intent(fence_us=7)

    assert await store.write(lambda t: t.add_intent(record))

    found = await store.read(lambda r: r.intent("i"))
    assert found == record
    assert found is not None
    assert found.additive is True


async def test_an_intent_is_inserted_once(store: Store):
    await store.write(lambda t: t.add_intent(records.intent(additive=False)))

    again = records.intent(additive=False, target="other")
    assert not await store.write(lambda t: t.add_intent(again))
    assert await store.read(lambda r: r.intent("i")) == records.intent(additive=False)


@pytest.mark.parametrize("state", list(IntentState))
async def test_a_target_has_one_open_additive_intent(store: Store, state: IntentState):
    await store.write(lambda t: t.add_intent(records.intent("one", state=state)))

    added = await store.write(lambda t: t.add_intent(records.intent("two")))

    assert added is not state.is_open


async def test_other_targets_accounts_and_kinds_do_not_block_an_intent(store: Store):
    added = [
        await store.write(lambda t, r=record: t.add_intent(r))  # type: ignore[misc]
        for record in (
            records.intent("1"),
            records.intent("2", target="positions/cross"),
            records.intent("3", account="b"),
            records.intent("4", additive=False),
            records.intent("5", additive=False),
        )
    ]

    assert added == [True] * 5


async def test_an_intent_moves_only_from_the_state_expected(store: Store):
    await store.write(lambda t: t.add_intent(records.intent()))
    sent = records.intent(state=IntentState.SENT)

    assert await store.write(lambda t: t.move_intent(sent, expect=IntentState.PLANNED))
    assert not await store.write(lambda t: t.move_intent(sent, expect=IntentState.PLANNED))
    unknown = records.intent("other", state=IntentState.SENT)
    assert not await store.write(lambda t: t.move_intent(unknown, expect=IntentState.PLANNED))

    assert await store.read(lambda r: r.intent("i")) == sent


async def test_an_intent_cannot_reopen_beside_another_open_one(store: Store):
    await store.write(lambda t: t.add_intent(records.intent("one", state=IntentState.REFUSED)))
    await store.write(lambda t: t.add_intent(records.intent("two")))
    reopened = records.intent("one", state=IntentState.SENT)

    with pytest.raises(Conflict):
        await store.write(lambda t: t.move_intent(reopened, expect=IntentState.REFUSED))

    open_ones = await store.read(lambda r: r.open_intents("a"))
    assert [record.id for record in open_ones] == ["two"]


async def test_open_and_recent_intents_are_ordered(store: Store):
    for number, state in enumerate(IntentState):
        record = records.intent(
            f"i{number}", state=state, target=f"t{number}", created_us=100 - number
        )
        await store.write(lambda t, r=record: t.add_intent(r))  # type: ignore[misc]

    def ids(reader: Reader) -> tuple[list[str], list[str]]:
        recent = reader.recent_intents("a", since_us=95, limit=4)
        return [i.id for i in reader.open_intents("a")], [i.id for i in recent]

    assert await store.read(ids) == (["i2", "i1", "i0"], ["i0", "i1", "i2", "i3"])


async def test_a_witness_only_rises(store: Store):
    assert await store.read(lambda r: r.witness("a", "p")) is None
    for counter in (5, 3, 8, 8, 0):
        await store.write(
            lambda t, c=counter: t.raise_witness("a", "p", counter=c, now_us=1)  # type: ignore[misc]
        )

    assert await store.read(lambda r: r.witness("a", "p")) == 8
    assert await store.read(lambda r: r.witness("b", "p")) is None
    assert await store.read(lambda r: r.witnesses("a")) == {"p": 8}
    assert await store.read(lambda r: r.witnesses("b")) == {}


# ---------------------------------------------------------------- runs


async def test_a_run_is_replaced_only_at_the_revision_that_was_read(store: Store):
    first = records.run()
    await store.write(lambda t: t.put_run(first, revision=None))
    second = records.run(revision=2, state=RunState.PAUSED)

    await store.write(lambda t: t.put_run(second, revision=1))
    for revision in (None, 1, 3):
        with pytest.raises(Conflict):
            await store.write(lambda t, r=revision: t.put_run(first, revision=r))  # type: ignore[misc]

    assert await store.read(lambda r: r.run("r")) == second


async def test_a_step_follows_the_one_before(store: Store):
    await store.write(lambda t: t.put_run(records.run(step=4), revision=None))

    await store.write(lambda t: t.save_step("r", step=5, memory=b"m", wake=b"w", now_us=9))
    for step in (5, 7, 4):
        with pytest.raises(Conflict, match="does not follow"):
            await store.write(
                lambda t, s=step: t.save_step("r", step=s, memory=b"", wake=b"", now_us=9)  # type: ignore[misc]
            )
    with pytest.raises(Conflict):
        await store.write(lambda t: t.save_step("none", step=1, memory=b"", wake=b"", now_us=9))

    found = await store.read(lambda r: r.run("r"))
    assert found == structs.replace(records.run(step=5), memory=b"m", wake=b"w", updated_us=9)


async def test_replacing_a_run_cannot_take_its_step_back(store: Store):
    await store.write(lambda t: t.put_run(records.run(step=4), revision=None))

    with pytest.raises(Conflict):
        await store.write(lambda t: t.put_run(records.run(step=3, revision=2), revision=1))


async def test_runs_are_listed_by_account_oldest_first(store: Store):
    for record in (
        records.run("3", created_us=3),
        records.run("1", created_us=1),
        records.run("2", account="b", created_us=2),
    ):
        await store.write(lambda t, r=record: t.put_run(r, revision=None))  # type: ignore[misc]

    def ids(reader: Reader) -> list[list[str]]:
        return [[r.id for r in reader.runs(a)] for a in (None, "a", "b", "c")]

    assert await store.read(ids) == [["1", "2", "3"], ["1", "3"], ["2"], []]


# ---------------------------------------------------------------- commands


async def test_a_request_id_is_taken_once_in_a_tenant(store: Store):
    record = records.command()
    other = structs.replace(record, tenant="other")

    assert await store.write(lambda t: t.add_command(record))
    assert not await store.write(
        lambda t: t.add_command(structs.replace(record, method="ClosePosition"))
    )
    assert await store.write(lambda t: t.add_command(other))

    assert await store.read(lambda r: r.command("local", "q")) == record


async def test_a_command_is_answered_once(store: Store):
    await store.write(lambda t: t.add_command(records.command()))
    assert len(await store.read(lambda r: r.open_commands("a"))) == 1

    await store.write(lambda t: t.answer_command("local", "q", answer=b"yes", now_us=5))
    for request_id in ("q", "none"):
        with pytest.raises(Conflict, match="not open"):
            await store.write(
                lambda t, q=request_id: t.answer_command("local", q, answer=b"no", now_us=6)  # type: ignore[misc]
            )

    found = await store.read(lambda r: r.command("local", "q"))
    assert found == structs.replace(records.command(), answer=b"yes", answered_us=5)
    assert await store.read(lambda r: r.open_commands("a")) == ()


async def test_old_answered_commands_are_forgotten_and_open_ones_kept(store: Store):
    for number in range(4):
        record = records.command(f"q{number}")
        await store.write(lambda t, r=record: t.add_command(r))  # type: ignore[misc]
    for number in range(3):
        await store.write(
            lambda t, n=number: t.answer_command("local", f"q{n}", answer=b"", now_us=n)  # type: ignore[misc]
        )

    assert await store.write(lambda t: t.forget_commands(answered_before_us=2)) == 2

    left = await store.read(lambda r: [n for n in range(4) if r.command("local", f"q{n}")])
    assert left == [2, 3]


async def test_a_fact_is_replaced(store: Store):
    assert await store.read(lambda r: r.meta("k")) is None
    await store.write(lambda t: t.put_meta("k", "1"))
    await store.write(lambda t: t.put_meta("k", "2"))

    assert await store.read(lambda r: r.meta("k")) == "2"
