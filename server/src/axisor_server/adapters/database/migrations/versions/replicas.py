"""The engines that share a database, each with the time until which it counts as alive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "replicas"
down_revision = "0001"
branch_labels = None
depends_on = None

min_compatible = "replicas"  # cores of before read the stored commands otherwise

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table of engines."""
    op.create_table(
        "engines",
        sa.Column("owner", NAME, primary_key=True, nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("room", sa.BigInteger(), nullable=False),
    )
