"""A link signs in once, with no more than its asker holds, and only where nobody else reads it."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import grpc.aio
import httpx
import pytest

from axisor.errors import SettingsInvalid
from axisor.ports import Secret
from axisor.tokens import bounds_of, parse
from axisor_bot.errors import PagesFailed
from axisor_bot.linking import SIGNED_IN, Pages
from axisor_bot.people import OPERATOR, VIEWER
from axisor_server.adapters import tls
from axisor_web.serving import Served as Bridge
from axisor_web.serving import serving
from axisor_web.settings import Settings
from tests.clients.bot.botfather import ANN
from tests.clients.bot.parlour import CODE, Parlour

GROUP = -500


@pytest.fixture
async def bridge(channel: grpc.aio.Channel) -> AsyncIterator[Bridge]:
    """Serve the web pages of the core."""
    async with serving(Settings(port=0), channel) as served:
        yield served


@pytest.fixture
async def linked(idle: Parlour, bridge: Bridge) -> Parlour:
    """Open the parlour with a bot that knows the pages."""
    idle.pages = Pages(bridge.origin)
    await idle.start()
    return idle


def code_of(text: str, origin: str) -> str:
    """Return the code of the link in a message."""
    found = re.search(rf"{re.escape(origin)}/enter#(\S+)", text)
    assert found is not None, text
    return found[1]


async def enter(bridge: Bridge, code: str) -> httpx.Response:
    """Open the link as a browser does: its page posts the code."""
    async with httpx.AsyncClient(base_url=bridge.origin, trust_env=False) as browser:
        return await browser.post(
            "/session:enter", json={"code": code}, headers={"origin": bridge.origin}
        )


async def test_a_link_signs_an_operator_in_once_for_an_hour_and_as_much_as_they_may(
    linked: Parlour, bridge: Bridge
):
    person = await linked.pair()

    answer = await linked.ask("/link")
    code = code_of(answer["text"], bridge.origin)
    first, again = await enter(bridge, code), await enter(bridge, code)

    assert answer["chat_id"] == person.chat
    assert (first.status_code, again.status_code) == (200, 401)
    cookie = first.headers["set-cookie"].partition(";")[0]
    session = bridge.sessions.find(cookie.partition("=")[2])
    assert session is not None
    held, lent = parse(person.token), parse(session.tokens.access.reveal())
    assert bounds_of(held.caveats).covers(bounds_of(lent.caveats))
    until = bounds_of(lent.caveats).until_s
    assert until is not None
    assert 0 < until - time.time() <= SIGNED_IN.total_seconds()
    async with httpx.AsyncClient(
        base_url=bridge.origin, headers={"cookie": cookie}, trust_env=False
    ) as browser:
        page = await browser.get("/")
    assert page.status_code == 200
    assert linked.core.long[:8] in page.text


async def test_neither_token_nor_link_is_logged(
    linked: Parlour, bridge: Bridge, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    person = await linked.pair()

    code = code_of((await linked.ask("/link"))["text"], bridge.origin)

    assert person.token not in caplog.text
    assert code not in caplog.text


async def test_a_viewer_gets_no_link(linked: Parlour, bridge: Bridge):
    await linked.pair(role=VIEWER)

    answer = await linked.ask("/link")

    assert "for operators" in answer["text"]
    assert bridge.origin not in answer["text"]


async def test_where_others_read_there_is_no_link(linked: Parlour, bridge: Bridge):
    await linked.offer()
    await linked.telegram.say(ANN, f"/start {CODE}", chat=GROUP)
    await linked.telegram.next(1)

    await linked.telegram.say(ANN, "/link", chat=GROUP)
    answer = await linked.telegram.next(2)

    assert "Others read here" in answer["text"]
    assert bridge.origin not in answer["text"]


async def test_a_bot_that_knows_no_pages_says_so(at: Parlour):
    await at.pair()

    assert "--web" in (await at.ask("/link"))["text"]


async def test_pages_that_do_not_answer_are_told_of_without_the_token(idle: Parlour):
    token = await idle.token(OPERATOR)
    nowhere = Pages("http://127.0.0.1:1")

    with pytest.raises(PagesFailed) as caught:
        await nowhere.link(Secret(token), datetime.now(UTC))

    assert caught.value.__cause__ is None
    assert parse(token).id not in str(caught.value)


async def test_a_token_that_the_core_takes_no_longer_gets_no_link(linked: Parlour, bridge: Bridge):
    await linked.pair()
    await linked.owner.tokens.revoke((await linked.owner.tokens.list()).items[0].id)

    answer = await linked.ask("/link")

    assert "✗" in answer["text"]
    assert "401" in answer["text"]


@pytest.mark.parametrize(
    "address",
    [
        "axisor.lan",
        "http://axisor.lan:8421",
        "http://192.168.1.4:8421",
        "ftp://127.0.0.1",
        "https://axisor.lan/else",
        "https://axisor.lan/?x=1",
        "https://ann:secret@axisor.lan",
        "https://[::1",
    ],
)
def test_a_token_is_sent_by_tls_or_to_this_machine_alone(address: str):
    for given in ({"web": address}, {"web": "https://axisor.lan", "via": address}):
        with pytest.raises(SettingsInvalid):
            Pages(**given)  # type: ignore[arg-type]


async def test_the_bot_may_reach_the_pages_by_another_address_than_people(
    idle: Parlour, bridge: Bridge
):
    pages = Pages("https://axisor.example", via=bridge.origin)

    address, seconds = await pages.link(Secret(await idle.token(OPERATOR)), datetime.now(UTC))

    assert address.startswith("https://axisor.example/enter#")
    assert seconds == 120


async def test_pages_are_known_by_their_certificate_alone(
    idle: Parlour, channel: grpc.aio.Channel, certificate: tls.Certificate, tmp_path: Path
):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(certificate.certificate)
    key.write_bytes(certificate.key)
    token, now = Secret(await idle.token(OPERATOR)), datetime.now(UTC)

    async with serving(Settings(port=0, certificate=cert, key=key), channel) as served:
        address, _ = await Pages(served.origin, ca=cert).link(token, now)
        with pytest.raises(PagesFailed):
            await Pages(served.origin).link(token, now)

    assert address.startswith("https://127.0.0.1:")


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("none")

    with pytest.raises(SettingsInvalid):
        Pages("https://axisor.lan", ca=tmp_path / "ca.pem")
