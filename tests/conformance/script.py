"""The script that every client passes: place, watch, cut, resume, error, revoke."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from axisor.tokens import caveat
from tests.conformance.house import LIMIT, House, Trial, trial
from tests.conformance.program import Program, program
from tests.support.processes import until

SILENCE_S = 2
"""Clients are told to take a stream for dead after this; 45 s are usual."""


async def conform(house: House, commands: Mapping[str, Sequence[str]]) -> None:
    """Have clients do the whole script, all at once. Raises AssertionError naming who did not."""
    ended = await asyncio.gather(
        *(_conforms(house, name, command) for name, command in commands.items()),
        return_exceptions=True,
    )
    failed = {
        name: "".join(traceback.format_exception(end))
        for name, end in zip(commands, ended, strict=True)
        if end is not None
    }
    assert not failed, "\n".join(f"{name}: {problem}" for name, problem in failed.items())


async def _conforms(house: House, name: str, command: Sequence[str]) -> None:
    rights = caveat("permissions", "read", "trade")
    made, secret = await house.client.tokens.create(name, [rights])
    token = house.folder / f"{name}.token"
    token.write_text(secret.reveal())
    async with trial(house) as at:
        await _passes(at, (*command, at.address, str(house.certificate), str(token)), name, made.id)


async def _passes(at: Trial, words: Sequence[str], name: str, token: str) -> None:
    log = at.house.folder / f"{name}.log"
    async with program((*words, "live"), log=log) as client:
        await refuses_another_mode(at, client)
    async with program((*words, "sim"), log=log) as client:
        await looks_around(client)
        async with at.house.alone:
            await places_once(at, client)
            await understands_errors(at, client)
            await places_once_over_a_broken_line(at, client)
        await watches_over_cuts(at, client)
        await at.house.client.tokens.revoke(token)
        await ends_with_its_token(at, client)


async def refuses_another_mode(at: Trial, client: Program) -> None:
    """It says which mode it means, so that nothing happens in another."""
    async with at.house.alone:
        before = await at.house.placed()
        answer = await client.do("place", **at.order())
        assert await at.house.placed() == before

    assert told(answer) == ("MODE_MISMATCH", "FAILED_PRECONDITION", None)
    assert await client.bye() == 0


async def looks_around(client: Program) -> None:
    """It asks for health, and by reflection for what there is."""
    assert await client.do("health") == {"health": "SERVING"}
    services = (await client.do("services"))["services"]
    assert {"axisor.v1.OrderService", "grpc.health.v1.Health"} <= set(services)


async def places_once(at: Trial, client: Program) -> None:
    """It places an order; the same request id gets the same answer, and another has no effect."""
    before = await at.house.placed()
    request = at.order()

    first = await client.do("place", **request)
    again = await client.do("place", **request)

    assert first["placed"]["state"] == "CONFIRMED", first
    assert first["placed"]["order"].startswith(f"{at.house.parent}/orders/")
    assert again == first
    reused = await client.do("place", **(request | {"limit_price_usd": str(LIMIT - 1)}))
    assert told(reused) == ("REQUEST_ID_REUSED", "ALREADY_EXISTS", None)
    assert await at.house.placed() == before + 1


async def understands_errors(at: Trial, client: Program) -> None:
    """It tells a refusal's reason, what it means for the money, and how long to wait."""
    before = await at.house.placed()

    unknown = await client.do("place", **(at.order() | {"account": "accounts/nobody"}))
    off_step = await client.do("place", **(at.order() | {"limit_price_usd": "90000.3"}))
    await at.house.sim.fault("trade", "status:429")
    limited = await client.do("place", **at.order())

    assert told(unknown) == ("ACCOUNT_NOT_FOUND", "NOT_FOUND", None)
    assert told(off_step) == ("PRICE_OFF_STEP", "INVALID_ARGUMENT", None)
    reason, code, wait = told(limited)
    assert (reason, code) == ("VENUE_RATE_LIMITED", "RESOURCE_EXHAUSTED")
    assert wait > 0
    assert await at.house.placed() == before


def told(answer: dict[str, Any]) -> tuple[Any, ...]:
    """Return reason, code and wait of an error, which says what it means and what to do."""
    error = answer["error"]
    assert error["message"], error
    assert error["means"], error
    assert error["todo"], error
    return error["reason"], error["code"], error["retry_after_s"]


async def places_once_over_a_broken_line(at: Trial, client: Program) -> None:
    """It asks again by itself, under the same request id, where the answer was lost."""
    before = await at.house.placed()
    at.line.cut(there=False)
    answer = client.begin("place", **at.order())

    async def arrived() -> bool:
        return await at.house.placed() == before + 1

    await until(arrived, "the order reaches the venue")
    at.line.reset()
    at.line.mend()

    placed = (await answer)["placed"]
    assert placed["state"] == "CONFIRMED"
    assert await at.house.placed() == before + 1


async def watches_over_cuts(at: Trial, client: Program) -> None:
    """It watches from a sequence over torn, broken and silent lines: no gap, no repeat."""
    after = 2
    watching = await client.do(
        "watch", account=at.house.parent, after_sequence=after, silence_s=SILENCE_S
    )
    assert watching == {"watching": at.house.parent}
    await client.until_sequence(await at.house.last())

    for cut in (torn, broken, silent):
        await cut(at, client)
        await at.house.stir()
        end = await at.house.last()
        await client.until_sequence(end)

    heard = tuple(client.events)  # more may come, of what others do
    assert [event["sequence"] for event in heard] == list(range(after + 1, after + 1 + len(heard)))
    kept = await at.house.journal(heard[-1]["sequence"])
    assert [(e["kind"], e["hash"]) for e in heard] == [(e.kind, e.hash.hex()) for e in kept[after:]]
    assert len(client.cuts) >= 2
    assert client.ended == []


async def torn(at: Trial, client: Program) -> None:
    """The line carries a few bytes at a time."""
    at.line.chunk = 7
    await at.house.stir()
    await client.until_sequence(await at.house.last())
    at.line.chunk = 65_536


async def broken(at: Trial, client: Program) -> None:
    """The line breaks, and for a while nobody answers."""
    await _over(at, client, lambda: at.line.reset(refusing=True))


async def silent(at: Trial, client: Program) -> None:
    """The line stands, and carries nothing."""
    await _over(at, client, at.line.cut)


async def _over(at: Trial, client: Program, cut: Callable[[], None]) -> None:
    before = len(client.cuts)
    cut()
    await at.house.stir()
    await until(lambda: len(client.cuts) > before, "it notices the cut")
    at.line.mend()


async def ends_with_its_token(at: Trial, client: Program) -> None:
    """Once its token is revoked the watch ends with the reason, and the client stops."""
    await until(lambda: client.ended, "the watch ends")
    (ended,) = client.ended
    assert told({"error": ended}) == ("TOKEN_INVALID", "UNAUTHENTICATED", None)
    refused = await client.do("place", **at.order())
    assert told(refused) == ("TOKEN_INVALID", "UNAUTHENTICATED", None)
    connections = at.line.made
    assert await client.bye() == 0
    assert client.ended == [ended]
    assert at.line.made == connections
