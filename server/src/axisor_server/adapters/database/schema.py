"""The tables of the core, as SQLAlchemy describes them; migrations must end at exactly these.

Names of columns equal the fields of the records in `domain`. Times are UTC microseconds since 1970,
money is sats, both as 64-bit integers. Text sorts by its bytes on both databases.
"""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa

metadata = sa.MetaData()

Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Int = sa.BigInteger()
Bytes = sa.LargeBinary()

OPEN_INTENT = "state IN ('planned', 'sent', 'unknown')"
"""Open means that the effect may still happen, or may have happened unseen."""

ONE_ADDITIVE = f"additive AND {OPEN_INTENT}"


T = TypeVar("T")


def _column(name: str, type_: sa.types.TypeEngine[T]) -> sa.Column[T]:
    return sa.Column(name, type_, nullable=False)


journal = sa.Table(
    "journal",
    metadata,
    sa.Column("stream", Name, primary_key=True),
    sa.Column("sequence", Int, primary_key=True, autoincrement=False),
    _column("time", Int),
    _column("kind", Name),
    _column("mode", Name),
    _column("payload", Bytes),
    _column("prev_hash", Bytes),
    _column("hash", Bytes),
)

journal_head = sa.Table(
    "journal_head",
    metadata,
    sa.Column("stream", Name, primary_key=True),
    _column("sequence", Int),
    _column("hash", Bytes),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", Name, primary_key=True),
    _column("tenant", Name),
    _column("venue", Name),
    _column("network", Name),
    _column("mode", Name),
    _column("label", Name),
    _column("url", Name),
    _column("halt", Name),
    _column("revision", Int),
    _column("created_us", Int),
    _column("updated_us", Int),
    sa.Column("near_bp", Int, nullable=False, server_default="500"),
    sa.Column("critical_bp", Int, nullable=False, server_default="200"),
)

sealed = sa.Table(
    "sealed",
    metadata,
    sa.Column("account", Name, primary_key=True),
    _column("record", Bytes),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", Name, primary_key=True),
    _column("account", Name),
    _column("target", Name),
    _column("kind", Name),
    _column("additive", sa.Boolean()),
    _column("amount", Int),
    _column("action", Bytes),
    _column("state", Name),
    _column("run", Name),
    _column("step", Int),
    _column("request_id", Name),
    _column("principal", Name),
    _column("lane", Int),
    _column("epoch", Int),
    _column("attempt", Int),
    _column("witness", Bytes),
    sa.Column("signed_us", Int),
    sa.Column("fence_us", Int),
    _column("created_us", Int),
    _column("updated_us", Int),
    _column("reason", Name),
    _column("message", Name),
    _column("venue_id", Name),
    sa.Index("intents_by_time", "account", "created_us"),
)

sa.Index(
    "one_open_additive_intent",
    intents.c.account,
    intents.c.target,
    unique=True,
    sqlite_where=sa.text(ONE_ADDITIVE),
    postgresql_where=sa.text(ONE_ADDITIVE),
)

sa.Index(
    "open_intents",
    intents.c.account,
    sqlite_where=sa.text(OPEN_INTENT),
    postgresql_where=sa.text(OPEN_INTENT),
)

witness = sa.Table(
    "witness",
    metadata,
    sa.Column("account", Name, primary_key=True),
    sa.Column("target", Name, primary_key=True),
    _column("counter", Int),
    _column("seen_us", Int),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("account", Name, primary_key=True),
    _column("owner", Name),
    _column("epoch", Int),
    _column("until_us", Int),
)

engines = sa.Table(
    "engines",
    metadata,
    sa.Column("owner", Name, primary_key=True),
    _column("started_us", Int),
    _column("until_us", Int),
    _column("room", Int),
)

commands = sa.Table(
    "commands",
    metadata,
    sa.Column("tenant", Name, primary_key=True),
    sa.Column("request_id", Name, primary_key=True),
    _column("account", Name),
    _column("method", Name),
    _column("digest", Bytes),
    _column("body", Bytes),
    _column("principal", Name),
    sa.Column("not_after_us", Int),
    _column("created_us", Int),
    sa.Column("answered_us", Int),
    _column("answer", Bytes),
)

sa.Index(
    "open_commands",
    commands.c.account,
    sqlite_where=sa.text("answered_us IS NULL"),
    postgresql_where=sa.text("answered_us IS NULL"),
)

sa.Index("answered_commands", commands.c.answered_us)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", Name, primary_key=True),
    _column("account", Name),
    _column("strategy", Name),
    _column("label", Name),
    _column("config", Bytes),
    _column("leash", Bytes),
    _column("state", Name),
    _column("step", Int),
    _column("memory", Bytes),
    _column("wake", Bytes),
    _column("reason", Name),
    _column("revision", Int),
    _column("created_us", Int),
    _column("updated_us", Int),
    sa.Column("resume_us", Int),
    sa.Index("runs_by_account", "account", "created_us"),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("kind", Name, primary_key=True),
    sa.Column("id", Name, primary_key=True),
    _column("tenant", Name),
    _column("owner", Name),
    _column("about", Name),
    _column("body", Bytes),
    _column("revision", Int),
    sa.Column("until_us", Int),
    _column("created_us", Int),
    _column("updated_us", Int),
    sa.Index("documents_by_owner", "kind", "owner"),
    sa.Index("documents_by_subject", "kind", "about"),
    sa.Index("documents_by_end", "until_us"),
)

document_keys = sa.Table(
    "document_keys",
    metadata,
    sa.Column("kind", Name, primary_key=True),
    sa.Column("key", Name, primary_key=True),
    _column("id", Name),
    sa.Index("document_keys_by_document", "kind", "id"),
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", Name, primary_key=True),
    _column("value", Name),
)
