"""On PostgreSQL, rows that are held back from who reads for a caller: not theirs, so not there.

A transaction that says for whom it reads sees the rows of that caller. One that says nothing is the
core's own, and sees all: the engine acts for everybody. Owners of tables are bound too, superusers
never are.
"""

from __future__ import annotations

from alembic import op

revision = "rows"
down_revision = "partitions"
branch_labels = None
depends_on = None

min_compatible = "replicas"

OURS = "coalesce((SELECT current_setting('axisor.scope', true)), '') = ''"
SEEN = "ANY ((SELECT string_to_array(current_setting('axisor.accounts', true), ','))::text[])"
CORE = "(SELECT current_setting('axisor.core', true)) = 'yes'"
PERSON = "(SELECT current_setting('axisor.person', true))"
PRINCIPAL = "(SELECT current_setting('axisor.principal', true))"
OF_JOURNAL = f"replace(stream, 'accounts/', '') = {SEEN} OR (stream = 'platform' AND {CORE})"
OF_ACCOUNT = f"account = {SEEN}"
RULES = {
    "accounts": f"id = {SEEN}",
    "sealed": OF_ACCOUNT,
    "intents": OF_ACCOUNT,
    "runs": OF_ACCOUNT,
    "leases": OF_ACCOUNT,
    "witness": OF_ACCOUNT,
    "commands": f"{OF_ACCOUNT} OR (account = '' AND principal = {PRINCIPAL})",
    "journal": OF_JOURNAL,
    "journal_head": OF_JOURNAL,
    "documents": f"{CORE} OR (owner <> '' AND owner = {PERSON})"
    f" OR (about <> '' AND replace(about, 'accounts/', '') = {SEEN})"
    " OR (owner = '' AND about = '')",
    "document_keys": "EXISTS (SELECT 1 FROM documents AS held"
    " WHERE held.kind = document_keys.kind AND held.id = document_keys.id)",
}
"""What a caller sees of each table."""


def upgrade() -> None:
    """Put a policy on each table; cores of before say nothing, and see all as before."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, rule in RULES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY seen ON {table} USING ({OURS} OR {rule})")
