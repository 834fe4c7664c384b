"""Secrets go through every call about them and are found nowhere but under a seal or a hash."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pyotp
import pytest
from grpc.aio import AioRpcError
from prometheus_client import generate_latest
from tests.server.rpc.serving import CREATE, TOKEN, Served, bearer, creation
from tests.server.rpc.test_people import client, proof
from tests.support.canaries import dump, everything_logged, files_of, leaks
from tests.support.postgres import postgres_dsn, postgres_server

from axisor.errors import AxisorError
from axisor.ports import Secret
from axisor.v1 import accounts_pb2, events_pb2, system_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.v1.system_pb2_grpc import SystemServiceStub
from axisor.wire.people import Challenge, SignedIn
from axisor_server.adapters import tls
from axisor_server.adapters.database import postgres_store, sqlite_store
from axisor_server.adapters.memory import MemoryVault
from axisor_server.domain.records import TENANT
from axisor_server.engine.keys import open_key
from axisor_server.rpc.server import Tls

__all__ = ["postgres_dsn", "postgres_server"]

SECRET, PASSPHRASE, KEY = "canary-Secret-8841", "canary-Pass~phrase-5512", "canary-KeyId-9917"
CANARIES = (SECRET, PASSPHRASE, KEY)


def key(name: str = KEY) -> accounts_pb2.Credentials:
    return accounts_pb2.Credentials(key=name, secret=SECRET, passphrase=PASSPHRASE)


class Place:
    """A served core on a real database, and all that is left behind by it."""

    def __init__(self, served: Served, directory: Path, dsn: str) -> None:
        self.served = served
        self.directory = directory
        self.dsn = dsn

    def stored(self) -> dict[str, bytes]:
        """Return everything the database holds."""
        return {**files_of(self.directory), **(dump(self.dsn) if self.dsn else {})}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, certificate: tls.Certificate
) -> AsyncIterator[Place]:
    """Serve a core on each database."""
    dsn = request.getfixturevalue("postgres_dsn") if request.param == "postgres" else ""
    store = postgres_store(dsn) if dsn else sqlite_store(tmp_path / "data")
    served = Served(certificate.certificate, store=store)
    await served.store.open()
    await served.engine.start()
    pair = Tls(certificate.certificate, certificate.key)
    served.port = await served.server.start("127.0.0.1", 0, pair)
    yield Place(served, tmp_path, dsn)
    served.house.hub.close()
    await served.server.stop(1)
    await served.house.once.drain()
    await served.engine.stop(1)
    await served.store.close()


def told(error: AioRpcError) -> bytes:
    """Return all that an error tells its caller."""
    trailers = [f"{name}={value!r}" for name, value in error.trailing_metadata() or ()]
    return "\n".join([repr(error), str(error.details()), *trailers]).encode()


async def every_flow(place: Place) -> dict[str, bytes]:
    """Add, refuse, repeat, replace, test and list, and return every answer and every error."""
    found: dict[str, bytes] = {}
    async with place.served.channel() as channel:
        accounts, system = AccountServiceStub(channel), SystemServiceStub(channel)
        wrong = (
            creation(request_id=CREATE[:-1] + "2", credentials=key("wrong")),
            creation(request_id=CREATE[:-1] + "3", credentials=key("away")),
            creation(request_id=CREATE[:-1] + "4", credentials=key(), network="nowhere"),
            creation(request_id="no uuid", credentials=key()),
            creation(request_id=CREATE[:-1] + "5", credentials=key("k" * 300)),
        )
        for at, refused in enumerate(wrong):
            with pytest.raises(AioRpcError) as raised:
                await accounts.CreateAccount(refused, metadata=bearer())
            found[f"refusal {at}"] = told(raised.value)
        with pytest.raises(AioRpcError) as raised:
            await accounts.CreateAccount(creation(credentials=key()), metadata=bearer("guess"))
        found["unauthenticated"] = told(raised.value)
        made = await accounts.CreateAccount(creation(credentials=key()), metadata=bearer())
        again = await accounts.CreateAccount(creation(credentials=key()), metadata=bearer())
        replacement = accounts_pb2.ReplaceCredentialsRequest(
            name=made.account.name, request_id=CREATE[:-1] + "6", credentials=key()
        )
        other = accounts_pb2.ReplaceCredentialsRequest(
            name=made.account.name, request_id=CREATE[:-1] + "6", credentials=key(KEY + "2")
        )
        replaced = await accounts.ReplaceCredentials(replacement, metadata=bearer())
        with pytest.raises(AioRpcError) as raised:
            await accounts.ReplaceCredentials(other, metadata=bearer())
        found["reused"] = told(raised.value)
        answers = [
            made,
            again,
            replaced,
            await accounts.TestCredentials(
                accounts_pb2.TestCredentialsRequest(name=made.account.name), metadata=bearer()
            ),
            await accounts.ListAccounts(accounts_pb2.ListAccountsRequest(), metadata=bearer()),
            await system.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer()),
            await system.GetSettings(system_pb2.GetSettingsRequest(), metadata=bearer()),
            await EventServiceStub(channel).ListEvents(
                events_pb2.ListEventsRequest(parent=made.account.name), metadata=bearer()
            ),
        ]
    for at, answer in enumerate(answers):
        found[f"answer {at}"] = answer.SerializeToString() + str(answer).encode()
    found["metrics"] = generate_latest(place.served.registry)
    return found


async def test_no_key_is_told_logged_or_stored_in_clear(place: Place) -> None:
    with everything_logged() as logged:
        found = await every_flow(place)

    found |= place.stored()
    found["log"] = logged.getvalue().encode()

    assert len(logged.getvalue().splitlines()) > 5
    assert sum(map(len, place.stored().values())) > 5_000
    assert leaks(CANARIES, found) == []
    (account,) = await place.served.accounts()
    sealed = await place.served.store.read(lambda view: view.sealed(account.id))
    assert sealed is not None
    opened = open_key(MemoryVault(), sealed, account=account.id, network=account.network)
    assert opened.secret.reveal() == SECRET


async def test_the_rows_of_requests_hold_no_key(place: Place) -> None:
    await every_flow(place)

    held = await place.served.store.read(lambda view: view.command(TENANT, CREATE))

    assert held is not None
    assert leaks(CANARIES, {"row": held.body + held.answer + held.digest}) == []


async def sign_in_flows(place: Place) -> tuple[list[str], dict[str, bytes]]:
    """Register, sign in, refuse, prove, refresh, reset and make a token.

    Returns every secret and address that went through, and what was told meanwhile.
    """
    core = place.served
    password, other = Secret("canary four words 6621"), Secret("canary other words 7710")
    email, title, device = (
        "canary.person.3307@example.org",
        "Canary Name 4418",
        "canary-device-2290",
    )
    secrets = [password.reveal(), other.reveal(), email, title, device, TOKEN]
    errors: list[str] = []

    async def refused(call: Awaitable[object]) -> None:
        with pytest.raises(AxisorError) as raised:
            await call
        error = raised.value
        errors.append(f"{error!r} {error} {error.metadata} {error.__cause__!r}")

    async with client(core, TOKEN) as owner, client(core) as nobody:
        invitation = await owner.users.invite(email, silent=True)
        await nobody.auth.register(email, password, title=title, invitation=invitation.proof)
        verified = await proof(core)
        await nobody.auth.verify_email(verified)
        await refused(nobody.auth.login(email, other))
        signed = await nobody.auth.login(
            email, password, device="laptop", device_key=Secret(device)
        )
        assert isinstance(signed, SignedIn)
        assert signed.refresh is not None
        async with client(core, signed.access) as person:
            _, made = await person.tokens.create("bot", caveats=("read_only=true",))
            totp, address = await person.users.enrol_totp()
            app = pyotp.TOTP(totp.reveal())
            codes = await person.users.confirm_totp(Secret(app.now()))
        challenge = await nobody.auth.login(email, password, device_key=Secret(device))
        assert isinstance(challenge, Challenge)
        await refused(nobody.auth.answer(challenge, Secret("000000"), device_key=Secret(device)))
        again = await nobody.auth.answer(challenge, codes[0], device_key=Secret(device))
        assert again.refresh is not None
        after = await nobody.auth.refresh(again.refresh, device_key=Secret(device))
        await refused(nobody.auth.refresh(Secret(again.refresh.reveal() + "x")))
        async with client(core, signed.access.reveal()[:-3] + "abc") as forged:
            await refused(forged.users.me())
        async with client(core, made) as program:
            await program.accounts.list()
            await refused(program.users.me())
        assert after.refresh is not None
        given = [
            *(invitation.proof, verified, signed.access, signed.refresh, totp, address),
            *(made, again.access, again.refresh, after.access, after.refresh),
            *codes,
        ]
        secrets += [each.reveal() for each in given if each is not None]
    found = {"errors": "\n".join(errors).encode(), "metrics": generate_latest(core.registry)}
    return secrets, found


async def test_no_password_token_code_or_address_is_told_logged_or_stored_in_clear(
    place: Place,
) -> None:
    with everything_logged() as logged:
        secrets, found = await sign_in_flows(place)

    found |= place.stored()
    found["log"] = logged.getvalue().encode()

    assert len(secrets) > 25
    assert len(logged.getvalue().splitlines()) > 5
    assert leaks(secrets, found) == []


def test_the_search_finds_a_secret_however_it_is_written() -> None:
    import base64

    for text in (
        SECRET.encode(),
        base64.b64encode(b"a" + SECRET.encode() + b"zzz"),
        base64.b64encode(b"ab" + SECRET.encode() + b"zzz"),
        base64.b64encode(b"abc" + SECRET.encode() + b"zzz"),
        SECRET.encode().hex().encode(),
        SECRET.encode("utf-16-le"),
    ):
        assert leaks(CANARIES, {"here": b"before" + text + b"after"}), text
