"""Tokens for programs: made for less than their owner may, proved, narrowed, revoked."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest
from msgspec import structs
from tests.support.sessions import LAPTOP, SignIns

from axisor.errors import (
    AccountNotFound,
    FieldInvalid,
    PermissionDenied,
    SessionOver,
    TokenInvalid,
    TokenNotFound,
)
from axisor.model import Permission
from axisor.tokens import attenuate, mint, parse
from axisor_server.domain.api_tokens import KIND, MOST_TOKENS
from axisor_server.services.principals import Peer, Principal, owner

P = Permission
OFFICE = Peer(address="192.0.2.7")
ADA = Principal(
    name="people/ada",
    tenant="ada",
    person="ada",
    platform=P.READ | P.MANAGE_SECRETS | P.SELF,
    accounts={"main": P.READ | P.TRADE | P.ADJUST_MARGIN | P.GUARD, "spare": P.READ},
)


@pytest.fixture
async def core() -> AsyncIterator[SignIns]:
    """Open a core in which ada has two accounts."""
    made = SignIns()
    made.people["ada"] = ADA
    await made.store.open()
    yield made
    await made.store.close()


async def caller(core: SignIns, text: str, peer: Peer = OFFICE) -> Principal:
    return await core.token_door.principal(text, peer)


async def test_a_token_holds_what_its_owner_holds_but_no_right_over_secrets(core: SignIns):
    held = await caller(core, await core.token(ADA))

    assert held.name.startswith("tokens/")
    assert (held.tenant, held.person) == ("ada", "ada")
    assert held.rights("main") == ADA.rights("main")
    assert held.rights("spare") == P.READ
    assert not held.held & (P.SELF | P.MANAGE_SECRETS)


async def test_a_token_is_never_a_fresh_proof_of_who_calls(core: SignIns):
    held = await caller(core, await core.token(owner()))

    assert held.authenticated_us == 0


async def test_a_read_only_token_reads(core: SignIns):
    held = await caller(core, await core.token(ADA, "read_only=true"))

    assert held.rights("main") == held.rights("spare") == P.READ


async def test_a_token_for_one_account_sees_no_other_and_not_the_core(core: SignIns):
    held = await caller(core, await core.token(ADA, "accounts=main"))

    assert held.sees("main")
    assert not held.sees("spare")
    assert held.platform == P.READ


async def test_a_token_of_the_owner_for_one_account_sees_no_other(core: SignIns):
    held = await caller(core, await core.token(owner(), "accounts=main"))

    assert P.TRADE in held.rights("main")
    assert not held.sees("other")
    assert not held.sees_all
    assert held.platform == P.READ


async def test_a_token_with_a_limit_a_day_runs_no_strategies(core: SignIns):
    held = await caller(core, await core.token(ADA, "max_sats_per_day=1000"))

    assert held.sats_per_day == 1000
    assert P.GUARD not in held.held
    assert P.ADJUST_MARGIN in held.rights("main")


async def test_a_token_that_may_only_propose_holds_its_rights_and_says_so(core: SignIns):
    held = await caller(core, await core.token(ADA, "propose_only=true"))

    assert held.propose_only
    assert P.ADJUST_MARGIN in held.rights("main")
    assert not (await caller(core, await core.token(ADA))).propose_only


async def test_a_token_for_some_methods_says_which(core: SignIns):
    path = "axisor.v1.MarginService/ListPositions"
    held = await caller(core, await core.token(ADA, f"methods={path}"))

    assert held.methods == frozenset({path})


async def test_whoever_has_a_token_can_narrow_it(core: SignIns):
    text = await core.token(ADA)

    narrowed = attenuate(parse(text), "accounts=spare", "read_only=true").text()

    held = await caller(core, narrowed)
    assert held.sees("spare")
    assert not held.sees("main")


async def test_a_token_cannot_claim_an_account_that_its_owner_lost(core: SignIns):
    text = await core.token(ADA, "accounts=main")
    core.people["ada"] = structs.replace(ADA, accounts={})
    await core.clock.advance(2)

    assert not (await caller(core, text)).sees("main")


async def test_a_token_for_an_account_that_its_owner_does_not_see_is_not_made(core: SignIns):
    with pytest.raises(AccountNotFound):
        await core.token(ADA, "accounts=other")


@pytest.mark.parametrize(
    "told", ["everything=true", "permissions=self", "permissions=manage_secrets", "exp=soon", ""]
)
async def test_a_caveat_that_is_not_known_is_not_put_into_a_token(core: SignIns, told: str):
    with pytest.raises(FieldInvalid):
        await core.token(ADA, told)


async def test_a_caveat_that_is_not_known_allows_nothing(core: SignIns):
    text = attenuate(parse(await core.token(ADA)), "dpop-key=x").text()

    with pytest.raises(TokenInvalid, match="not understood"):
        await caller(core, text)


async def test_a_token_counts_for_its_addresses(core: SignIns):
    text = await core.token(ADA, "cidr=192.0.2.0/24")

    assert await caller(core, text, OFFICE)
    for address in ("198.51.100.1", ""):
        with pytest.raises(TokenInvalid, match="address"):
            await caller(core, text, Peer(address=address))


async def test_a_token_of_a_plugin_counts_for_that_plugin(core: SignIns):
    text = await core.token(ADA, "plugin=bot")

    assert await caller(core, text, Peer(certificate_name="spiffe://local/plugin/bot"))
    for name in ("", "bot", "spiffe://local/plugin/other", "spiffe://else/plugin/bot"):
        with pytest.raises(TokenInvalid, match="plugin"):
            await caller(core, text, Peer(certificate_name=name))


@pytest.mark.parametrize("told", ["audience=axisor/other", "tenant=grace"])
async def test_a_token_for_somebody_else_is_refused(core: SignIns, told: str):
    text = attenuate(parse(await core.token(ADA)), told).text()

    with pytest.raises(TokenInvalid):
        await caller(core, text)


async def test_a_token_runs_out(core: SignIns):
    now_s = int(core.clock.now().timestamp())
    text = await core.token(ADA, f"exp={now_s + 60}")
    assert (await caller(core, text)).until_us == (now_s + 60) * 1_000_000

    await core.clock.advance(60)

    with pytest.raises(TokenInvalid):
        await caller(core, text)
    assert await core.tokens.of(ADA) == []


async def test_a_narrowed_token_runs_out_before_the_one_it_was_made_of(core: SignIns):
    now_s = int(core.clock.now().timestamp())
    text = await core.token(ADA)
    short = attenuate(parse(text), f"exp={now_s + 60}").text()
    await core.clock.advance(60)

    with pytest.raises(TokenInvalid, match="run out"):
        await caller(core, short)
    assert await caller(core, text)


async def test_a_revoked_token_is_void_with_all_that_was_made_of_it(core: SignIns):
    text = await core.token(ADA)
    narrowed = attenuate(parse(text), "read_only=true").text()
    held = await caller(core, narrowed)
    assert await core.token_door.still(held)

    await core.tokens.revoke(ADA, parse(text).id, request=core.request("RevokeToken", ADA))

    for one in (text, narrowed):
        with pytest.raises(TokenInvalid):
            await caller(core, one)
    assert not await core.token_door.still(held)
    assert (await core.journal())[-1] == "TokenRevoked"


async def test_a_revoked_token_is_void_in_other_cores_within_two_seconds(core: SignIns):
    other = SignIns(core.store, core.clock, seed=2)
    other.people = core.people
    text = await core.token(ADA)
    held = await caller(other, text)
    await core.tokens.revoke(ADA, held.token, request=core.request("RevokeToken", ADA))

    await core.clock.advance(2)

    assert not await other.token_door.still(held)
    with pytest.raises(TokenInvalid):
        await caller(other, text)


async def test_a_token_of_somebody_who_may_not_sign_in_is_void(core: SignIns):
    text = await core.token(ADA)
    held = await caller(core, text)
    del core.people["ada"]
    await core.clock.advance(2)

    assert not await core.token_door.still(held)
    with pytest.raises(TokenInvalid):
        await caller(core, text)


async def test_a_stream_of_a_token_does_not_outlast_a_right_of_its_owner(core: SignIns):
    held = await caller(core, await core.token(ADA))
    less = {"main": P.READ, "spare": P.READ}
    core.people["ada"] = structs.replace(ADA, accounts=less)
    await core.clock.advance(2)

    assert not await core.token_door.still(held)


async def test_a_token_makes_no_token(core: SignIns):
    held = await caller(core, await core.token(ADA))

    with pytest.raises(PermissionDenied):
        await core.token(held)
    with pytest.raises(PermissionDenied):
        await core.tokens.of(held)


async def test_the_token_of_another_is_not_found(core: SignIns):
    grace = structs.replace(ADA, name="people/grace", tenant="grace", person="grace")
    id = parse(await core.token(ADA)).id

    with pytest.raises(TokenNotFound):
        await core.tokens.get(grace, id)
    with pytest.raises(TokenNotFound):
        await core.tokens.revoke(grace, id, request=core.request("RevokeToken", grace))
    assert await core.tokens.of(grace) == []
    assert [token.id for token in await core.tokens.of(ADA)] == [id]


async def test_the_same_request_makes_one_token(core: SignIns):
    request = core.request("CreateToken", ADA)

    made = [
        await core.tokens.create(ADA, label="bot", caveats=(), request=request) for _ in range(2)
    ]

    assert made[0][1].reveal() == made[1][1].reveal()
    assert len(await core.tokens.of(ADA)) == 1


async def test_an_owner_has_so_many_tokens_and_no_more(core: SignIns):
    for _ in range(MOST_TOKENS):
        await core.token(ADA)

    with pytest.raises(FieldInvalid):
        await core.token(ADA)


async def test_no_token_and_no_key_is_in_the_store_in_clear(core: SignIns):
    request = core.request("CreateToken", ADA)
    _, secret = await core.tokens.create(ADA, label="bot", caveats=(), request=request)

    [record] = await core.store.read(lambda r: r.documents(KIND))
    command = await core.store.read(lambda r: r.command("local", request.request_id))
    assert command is not None
    mac = secret.reveal().rsplit(".", 1)[1].encode()
    assert mac not in record.body + command.answer


async def test_a_token_of_a_key_that_somebody_made_up_is_refused(core: SignIns):
    id = parse(await core.token(ADA)).id

    for forged in (mint(id, bytes(32), ("tenant=ada",)), mint("unknown", bytes(32), ())):
        with pytest.raises(TokenInvalid):
            await caller(core, forged.text())


async def test_a_person_is_known_by_an_access_token(core: SignIns):
    issued = await core.open()

    held = await core.session_door.principal(issued.access.reveal(), OFFICE)

    assert (held.person, held.session) == ("ada", issued.session)
    assert held.rights("main") == ADA.rights("main")
    assert P.SELF in held.platform
    assert await core.session_door.still(held)


async def test_a_person_whose_session_ended_is_known_no_more(core: SignIns):
    issued = await core.open()
    held = await core.session_door.principal(issued.access.reveal(), OFFICE)
    await core.sessions.revoke(issued.session, by=ADA)

    assert not await core.session_door.still(held)
    with pytest.raises(SessionOver):
        await core.session_door.principal(issued.access.reveal(), OFFICE)


async def test_a_person_who_may_not_sign_in_is_known_no_more(core: SignIns):
    issued = await core.open()
    held = await core.session_door.principal(issued.access.reveal(), OFFICE)
    del core.people["ada"]
    await core.clock.advance(2)

    assert not await core.session_door.still(held)
    with pytest.raises(TokenInvalid):
        await core.session_door.principal(issued.access.reveal(), OFFICE)


async def test_no_changed_access_token_is_accepted(core: SignIns):
    seed, text = 23, (await core.open(device=LAPTOP)).access.reveal()
    die = random.Random(seed)
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.= "
    accepted = []
    for _ in range(3_000):
        at = die.randrange(len(text))
        changed = text[:at] + die.choice(alphabet) + text[at + die.randrange(2) :]
        if changed == text:
            continue
        try:
            await core.verifier.check(changed)
        except TokenInvalid:
            continue
        accepted.append(changed)

    assert accepted == [], f"seed {seed}"
