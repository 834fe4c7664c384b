"""A crash on the simulator is told once each by Telegram and a webhook, whatever ends the core."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.processes import add_account, core, simulator, until
from tests.support.receivers import Asked, Receiver, receiving

from axisor.client import Client
from axisor.notices import NoticeLevel
from axisor.ports import Secret
from axisor_channels.webhook import key_of, signature

TOKEN = "123456:canary-token-canary-token-canary-t"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OPTIONS = ("--plugin", "lnmarkets", "--plugin", "margin-guard", "--plugin", "channels")
ALLOW = {"AXISOR_OUTBOUND__ALLOW": "127.0.0.0/8"}
CONFIG = '{"trigger": "2", "target": "5", "budget_position": 500000}'


@asynccontextmanager
async def telegram() -> AsyncIterator[Receiver]:
    """Serve what answers as the Bot API does."""
    made = Receiver()
    made.body = json.dumps({"ok": True, "result": {"message_id": 7}}).encode()
    async with receiving(made):
        yield made


async def channels(client: Client, bot: Receiver, hook: Receiver) -> None:
    """Make a channel of each of two kinds."""
    await client.notices.create_channel(
        "telegram",
        "phone",
        values={"chat": "42", "api": f"http://127.0.0.1:{bot.port}"},
        secrets={"token": Secret(TOKEN)},
        min_level=NoticeLevel.WARN,
    )
    await client.notices.create_channel(
        "webhook",
        "program",
        secrets={"url": Secret(f"http://127.0.0.1:{hook.port}/in"), "secret": Secret(SECRET)},
        min_level=NoticeLevel.WARN,
    )


async def guarded(client: Client, url: str) -> str:
    """Add an account and start a guard on it; return its id."""
    account = await add_account(client, url)
    run = (await client.strategies.create_run(account, "margin-guard", config=CONFIG)).run.id
    await client.strategies.start_run(account, run)
    return account


def told(receiver: Receiver, kind: str) -> list[dict[str, Any]]:
    """Return the notices of a kind that a webhook got."""
    found = [json.loads(asked.body) for asked in receiver.asked]
    return [each["data"] for each in found if each["type"] == f"notice.{kind}"]


def texts(receiver: Receiver, word: str) -> list[str]:
    """Return the messages that begin with a word that a bot sent."""
    found = [json.loads(asked.body)["text"] for asked in receiver.asked]
    return [text for text in found if text.startswith(word)]


def is_signed(asked: Asked) -> bool:
    """Return whether a request is signed as Standard Webhooks has it."""
    key, head = key_of(SECRET), asked.headers
    assert key is not None
    signed = signature(key, head["webhook-id"], head["webhook-timestamp"], asked.body)
    return signed == head["webhook-signature"]


async def test_a_rescue_is_told_once_by_each_channel(tmp_path: Path) -> None:
    hook = Receiver()
    async with (
        simulator(tmp_path) as venue,
        telegram() as bot,
        receiving(hook),
        core(tmp_path, *OPTIONS, variables=ALLOW) as running,
        running.client() as client,
    ):
        await venue.open_long()
        account = await guarded(client, venue.url)
        await channels(client, bot, hook)

        await venue.price(97_500)
        await until(lambda: texts(bot, "ACTED"), "Telegram says what the guard did")
        await until(lambda: told(hook, "acted"), "so does the webhook")
        said = [text.split()[0] for text in texts(bot, "")]
        assert said.index("WARN") < said.index("ACTED"), "what led to it is told before"
        kinds = [json.loads(asked.body)["type"] for asked in hook.asked]
        assert kinds.index("notice.near") < kinds.index("notice.acted")
        assert len(texts(bot, "WARN")) == len(texts(bot, "ACTED")) == 1
        warned = [each for each in told(hook, "near") if each["level"] == "warn"]
        assert len(warned) == len(told(hook, "acted")) == 1
        assert "[SIM] Guard added" in texts(bot, "ACTED")[0]
        assert all(map(is_signed, hook.asked))
        assert {asked.line for asked in bot.asked} == {f"POST /bot{TOKEN}/sendMessage HTTP/1.1"}
        alerts = (await client.notices.list_alerts(account)).items
        assert {"near", "acted"} <= {alert.kind for alert in alerts}
        assert "canary" not in running.log.read_text()


async def test_a_core_that_dies_between_sending_and_marking_loses_nothing(tmp_path: Path) -> None:
    hook = Receiver()
    async with (
        simulator(tmp_path) as venue,
        telegram() as bot,
        receiving(hook),
        core(tmp_path, *OPTIONS, variables=ALLOW) as running,
    ):
        await venue.open_long()
        async with running.client() as client:
            await guarded(client, venue.url)
            await channels(client, bot, hook)
        hook.silent = True  # it takes what it is sent, and the core never hears so

        await venue.price(97_500)
        await until(lambda: hook.asked, "the webhook was sent something")
        await running.kill()
        before = {asked.headers["webhook-id"] for asked in hook.asked}
        hook.silent = False
        await running.start()

        await until(lambda: told(hook, "acted"), "what the guard did is told after all")
        await until(lambda: _ids(hook, after=len(before)) >= before, "the cut message comes again")
        ids = [asked.headers["webhook-id"] for asked in hook.asked]
        assert len(set(ids)) < len(ids), "the repeat has the same id, by which it is left out"
        assert len({each["id"] for each in told(hook, "acted")}) == 1
        assert len(texts(bot, "ACTED")) == 1


def _ids(receiver: Receiver, *, after: int) -> set[str]:
    return {asked.headers["webhook-id"] for asked in receiver.asked[after:]}
