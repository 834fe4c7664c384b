"""The first tables: journal, intents, leases, commands, runs, accounts, witnesses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

min_compatible = "0001"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OPEN = "state IN ('planned', 'sent', 'unknown')"


def upgrade() -> None:
    """Create every table of the first release."""
    _create_journal()
    _create_accounts()
    _create_intents()
    _create_leases()
    _create_commands()
    _create_runs()


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, NAME, primary_key=key, nullable=False)


def _int(name: str, *, key: bool = False, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), primary_key=key, nullable=optional, autoincrement=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _partial(name: str, table: str, columns: list[str], *, where: str, unique: bool) -> None:
    clause = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=clause, postgresql_where=clause
    )


def _create_journal() -> None:
    op.create_table(
        "journal",
        _text("stream", key=True),
        _int("sequence", key=True),
        _int("time"),
        _text("kind"),
        _text("mode"),
        _bytes("payload"),
        _bytes("prev_hash"),
        _bytes("hash"),
    )
    op.create_table(
        "journal_head",
        _text("stream", key=True),
        _int("sequence"),
        _bytes("hash"),
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _text("id", key=True),
        _text("tenant"),
        _text("venue"),
        _text("network"),
        _text("mode"),
        _text("label"),
        _text("url"),
        _text("halt"),
        _int("revision"),
        _int("created_us"),
        _int("updated_us"),
    )
    op.create_table(
        "sealed",
        _text("account", key=True),
        _bytes("record"),
    )
    op.create_table(
        "meta",
        _text("key", key=True),
        _text("value"),
    )


def _create_intents() -> None:
    op.create_table(
        "intents",
        _text("id", key=True),
        _text("account"),
        _text("target"),
        _text("kind"),
        sa.Column("additive", sa.Boolean(), nullable=False),
        _int("amount"),
        _bytes("action"),
        _text("state"),
        _text("run"),
        _int("step"),
        _text("request_id"),
        _text("principal"),
        _int("lane"),
        _int("epoch"),
        _int("attempt"),
        _bytes("witness"),
        _int("signed_us", optional=True),
        _int("fence_us", optional=True),
        _int("created_us"),
        _int("updated_us"),
        _text("reason"),
        _text("message"),
        _text("venue_id"),
    )
    op.create_table(
        "witness",
        _text("account", key=True),
        _text("target", key=True),
        _int("counter"),
        _int("seen_us"),
    )
    op.create_index("intents_by_time", "intents", ["account", "created_us"])
    additive = f"additive AND {OPEN}"
    _partial(
        "one_open_additive_intent", "intents", ["account", "target"], where=additive, unique=True
    )
    _partial("open_intents", "intents", ["account"], where=OPEN, unique=False)


def _create_leases() -> None:
    op.create_table(
        "leases",
        _text("account", key=True),
        _text("owner"),
        _int("epoch"),
        _int("until_us"),
    )


def _create_commands() -> None:
    op.create_table(
        "commands",
        _text("tenant", key=True),
        _text("request_id", key=True),
        _text("account"),
        _text("method"),
        _bytes("digest"),
        _bytes("body"),
        _text("principal"),
        _int("not_after_us", optional=True),
        _int("created_us"),
        _int("answered_us", optional=True),
        _bytes("answer"),
    )
    _partial("open_commands", "commands", ["account"], where="answered_us IS NULL", unique=False)
    op.create_index("answered_commands", "commands", ["answered_us"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        _text("id", key=True),
        _text("account"),
        _text("strategy"),
        _text("label"),
        _bytes("config"),
        _bytes("leash"),
        _text("state"),
        _int("step"),
        _bytes("memory"),
        _bytes("wake"),
        _text("reason"),
        _int("revision"),
        _int("created_us"),
        _int("updated_us"),
    )
    op.create_index("runs_by_account", "runs", ["account", "created_us"])
