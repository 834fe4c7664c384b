"""Whoever reads nothing is cut off; whoever reads slowly is not, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import grpc.aio
import httpx
import pytest

from axisor.events import HaltLevel
from axisor.ports import Secret
from axisor_web.pages import live
from axisor_web.serving import Served as Bridge
from axisor_web.serving import serving
from axisor_web.sessions import COOKIE, Tokens
from axisor_web.settings import Settings
from axisor_web.stalling import Impatient
from tests.clients.web.test_streams import sequences, some
from tests.server.rpc.serving import TOKEN, Served
from tests.support import unread
from tests.support.processes import until

SOON_S = 0.2
REASON = "so that there is something to read, " * 6


@pytest.fixture
async def hasty(channel: grpc.aio.Channel) -> AsyncIterator[Bridge]:
    """Serve a bridge that waits for a reader for a moment."""
    async with serving(Settings(port=0), channel, stalled_s=SOON_S) as served:
        yield served


async def test_who_reads_nothing_is_cut_off_and_others_get_everything(
    hasty: Bridge, core: Served, account: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "PAINT_S", 0.01)
    watch, bearer = f"/v1/{account}/events:watch", {"authorization": f"Bearer {TOKEN}"}
    cookie, _ = hasty.sessions.begin(Tokens(Secret(TOKEN)))
    page = "/live?parts=bar,notes,safety,positions,activity"
    gone = [
        await unread.events(hasty.origin, watch, **bearer),
        await unread.messages(hasty.origin, watch, TOKEN),
        await unread.events(hasty.origin, page, cookie=f"{COOKIE}={cookie}"),
    ]
    begins, left = await core.head(account), list[str]()

    async def cut() -> bool:
        level = HaltLevel.RISK if await core.head(account) % 2 else HaltLevel.NONE
        await core.engine.halt(
            account.removeprefix("accounts/"), level, principal="noise", reason=REASON
        )
        left[:] = [each.kind for each in gone if not each.is_over]
        return not left

    await until(cut, "all of them are cut off", every_s=0.01)
    await core.until_watchers(0)
    headers = bearer | {"accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=hasty.origin, headers=headers, trust_env=False) as reader:
        told = await some(reader, f"{watch}?afterSequence={begins}", 1)
    for each in gone:
        each.close()

    assert sequences(told)[0] == begins + 1


class Pipe(asyncio.Transport):
    """A transport that holds what it is told to, look after look, and may be cut."""

    def __init__(self, held: Sequence[int]) -> None:
        super().__init__()
        self.held = list(held)
        self.cut = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        """Return what it holds now; the last figure stays."""
        return self.held.pop(0) if len(self.held) > 1 else self.held[0]

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Take any limits."""

    def abort(self) -> None:
        """Note that it was cut."""
        self.cut.set()


class Sending(Impatient):
    """A connection that only waits for its reader."""

    stalled_s = 0.001

    def __init__(self, transport: Pipe) -> None:
        self.transport = transport
        self.connection_made(transport)


@pytest.mark.parametrize("held", [[5], [5, 5], [9, 7, 7, 4, 4, 3, 3, 3]])
async def test_it_is_cut_only_when_nothing_left_between_two_looks(held: list[int]):
    pipe = Pipe(held)

    Sending(pipe).pause_writing()
    async with asyncio.timeout(60):
        await pipe.cut.wait()

    assert pipe.held == held[-1:], "as long as something left it was waited for"


@pytest.mark.parametrize("over", ["resume_writing", "connection_lost"])
async def test_who_read_it_all_or_left_is_not_cut(over: str):
    pipe, later = Pipe([5]), Pipe([5])
    read = Sending(pipe)
    read.pause_writing()
    getattr(read, over)(*((None,) if over == "connection_lost" else ()))

    Sending(later).pause_writing()
    async with asyncio.timeout(60):
        await later.cut.wait()

    assert not pipe.cut.is_set()
