"""The SQL of the hot path: plain text, the same for SQLite and PostgreSQL.

`?` marks a parameter; a dialect writes it its own way. No statement holds a `?` or `%` of another
meaning. `{lock}` becomes a row lock where the database has them, `{skip}` one that passes over
rows others have locked, `{now}` the database's own time in microseconds since 1970. What may find
nothing to change ends in RETURNING, so that "no row" says so on both.
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from axisor_server.domain.records import (
    AccountRecord,
    CommandRecord,
    DocumentRecord,
    EngineRecord,
    IntentRecord,
    LeaseRecord,
    RunRecord,
)


def _fields(record: type[Struct]) -> tuple[str, ...]:
    return record.__struct_fields__


def _select(table: str, record: type[Struct]) -> str:
    return f"SELECT {', '.join(_fields(record))} FROM {table}"  # noqa: S608 - our own names


def _insert(table: str, record: type[Struct]) -> str:
    names = _fields(record)
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608


def _assign(record: type[Struct]) -> str:
    return ", ".join(f"{name} = ?" for name in _fields(record))


# ---------------------------------------------------------------- journal

ENTRY = "stream, sequence, time, mode, kind, payload, prev_hash, hash"

HEAD = "SELECT sequence, hash FROM journal_head WHERE stream = ?"

SEQUENCES = "SELECT stream, sequence FROM journal_head"

ENTRIES = f"SELECT {ENTRY} FROM journal WHERE stream = ? AND sequence > ? ORDER BY sequence LIMIT ?"  # noqa: S608

_LEASED = "EXISTS (SELECT 1 FROM leases WHERE account = ? AND epoch = ?{lock})"

START = (
    "INSERT INTO journal_head (stream, sequence, hash) SELECT ?, ?, ? WHERE 1 = 1"
    " ON CONFLICT (stream) DO NOTHING RETURNING sequence"
)
START_LEASED = START.replace("1 = 1", _LEASED)

ADVANCE = (
    "UPDATE journal_head SET sequence = ?, hash = ? WHERE stream = ? AND sequence = ? AND hash = ?"
    " RETURNING sequence"
)
ADVANCE_LEASED = ADVANCE.replace(" RETURNING", f" AND {_LEASED} RETURNING")

ENTRIES_AT_ONCE = 64
"""The most rows one insert holds, which bounds the texts a database prepares."""


@cache
def insert_entries(count: int) -> str:
    """Return the insert of `count` journal rows."""
    row = f"({', '.join('?' * 8)})"
    return f"INSERT INTO journal ({ENTRY}) VALUES {', '.join([row] * count)}"  # noqa: S608


@cache
def entries_before(*, kinds: int, bounded: bool) -> str:
    """Return the backward read of a journal, for so many kinds (0: all), bounded or not."""
    where = "stream = ?"
    if bounded:
        where += " AND sequence < ?"
    if kinds:
        where += f" AND kind IN ({', '.join('?' * kinds)})"
    return f"SELECT {ENTRY} FROM journal WHERE {where} ORDER BY sequence DESC LIMIT ?"  # noqa: S608


# ---------------------------------------------------------------- accounts

ACCOUNTS = f"{_select('accounts', AccountRecord)} ORDER BY created_us, id"
ACCOUNT = f"{_select('accounts', AccountRecord)} WHERE id = ?"
ADD_ACCOUNT = f"{_insert('accounts', AccountRecord)} ON CONFLICT DO NOTHING RETURNING id"
REPLACE_ACCOUNT = (
    f"UPDATE accounts SET {_assign(AccountRecord)} WHERE id = ? AND revision = ? RETURNING id"  # noqa: S608
)
DELETE_ACCOUNT = "DELETE FROM accounts WHERE id = ?"

SEALED = "SELECT record FROM sealed WHERE account = ?"
PUT_SEALED = (
    "INSERT INTO sealed (account, record) VALUES (?, ?)"
    " ON CONFLICT (account) DO UPDATE SET record = excluded.record"
)
DELETE_SEALED = "DELETE FROM sealed WHERE account = ?"

# ---------------------------------------------------------------- intents

INTENT = f"{_select('intents', IntentRecord)} WHERE id = ?"
OPEN_INTENTS = (
    f"{_select('intents', IntentRecord)} WHERE account = ?"
    " AND state IN ('planned', 'sent', 'unknown') ORDER BY created_us, id"
)
RECENT_INTENTS = (
    f"{_select('intents', IntentRecord)} WHERE account = ? AND created_us >= ?"
    " ORDER BY created_us DESC, id DESC LIMIT ?"
)
ADD_INTENT = f"{_insert('intents', IntentRecord)} ON CONFLICT DO NOTHING RETURNING id"
MOVE_INTENT = f"UPDATE intents SET {_assign(IntentRecord)} WHERE id = ? AND state = ? RETURNING id"  # noqa: S608

WITNESS = "SELECT counter FROM witness WHERE account = ? AND target = ?"
WITNESSES = "SELECT target, counter FROM witness WHERE account = ?"
RAISE_WITNESS = (
    "INSERT INTO witness (account, target, counter, seen_us) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (account, target) DO UPDATE SET counter = excluded.counter,"
    " seen_us = excluded.seen_us WHERE witness.counter < excluded.counter"
)

# ---------------------------------------------------------------- runs

RUNS = f"{_select('runs', RunRecord)} ORDER BY created_us, id"
RUNS_OF = f"{_select('runs', RunRecord)} WHERE account = ? ORDER BY created_us, id"
RUN = f"{_select('runs', RunRecord)} WHERE id = ?"
ADD_RUN = f"{_insert('runs', RunRecord)} ON CONFLICT DO NOTHING RETURNING id"
REPLACE_RUN = (
    f"UPDATE runs SET {_assign(RunRecord)} WHERE id = ? AND revision = ? AND step <= ? RETURNING id"  # noqa: S608
)
SAVE_STEP = (
    "UPDATE runs SET step = ?, memory = ?, wake = ?, updated_us = ? WHERE id = ? AND step = ?"
    " RETURNING id"
)

# ---------------------------------------------------------------- commands

COMMAND = f"{_select('commands', CommandRecord)} WHERE tenant = ? AND request_id = ?"
OPEN_COMMANDS = (
    f"{_select('commands', CommandRecord)} WHERE account = ? AND answered_us IS NULL"
    " ORDER BY created_us, request_id"
)
HOLD_COMMAND = f"{COMMAND}{{lock}}"
DROP_COMMAND = "DELETE FROM commands WHERE tenant = ? AND request_id = ?"
WAITING_ACCOUNTS = (
    "SELECT DISTINCT account FROM commands WHERE answered_us IS NULL AND account <> ''"
    " ORDER BY account"
)
ADD_COMMAND = f"{_insert('commands', CommandRecord)} ON CONFLICT DO NOTHING RETURNING request_id"
ANSWER_COMMAND = (
    "UPDATE commands SET answer = ?, answered_us = ? WHERE tenant = ? AND request_id = ?"
    " AND answered_us IS NULL RETURNING request_id"
)
FORGET_COMMANDS = "DELETE FROM commands WHERE answered_us < ? RETURNING request_id"

# ---------------------------------------------------------------- leases, engines

LEASE = f"{_select('leases', LeaseRecord)} WHERE account = ?"
CLAIM_LEASE = (
    "INSERT INTO leases (account, owner, epoch, until_us) VALUES (?, ?, 1, {now} + ?)"
    " ON CONFLICT (account) DO UPDATE SET owner = excluded.owner, until_us = excluded.until_us,"
    " epoch = CASE WHEN leases.owner = excluded.owner AND leases.until_us > {now}"
    " THEN leases.epoch ELSE leases.epoch + 1 END"
    " WHERE leases.owner = excluded.owner OR leases.until_us <= {now} RETURNING epoch"
)
HOLD_LEASE = (
    "SELECT until_us - {now} FROM leases WHERE account = ? AND epoch = ? AND until_us > {now}{lock}"
)
RELEASE_LEASE = (
    "UPDATE leases SET owner = '', until_us = {now} WHERE account = ? AND owner = ? AND epoch = ?"
)
LIVE_LEASES = f"{_select('leases', LeaseRecord)} WHERE until_us > {{now}} ORDER BY account"

CANDIDATES_AT_ONCE = 64
"""The most accounts one choice is made from, which bounds the texts a database prepares."""


@cache
def free_account(count: int) -> str:
    """Return the choice of one of `count` accounts that no other owner holds."""
    return (
        f"SELECT id FROM accounts WHERE id IN ({', '.join('?' * count)})"  # noqa: S608
        " AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.account = accounts.id"
        " AND leases.owner <> ? AND leases.until_us > {now})"
        " ORDER BY created_us, id LIMIT 1{skip}"
    )


BEAT = (
    "INSERT INTO engines (owner, started_us, until_us, room) VALUES (?, ?, {now} + ?, ?)"
    " ON CONFLICT (owner) DO UPDATE SET until_us = excluded.until_us, room = excluded.room"
    " RETURNING started_us"
)
FORGET_ENGINES = "DELETE FROM engines WHERE until_us < {now} - 86400000000"
LEAVE = "DELETE FROM engines WHERE owner = ?"
LIVE_ENGINES = (
    f"{_select('engines', EngineRecord)} WHERE until_us > {{now}} ORDER BY started_us, owner"
)

# ---------------------------------------------------------------- documents

DOCUMENT = f"{_select('documents', DocumentRecord)} WHERE kind = ? AND id = ?"
DOCUMENT_BY = (
    f"{_select('documents', DocumentRecord)} WHERE kind = ? AND id ="  # noqa: S608
    " (SELECT id FROM document_keys WHERE kind = ? AND key = ?)"
)
ADD_DOCUMENT = f"{_insert('documents', DocumentRecord)} ON CONFLICT DO NOTHING RETURNING id"
REPLACE_DOCUMENT = (
    f"UPDATE documents SET {_assign(DocumentRecord)}"  # noqa: S608
    " WHERE kind = ? AND id = ? AND revision = ? RETURNING id"
)
DOCUMENTS_AFTER = (
    f"{_select('documents', DocumentRecord)} WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?"
)
REWRAP_DOCUMENT = "UPDATE documents SET body = ? WHERE kind = ? AND id = ?"
DELETE_DOCUMENT = "DELETE FROM documents WHERE kind = ? AND id = ? RETURNING id"
DOCUMENT_KEYS = "SELECT key FROM document_keys WHERE kind = ? AND id = ?"
ADD_DOCUMENT_KEY = (
    "INSERT INTO document_keys (kind, key, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"
)
DELETE_DOCUMENT_KEY = "DELETE FROM document_keys WHERE kind = ? AND key = ?"
DELETE_DOCUMENT_KEYS = "DELETE FROM document_keys WHERE kind = ? AND id = ?"
FORGET_DOCUMENTS = "DELETE FROM documents WHERE until_us < ? RETURNING kind, id"


@cache
def documents(*, owned: bool, about: bool) -> str:
    """Return the read of a kind's documents, by owner and by what they are about, or all."""
    where = "kind = ?" + " AND owner = ?" * owned + " AND about = ?" * about
    return f"{_select('documents', DocumentRecord)} WHERE {where} ORDER BY created_us, id"


# ---------------------------------------------------------------- facts

META = "SELECT value FROM meta WHERE key = ?"
PUT_META = (
    "INSERT INTO meta (key, value) VALUES (?, ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
