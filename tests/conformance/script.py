"""The script that every client passes: place, watch, cut, resume, error, revoke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from tests.conformance.house import LIMIT, House
from tests.conformance.program import Program, program
from tests.support.processes import until

from axisor.tokens import caveat

SILENCE_S = 2
"""Clients are told to take a stream for dead after this; 45 s are usual."""


async def conform(house: House, command: Sequence[str], *, name: str) -> None:
    """Have a client do the whole script. Raises AssertionError naming what it did not do."""
    rights = caveat("permissions", "read", "trade")
    made, secret = await house.client.tokens.create(name, [rights])
    token = house.folder / f"{name}.token"
    token.write_text(secret.reveal())
    log = house.folder / f"{name}.log"
    words = (*command, house.address, str(house.certificate), str(token))
    async with program((*words, "live"), log=log) as client:
        await refuses_another_mode(house, client)
    async with program((*words, "sim"), log=log) as client:
        await looks_around(client)
        await places_once(house, client)
        await understands_errors(house, client)
        await places_once_over_a_broken_line(house, client)
        await watches_over_cuts(house, client)
        await house.client.tokens.revoke(made.id)
        await ends_with_its_token(house, client)


async def refuses_another_mode(house: House, client: Program) -> None:
    """It says which mode it means, so that nothing happens in another."""
    before = await house.placed()

    answer = await client.do("place", **order(house))

    assert told(answer) == ("MODE_MISMATCH", "FAILED_PRECONDITION", None)
    assert await client.bye() == 0
    assert await house.placed() == before


async def looks_around(client: Program) -> None:
    """It asks for health, and by reflection for what there is."""
    assert await client.do("health") == {"health": "SERVING"}
    services = (await client.do("services"))["services"]
    assert {"axisor.v1.OrderService", "grpc.health.v1.Health"} <= set(services)


async def places_once(house: House, client: Program) -> None:
    """It places an order; the same request id gets the same answer, and another has no effect."""
    before = await house.placed()
    request = order(house)

    first = await client.do("place", **request)
    again = await client.do("place", **request)

    assert first["placed"]["state"] == "CONFIRMED", first
    assert first["placed"]["order"].startswith(f"{house.parent}/orders/")
    assert again == first
    reused = await client.do("place", **(request | {"limit_price_usd": str(LIMIT - 1)}))
    assert told(reused) == ("REQUEST_ID_REUSED", "ALREADY_EXISTS", None)
    assert await house.placed() == before + 1


async def understands_errors(house: House, client: Program) -> None:
    """It tells a refusal's reason, what it means for the money, and how long to wait."""
    before = await house.placed()

    unknown = await client.do("place", **(order(house) | {"account": "accounts/nobody"}))
    off_step = await client.do("place", **(order(house) | {"limit_price_usd": "90000.3"}))
    await house.sim.fault("trade", "status:429")
    limited = await client.do("place", **order(house))

    assert told(unknown) == ("ACCOUNT_NOT_FOUND", "NOT_FOUND", None)
    assert told(off_step) == ("PRICE_OFF_STEP", "INVALID_ARGUMENT", None)
    reason, code, wait = told(limited)
    assert (reason, code) == ("VENUE_RATE_LIMITED", "RESOURCE_EXHAUSTED")
    assert wait > 0
    assert await house.placed() == before


def order(house: House) -> dict[str, Any]:
    """Return an order that rests, under a request id of its own."""
    return {
        "account": house.parent,
        "request_id": str(uuid4()),
        "quantity_usd": 1,
        "leverage": "10",
        "limit_price_usd": str(LIMIT),
    }


def told(answer: dict[str, Any]) -> tuple[Any, ...]:
    """Return reason, code and wait of an error, which says what it means and what to do."""
    error = answer["error"]
    assert error["message"], error
    assert error["means"], error
    assert error["todo"], error
    return error["reason"], error["code"], error["retry_after_s"]


async def places_once_over_a_broken_line(house: House, client: Program) -> None:
    """It asks again by itself, under the same request id, where the answer was lost."""
    before = await house.placed()
    house.line.cut(there=False)
    answer = client.begin("place", **order(house))

    async def arrived() -> bool:
        return await house.placed() == before + 1

    await until(arrived, "the order reaches the venue")
    house.line.reset()
    house.line.mend()

    placed = (await answer)["placed"]
    assert placed["state"] == "CONFIRMED"
    assert await house.placed() == before + 1


async def watches_over_cuts(house: House, client: Program) -> None:
    """It watches from a sequence over torn, broken, silent and ended lines: no gap, no repeat."""
    after = 2
    watching = await client.do(
        "watch", account=house.parent, after_sequence=after, silence_s=SILENCE_S
    )
    assert watching == {"watching": house.parent}
    await client.until_sequence(await house.last())

    for cut in (torn, broken, silent):
        await cut(house, client)
        await house.stir()
        end = await house.last()
        await client.until_sequence(end)

    assert [event["sequence"] for event in client.events] == list(range(after + 1, end + 1))
    kept = await house.journal(end)
    assert [(e["kind"], e["hash"]) for e in client.events] == [
        (e.kind, e.hash.hex()) for e in kept[after:]
    ]
    assert len(client.cuts) >= 2
    assert client.ended == []


async def torn(house: House, client: Program) -> None:
    """The line carries a few bytes at a time."""
    house.line.chunk = 7
    await house.stir()
    await client.until_sequence(await house.last())
    house.line.chunk = 65_536


async def broken(house: House, client: Program) -> None:
    """The line breaks, and for a while nobody answers."""
    await _over(house, client, lambda: house.line.reset(refusing=True))


async def silent(house: House, client: Program) -> None:
    """The line stands, and carries nothing."""
    await _over(house, client, house.line.cut)


async def _over(house: House, client: Program, cut: Callable[[], None]) -> None:
    before = len(client.cuts)
    cut()
    await house.stir()
    await until(lambda: len(client.cuts) > before, "it notices the cut")
    house.line.mend()


async def ends_with_its_token(house: House, client: Program) -> None:
    """Once its token is revoked the watch ends with the reason, and the client stops."""
    await until(lambda: client.ended, "the watch ends")
    (ended,) = client.ended
    assert told({"error": ended}) == ("TOKEN_INVALID", "UNAUTHENTICATED", None)
    refused = await client.do("place", **order(house))
    assert told(refused) == ("TOKEN_INVALID", "UNAUTHENTICATED", None)
    connections = house.line.made
    assert await client.bye() == 0
    assert client.ended == [ended]
    assert house.line.made == connections
