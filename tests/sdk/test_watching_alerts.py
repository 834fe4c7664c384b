"""A watch of alerts goes on over cuts and tokens that run out, and says when to list them anew."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc
import pytest

from axisor.client import Client
from axisor.errors import AccountNotFound, PermissionDenied, SessionOver, TokenInvalid
from axisor.ports import Secret
from axisor.testing.stub import stub_server
from axisor.v1 import notifications_pb2 as pb
from axisor.v1 import types_pb2
from axisor.watch import Disconnected, Reconnected
from axisor.wire.notices import AlertSummary

WATCH = "/axisor.v1.NotificationService/WatchAlerts"
SEED = 21
HEARTBEAT = pb.WatchAlertsResponse(heartbeat=types_pb2.Heartbeat())


def alert(id: str) -> pb.WatchAlertsResponse:
    return pb.WatchAlertsResponse(
        alert=pb.Alert(
            name=f"accounts/main/alerts/{id}",
            level=pb.NOTICE_LEVEL_CRIT,
            kind="near",
            mode=types_pb2.MODE_SIM,
            open=True,
        )
    )


class Script:
    """Answers each opening with the next frames; `cut` breaks the line, an error is raised."""

    def __init__(self, *openings: list[Any]) -> None:
        self.openings = list(openings)
        self.tokens: list[str] = []

    async def __call__(self, request: Any, context: Any) -> AsyncIterator[Any]:
        sent = dict(context.invocation_metadata())
        self.tokens.append(sent["authorization"].removeprefix("Bearer "))
        for frame in self.openings.pop(0) if self.openings else [HEARTBEAT]:
            if frame == "cut":
                await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
            if isinstance(frame, Exception):
                raise frame
            yield frame
        await asyncio.Event().wait()


async def no_wait(_: float) -> None:
    return None


async def collect(script: Script, count: int, *, silence_s: float = 30.0, **more: Any) -> list[Any]:
    """Watch until so many things came."""
    found: list[Any] = []
    async with (
        stub_server({WATCH: script}) as address,
        Client.connect(
            address,
            plaintext=True,
            token="first",
            chance=random.Random(SEED),
            sleep=no_wait,
            silence_s=silence_s,
            **more,
        ) as client,
        aclosing(client.notices.watch_alerts("main")) as items,
    ):
        async for item in items:
            found.append(item)
            if len(found) == count:
                break
    return found


def said(found: list[Any]) -> list[Any]:
    """Return alerts by their id, and what was said of the line by its kind."""
    return [each.id if isinstance(each, AlertSummary) else type(each) for each in found]


async def test_alerts_go_on_after_a_cut_and_signs_of_life_are_not_given() -> None:
    script = Script([alert("a1"), HEARTBEAT, alert("a2"), "cut"], ["cut"], [HEARTBEAT, alert("a2")])

    found = await collect(script, 6)

    assert said(found) == ["a1", "a2", Disconnected, Disconnected, Reconnected, "a2"]
    waits = [each.retry_in_s for each in found if isinstance(each, Disconnected)]
    assert all(0 <= wait <= 1.0 for wait in waits), f"seed {SEED}"


async def test_a_line_that_is_there_again_is_said_though_no_alert_is_open() -> None:
    script = Script([alert("a1"), "cut"], [HEARTBEAT])

    assert said(await collect(script, 3)) == ["a1", Disconnected, Reconnected]


async def test_a_silent_line_is_opened_again() -> None:
    found = await collect(Script([alert("a1")], [alert("a1")]), 4, silence_s=0.3)

    assert said(found) == ["a1", Disconnected, Reconnected, "a1"]


async def test_a_token_that_runs_out_is_renewed() -> None:
    async def renew(held: Secret) -> Secret:
        assert held.reveal() == "first"
        return Secret("second")

    script = Script([alert("a1"), TokenInvalid("The token has run out.")], [alert("a2")])

    found = await collect(script, 4, renew=renew)

    assert said(found) == ["a1", Disconnected, Reconnected, "a2"]
    assert script.tokens == ["first", "second"]


async def test_a_sign_in_that_is_over_ends_the_watch() -> None:
    async def never(held: Secret) -> Secret:
        raise SessionOver

    with pytest.raises(SessionOver):
        await collect(Script([TokenInvalid()]), 1, renew=never)


@pytest.mark.parametrize("error", [PermissionDenied(), AccountNotFound(), TokenInvalid()])
async def test_what_trying_again_does_not_mend_ends_the_watch(error: Exception) -> None:
    script = Script([alert("a1"), error])

    with pytest.raises(type(error)):
        await collect(script, 2)

    assert script.tokens == ["first"]
