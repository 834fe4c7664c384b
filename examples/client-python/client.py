"""A client on the Python SDK that does what it reads, and passes the conformance script.

Usage: python client.py HOST:PORT CERTIFICATE TOKEN_FILE MODE
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from axisor.client import Client, Profile
from axisor.client.profile import open_channel
from axisor.errors import AxisorError
from axisor.model import MarginMode, Mode, OrderType, Price, Side
from axisor.ports import Secret
from axisor.watch import Disconnected
from axisor.wire.records import SeenEvent
from axisor.wire.status import code_of, retry_after


def say(**told: Any) -> None:
    """Write one line."""
    print(json.dumps(told), flush=True)


def error_of(error: AxisorError) -> dict[str, Any]:
    """Return what a program wants to know of an error."""
    wait = retry_after(error)
    return {
        "reason": error.reason,
        "code": error.metadata.get("code", code_of(error).name),
        "message": error.message,
        "means": error.means,
        "todo": error.todo,
        "retry_after_s": None if wait is None else wait.total_seconds(),
    }


class Talk:
    """Does what it is told, one line after the other, and watches beside it."""

    def __init__(self, profile: Profile, mode: Mode) -> None:
        self._profile, self._mode = profile, mode
        self._client = Client.connect(profile, expect_mode=mode)

    async def run(self) -> None:
        """Answer every line of standard input; then wait for the watches to end."""
        async with self._client, asyncio.TaskGroup() as watches:
            while line := await asyncio.to_thread(sys.stdin.readline):
                asked = json.loads(line)
                try:
                    say(id=asked["id"], **await self._answer(asked, watches))
                except AxisorError as error:
                    say(id=asked["id"], error=error_of(error))

    async def _answer(self, asked: dict[str, Any], watches: asyncio.TaskGroup) -> dict[str, Any]:
        match asked["do"]:
            case "health":
                return {"health": await self._health()}
            case "services":
                return {"services": await self._services()}
            case "place":
                return {"placed": await self._place(asked)}
            case "watch":
                watches.create_task(self._watch(asked))
                return {"watching": asked["account"]}
            case unknown:
                raise ValueError(f"nobody here knows how to {unknown}")

    async def _health(self) -> str:
        async with open_channel(self._profile) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            answer = await stub.Check(health_pb2.HealthCheckRequest())
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    async def _services(self) -> list[str]:
        channel: Any  # the types that come with reflection know no channel of asyncio
        async with open_channel(self._profile) as channel:
            stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
            call = stub.ServerReflectionInfo()
            await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
            answer = await call.read()
            call.cancel()
        return [service.name for service in answer.list_services_response.service]

    async def _place(self, asked: dict[str, Any]) -> dict[str, Any]:
        account = asked["account"]
        placed = await self._client.orders.place(
            account,
            margin_mode=MarginMode.ISOLATED,
            type=OrderType.LIMIT,
            side=Side.BUY,
            quantity=asked["quantity_usd"],
            leverage=Decimal(asked["leverage"]),
            price=Price(Decimal(asked["limit_price_usd"])),
            request_id=asked["request_id"],
        )
        name = "" if placed.order is None else f"{account}/orders/{placed.order.id}"
        return {"order": name, "state": placed.state.name, "sequence": placed.sequence}

    async def _watch(self, asked: dict[str, Any]) -> None:
        silence_s = float(asked["silence_s"])
        client = Client.connect(self._profile, expect_mode=self._mode, silence_s=silence_s)
        watch = client.events.watch(asked["account"], after=asked["after_sequence"])
        try:
            async with client, aclosing(watch) as items:
                async for item in items:
                    if isinstance(item, SeenEvent):
                        told = {"sequence": item.sequence, "kind": item.kind}
                        say(event=told | {"hash": item.hash.hex()})
                    elif isinstance(item, Disconnected):
                        say(cut={"after": item.after, "problem": item.problem})
        except AxisorError as error:
            say(ended=error_of(error))


async def main() -> None:
    """Take where the core is, how to know it, who calls, and the mode that is meant."""
    target, certificate, token, mode = sys.argv[1:]
    profile = Profile(
        target,
        token=Secret(Path(token).read_text(encoding="ascii").strip()),
        certificate=Path(certificate).read_bytes(),
    )
    await Talk(profile, Mode(mode)).run()


if __name__ == "__main__":
    asyncio.run(main())
