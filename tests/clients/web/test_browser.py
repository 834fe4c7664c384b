"""Sessions of browsers: a cookie instead of tokens, and no way in from another page."""

from __future__ import annotations

import httpx
import pytest

from axisor.client import Client
from axisor.client.calls import Caller
from axisor.ports import Secret
from axisor_web.serving import Served as Bridge
from axisor_web.sessions import COOKIE, Tokens
from tests.server.rpc.serving import TOKEN, Served

PERSON = {"email": "ben@example.org", "password": "correct horse battery staple 9"}
KEY = "0d9f3c7e-0000-4000-8000-00000000bbbb"


async def registered(anyone: httpx.AsyncClient, core: Served) -> None:
    """Register a person whom the owner invited, and verify the address."""
    async with core.channel() as opened, Client(Caller(opened, token=Secret(TOKEN))) as owner:
        invited = await owner.users.invite(PERSON["email"], silent=True)
    invitation = {"invitation": invited.proof.reveal()}
    joined = await anyone.post("/v1/auth:register", json=PERSON | invitation)
    assert joined.status_code == 200, joined.text
    await core.house.identity.people.letters.deliver()
    verified = await anyone.post("/v1/auth:verifyEmail", json={"proof": core.box.letters[-1].proof})
    assert verified.status_code == 200, verified.text


async def test_signing_in_gives_a_cookie_and_no_token(
    anyone: httpx.AsyncClient, bridge: Bridge, core: Served
):
    await registered(anyone, core)

    answer = await anyone.post("/session:login", json=PERSON, headers={"origin": bridge.origin})

    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"signedIn", "csrf"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie


async def test_a_session_that_signed_in_can_call_and_sign_out(
    anyone: httpx.AsyncClient, bridge: Bridge, core: Served
):
    await registered(anyone, core)
    opened = await anyone.post("/session:login", json=PERSON, headers={"origin": bridge.origin})
    cookie = opened.headers["set-cookie"].partition(";")[0]
    ours = {"cookie": cookie, "origin": bridge.origin, "x-axisor-csrf": opened.json()["csrf"]}

    me = await anyone.get("/v1/me", headers=ours)
    gone = await anyone.post("/session:logout", headers=ours)
    after = await anyone.get("/v1/me", headers=ours)

    assert me.json()["person"]["email"] == PERSON["email"]
    assert gone.status_code == 200
    assert after.status_code == 401
    assert len(bridge.sessions) == 0


async def test_a_wrong_password_opens_nothing(
    anyone: httpx.AsyncClient, bridge: Bridge, core: Served
):
    await registered(anyone, core)

    answer = await anyone.post(
        "/session:login",
        json=PERSON | {"password": "wrong horse battery staple 9"},
        headers={"origin": bridge.origin},
    )

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert len(bridge.sessions) == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_nobody_is_signed_in_from_a_stranger_s_page(anyone: httpx.AsyncClient, origin: str):
    headers = {"origin": origin} if origin else {}

    answer = await anyone.post("/session:login", json=PERSON, headers=headers)

    assert answer.status_code == 403


async def test_a_page_reads_and_changes_with_its_word(page: httpx.AsyncClient, account: str):
    read = await page.get("/v1/accounts")
    halted = await page.post(
        f"/v1/{account}:halt", json={"requestId": KEY, "level": "HALT_LEVEL_RISK"}
    )

    assert read.status_code == 200
    assert halted.status_code == 200, halted.text


@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        ({"x-axisor-csrf": ""}, "word"),
        ({"x-axisor-csrf": "guessed"}, "word"),
        ({"origin": "https://evil.example"}, "another origin"),
        ({"sec-fetch-site": "cross-site"}, "another site"),
        ({"sec-fetch-site": "same-site"}, "another site"),
    ],
    ids=str,
)
async def test_a_change_that_did_not_come_from_our_page_is_refused(
    page: httpx.AsyncClient, account: str, spoiled: dict[str, str], why: str, core: Served
):
    path = f"/v1/{account}/positions/{core.long}:addMargin"
    before = core.margin

    answer = await page.post(path, json={"requestId": KEY, "amountSats": "1"}, headers=spoiled)

    assert answer.status_code == 403
    assert why in answer.json()["message"]
    assert core.margin == before


async def test_a_change_without_an_origin_is_refused(page: httpx.AsyncClient, account: str):
    del page.headers["origin"]

    answer = await page.post(f"/v1/{account}:halt", json={"requestId": KEY})

    assert answer.status_code == 403


async def test_another_site_cannot_even_read_by_a_visitor_s_cookie(page: httpx.AsyncClient):
    answer = await page.get("/v1/accounts", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


@pytest.mark.parametrize("verb", ["login", "refresh", "stepUp", "answerChallenge"])
async def test_a_page_is_never_answered_with_tokens(page: httpx.AsyncClient, verb: str):
    answer = await page.post(f"/v1/auth:{verb}", json={})

    assert answer.status_code in {400, 403}
    assert "oken" not in answer.text or "does not get tokens" in answer.text


async def test_a_link_opens_one_session_once(anyone: httpx.AsyncClient, bridge: Bridge):
    code = bridge.sessions.entry(Tokens(Secret(TOKEN)))
    ours = {"origin": bridge.origin}

    first = await anyone.post("/session:enter", json={"code": code}, headers=ours)
    again = await anyone.post("/session:enter", json={"code": code}, headers=ours)
    wrong = await anyone.post("/session:enter", json={"code": "guess"}, headers=ours)

    assert first.status_code == 200
    assert (again.status_code, wrong.status_code) == (401, 401)


async def test_a_program_is_given_a_link_for_its_token_that_opens_one_session(
    owner: httpx.AsyncClient, anyone: httpx.AsyncClient, bridge: Bridge
):
    made = (await owner.post("/session:link")).json()
    path, _, code = made["path"].partition("#")
    ours = {"origin": bridge.origin}

    first = await anyone.post("/session:enter", json={"code": code}, headers=ours)
    again = await anyone.post("/session:enter", json={"code": code}, headers=ours)

    assert (path, made["seconds"]) == ("/enter", 120)
    assert (first.status_code, again.status_code) == (200, 401)


async def test_a_link_is_for_tokens_that_the_core_takes(
    anyone: httpx.AsyncClient, page: httpx.AsyncClient
):
    strange = await anyone.post("/session:link", headers={"authorization": "Bearer at_strange"})
    nobody = await anyone.post("/session:link")
    of_a_page = await page.post("/session:link")

    assert [each.status_code for each in (strange, nobody, of_a_page)] == [401, 401, 401]
    assert "enter" not in strange.text + nobody.text + of_a_page.text


async def test_a_page_asks_whether_it_is_signed_in(
    page: httpx.AsyncClient, anyone: httpx.AsyncClient
):
    assert (await page.get("/session")).json()["signedIn"] is True
    assert (await anyone.get("/session")).json() == {"signedIn": False}


async def test_a_token_that_ran_out_is_renewed_once_for_all_who_wait(
    anyone: httpx.AsyncClient, bridge: Bridge, core: Served
):
    await registered(anyone, core)
    signed = (await anyone.post("/v1/auth:login", json=PERSON)).json()["signedIn"]
    tokens = Tokens(Secret("run out"), Secret(signed["refreshToken"]))
    cookie, session = bridge.sessions.begin(tokens)
    ours = {"cookie": f"{COOKIE}={cookie}", "origin": bridge.origin}

    answers = [await anyone.get("/v1/me", headers=ours) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert session.tokens.access.reveal() != "run out"
