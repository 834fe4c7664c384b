"""How long a page waits for the core: a moment to be shown, and longer for what it changes."""

from __future__ import annotations

import httpx
import pytest

from axisor_web.pages import visits


async def test_a_change_is_waited_for_where_a_page_would_say_that_nobody_answers(
    page: httpx.AsyncClient, account: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(visits, "READ_S", -1.0)
    chosen = {"place": f"account:{account.removeprefix('accounts/')}"}

    shown = await page.get("/setup/venue")
    sent = await page.post("/setup/venue", json=chosen)

    assert shown.status_code >= 500
    assert sent.status_code == 200
    assert sent.json()["next"].startswith("/setup/account")
