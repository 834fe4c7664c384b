"""The database and the Redis that cores share: reached by verified TLS, or on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone

from axisor.errors import SettingsInvalid
from axisor_server.adapters import tls
from axisor_server.adapters.authority import open_authority
from axisor_server.adapters.system import SystemClock
from axisor_server.links import database_url, redis_url
from axisor_server.settings import Settings, load
from tests.support.postgres import postgres_dsn, postgres_server
from tests.support.redis import RedisServer, redis_server

__all__ = ["postgres_dsn", "postgres_server", "redis_server"]

CHUNK = 65_536


def settings(**values: object) -> Settings:
    """Return settings with some that have dots in their names as two underscores."""
    flags = {name.replace("__", "."): value for name, value in values.items()}
    return load(file="", environment={}, flags=flags).settings


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.org/axisor?sslmode=disable",
        "postgresql://db.example.org/axisor?sslmode=prefer",
        "postgresql://db.example.org/axisor?sslmode=require",
        "postgresql://db.example.org/axisor?sslmode=verify-ca",
        "postgresql://192.0.2.7/axisor?sslmode=require",
        "postgresql://localhost,db.example.org/axisor?sslmode=require",
        "postgresql:///axisor?host=db.example.org&sslmode=disable",
        "postgresql:///axisor?hostaddr=192.0.2.7&sslmode=disable",
    ],
)
def test_what_is_elsewhere_is_reached_by_verified_tls_or_not_at_all(url: str):
    with pytest.raises(SettingsInvalid, match="not on this machine"):
        database_url(settings(database__url=url))

    allowed = database_url(settings(database__url=url, database__plaintext=True))
    assert allowed == url, "an operator who says so gets what they asked for"


def test_without_a_word_about_it_a_database_elsewhere_is_verified_by_the_systems_authorities():
    url = database_url(settings(database__url="postgresql://db.example.org/axisor"))

    asked = conninfo_to_dict(url)
    assert (asked["sslmode"], asked["sslrootcert"]) == ("verify-full", "system")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///axisor",
        "postgresql:///axisor?host=/run/postgresql",
        "postgresql://localhost/axisor",
        "postgresql://[::1]:5433/axisor",
        "postgres://127.0.0.1/axisor?sslmode=disable",
    ],
)
def test_what_is_on_this_machine_is_reached_as_asked(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PGHOST", raising=False)

    assert database_url(settings(database__url=url)) == url


def test_a_host_of_the_environment_counts_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGHOST", "db.example.org")

    with pytest.raises(SettingsInvalid, match="not on this machine"):
        database_url(settings(database__url="postgresql:///axisor?sslmode=disable"))


def test_a_password_is_in_no_refusal():
    for url in (
        "postgresql://axisor:canary@db.example.org/axisor?sslmode=disable",
        "postgresql://axisor:canary@db.example.org/axisor?nonsense=1",
        "mysql://axisor:canary@db.example.org/axisor",
    ):
        with pytest.raises(SettingsInvalid) as refused:
            database_url(settings(database__url=url))
        assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.example.org:6379/0",
        "redis://:canary@192.0.2.7/0",
        "rediss://redis.example.org/0?ssl_cert_reqs=none",
        "rediss://redis.example.org/0?ssl_check_hostname=False",
    ],
)
def test_redis_elsewhere_is_reached_by_tls_or_not_at_all(url: str):
    with pytest.raises(SettingsInvalid, match="not on this machine") as refused:
        redis_url(settings(redis__url=url))

    assert "canary" not in str(refused.value)
    assert redis_url(settings(redis__url=url, redis__plaintext=True)) == url


@pytest.mark.parametrize(
    "values",
    [
        {"redis__url": "http://localhost"},
        {"redis__url": "redis://localhost", "redis__root": "ca.pem"},
        {"redis__url": "rediss://localhost", "redis__certificate": "core.pem"},
    ],
)
def test_what_does_not_fit_together_is_refused(values: dict[str, str]):
    with pytest.raises(SettingsInvalid):
        redis_url(settings(**values))


def test_files_of_the_settings_are_handed_over():
    named = {"root": "/a b/ca.pem", "certificate": "/core.pem", "key": "/core.key"}
    database = settings(
        database__url="postgresql://db.example.org/axisor?application_name=core",
        **{f"database__{name}": file for name, file in named.items()},
    )
    redis = settings(
        redis__url="rediss://redis.example.org/0",
        **{f"redis__{name}": file for name, file in named.items()},
    )

    asked = conninfo_to_dict(database_url(database))
    assert (asked["sslmode"], asked["application_name"]) == ("verify-full", "core")
    assert (asked["sslrootcert"], asked["sslcert"], asked["sslkey"]) == tuple(named.values())
    query = parse_qs(urlsplit(redis_url(redis)).query)
    assert [file for (file,) in query.values()] == list(named.values())


# ---------------------------------------------------------------- what is shown


class Keys:
    """Files of a server that asks for a certificate, and of a core that has one."""

    def __init__(self, directory: Path) -> None:
        self.server = tls.load_or_make(directory / "server", SystemClock())
        self.root = directory / "root.pem"
        self.root.write_bytes(self.server.certificate)
        authority = open_authority(directory / "authority", SystemClock())
        issued = authority.issue("core", SystemClock())
        self.certificate, self.key = directory / "core.pem", directory / "core.key"
        self.certificate.write_bytes(issued.certificate)
        self.key.write_bytes(issued.key)
        self.key.chmod(0o600)
        self._chain, self._private = directory / "chain.pem", directory / "private.pem"
        self._chain.write_bytes(self.server.certificate)
        self._private.write_bytes(self.server.key)
        self._roots = directory / "clients.pem"
        self._roots.write_bytes(authority.certificate)

    def context(self, *protocols: str) -> ssl.SSLContext:
        """Return what a server is set up with that lets in only who shows a certificate."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self._chain, self._private)
        made.load_verify_locations(self._roots)
        made.verify_mode = ssl.CERT_REQUIRED
        if protocols:
            made.set_alpn_protocols(list(protocols))
        return made


@asynccontextmanager
async def behind(context: ssl.SSLContext, target: Path) -> AsyncIterator[int]:
    """Speak TLS before a server on a socket; yields the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(str(target))
        for pair in ((reader, back), (there, writer)):
            task = asyncio.create_task(pump(*pair))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(carry, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()


async def test_redis_that_asks_for_a_certificate_is_shown_ours(
    redis_server: RedisServer, tmp_path: Path
):
    keys = Keys(tmp_path)
    async with behind(keys.context(), redis_server.socket) as port:
        base: dict[str, object] = {
            "redis__url": f"rediss://localhost:{port}/0",
            "redis__root": str(keys.root),
        }
        shown = {"redis__certificate": str(keys.certificate), "redis__key": str(keys.key)}
        ours = Redis.from_url(redis_url(settings(**base, **shown)))
        bare = Redis.from_url(redis_url(settings(**base)))
        unknown = Redis.from_url(f"rediss://localhost:{port}/0")

        assert await ours.ping()
        for refused in (bare, unknown):
            with pytest.raises((RedisGone, OSError)):
                await refused.ping()
        for each in (ours, bare, unknown):
            await each.aclose()


@pytest.mark.postgres
async def test_a_database_that_asks_for_a_certificate_is_shown_ours(
    postgres_server: str, tmp_path: Path
):
    keys = Keys(tmp_path)
    there = conninfo_to_dict(postgres_server)
    socket = Path(str(there["host"])) / f".s.PGSQL.{there.get('port', 5432)}"
    # Behind a plain proxy TLS has to be the first word, which PostgreSQL's own need not be.
    query = "sslnegotiation=direct"
    async with behind(keys.context("postgresql"), socket) as port:
        base: dict[str, object] = {
            "database__url": f"postgresql://{there['user']}@localhost:{port}/postgres?{query}",
            "database__root": str(keys.root),
        }
        shown = {"database__certificate": str(keys.certificate), "database__key": str(keys.key)}
        if there.get("password"):
            base["database__url"] = str(base["database__url"]) + f"&password={there['password']}"

        async with await psycopg.AsyncConnection.connect(
            database_url(settings(**base, **shown))
        ) as connection:
            answered = await (await connection.execute("SELECT 1")).fetchone()
        with pytest.raises(psycopg.OperationalError):
            await psycopg.AsyncConnection.connect(database_url(settings(**base)))

    assert answered == (1,)
