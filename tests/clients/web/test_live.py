"""The stream of an open page that cannot begin says why, so that its browser comes again."""

from __future__ import annotations

import httpx
import pytest

from axisor_web.pages import visits
from tests.server.rpc.serving import Served


async def test_a_core_that_is_away_is_said_by_the_stream_and_not_by_a_status(
    page: httpx.AsyncClient, account: str, core: Served, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(visits, "READ_S", 0.2)
    await core.server.stop(0)

    answer = await page.get("/live?parts=bar")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "retry: " in answer.text
    assert "event: lost" in answer.text


async def test_nobody_gets_a_stream_without_signing_in(anyone: httpx.AsyncClient, account: str):
    answer = await anyone.get("/live?parts=bar")

    assert answer.status_code == 401
