"""Small records of people, sessions, tokens and memberships, and the keys they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "documents"
down_revision = "replicas"
branch_labels = None
depends_on = None

min_compatible = "replicas"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, NAME, primary_key=key, nullable=False)


def upgrade() -> None:
    """Create the two tables; cores of before do not know them and need not."""
    op.create_table(
        "documents",
        _text("kind", key=True),
        _text("id", key=True),
        _text("tenant"),
        _text("owner"),
        _text("about"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("documents_by_owner", "documents", ["kind", "owner"])
    op.create_index("documents_by_subject", "documents", ["kind", "about"])
    op.create_index("documents_by_end", "documents", ["until_us"])
    op.create_table("document_keys", _text("kind", key=True), _text("key", key=True), _text("id"))
    op.create_index("document_keys_by_document", "document_keys", ["kind", "id"])
