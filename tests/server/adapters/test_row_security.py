"""PostgreSQL itself holds back what a caller may not see, whatever it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from tests.support.rows import READS, fill

from axisor_server.adapters.database import postgres_store
from axisor_server.adapters.database.store import DatabaseStore
from axisor_server.domain.scopes import Scope
from axisor_server.ports import Reader

ROLE = "axisor_core"
ANN = Scope(principal="people/ann", person="ann", accounts=frozenset({"mine"}))
NOBODY = Scope(principal="people/zoe", person="zoe", accounts=frozenset())
CORE = Scope(principal="people/adam", person="adam", accounts=frozenset(), core=True)
FILTERED_BEFORE = {"meta"}
"""Facts are in a table without rules: use cases filter them."""


@pytest.fixture
def role_dsn(postgres_server: str) -> str:
    """Return the address of an empty schema that belongs to a role which is no superuser."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone():
            connection.execute(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER".encode())
        connection.execute(f"DROP SCHEMA IF EXISTS {ROLE} CASCADE".encode())
        connection.execute(f"CREATE SCHEMA {ROLE} AUTHORIZATION {ROLE}".encode())
    parts = urlsplit(postgres_server)
    server = urlunsplit(parts._replace(netloc=f"{ROLE}:@{parts.netloc.rpartition('@')[2]}"))
    return f"{server}&options={quote(f'-csearch_path={ROLE}')}"


@pytest.fixture
async def store(role_dsn: str) -> AsyncIterator[DatabaseStore]:
    """Open a store, as that role, with something of everybody's."""
    made = postgres_store(role_dsn)
    await made.open()
    await made.write(fill)
    yield made
    await made.close()


async def read(store: DatabaseStore, scope: Scope | None, name: str, id: str) -> object:
    """Return what a read finds in a view that only the database has narrowed."""

    def unit(view: Reader) -> object:
        if scope is not None:
            view.narrow(scope)
        return READS[name](view, id)

    return await store.read(unit)


@pytest.mark.parametrize("name", sorted(READS.keys() - FILTERED_BEFORE))
async def test_the_database_gives_a_caller_their_rows_and_no_others(
    store: DatabaseStore, name: str
) -> None:
    assert await read(store, ANN, name, "mine")
    assert not await read(store, ANN, name, "theirs")
    assert not await read(store, NOBODY, name, "mine")


@pytest.mark.parametrize("name", READS)
async def test_the_core_itself_is_held_back_nothing(store: DatabaseStore, name: str) -> None:
    assert await read(store, None, name, "mine")
    assert await read(store, None, name, "theirs")


async def test_what_one_read_was_for_is_forgotten_by_the_next(store: DatabaseStore) -> None:
    for _ in range(10):  # so that each of the connections is used again
        assert not await read(store, ANN, "account", "theirs")
        assert await read(store, None, "account", "theirs")


async def test_the_journal_of_the_core_is_for_who_looks_after_it(store: DatabaseStore) -> None:
    async def entries(scope: Scope) -> int:
        def unit(view: Reader) -> int:
            view.narrow(scope)
            return view.head("platform").sequence + len(view.entries("platform", after=0, limit=9))

        return await store.read(unit)

    assert await entries(ANN) == 0
    assert await entries(CORE) == 2


async def test_a_statement_of_ones_own_finds_no_more(store: DatabaseStore, role_dsn: str) -> None:
    with psycopg.connect(role_dsn) as connection:
        connection.execute("SELECT set_config('axisor.scope', 'narrow', true)")
        connection.execute("SELECT set_config('axisor.accounts', 'mine', true)")
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            for table in ("accounts", "sealed", "intents", "runs", "leases", "witness")
        }

    assert counts == dict.fromkeys(counts, (1,))


async def test_a_caller_without_accounts_changes_none(store: DatabaseStore, role_dsn: str) -> None:
    with psycopg.connect(role_dsn) as connection:
        connection.execute("SELECT set_config('axisor.scope', 'narrow', true)")
        connection.execute("SELECT set_config('axisor.accounts', 'mine', true)")
        done = connection.execute("UPDATE accounts SET label = 'x' WHERE id = 'theirs'")

        assert done.rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE accounts SET id = 'other' WHERE id = 'mine'")


async def test_every_table_with_somebodys_rows_has_a_rule(
    store: DatabaseStore, role_dsn: str
) -> None:
    nobodys = {"meta", "engines", "alembic_version"}
    with psycopg.connect(role_dsn) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = %s::regnamespace"
            " AND NOT (relrowsecurity AND relforcerowsecurity)",
            (ROLE,),
        ).fetchall()

    assert {name for (name,) in rows} == nobodys
