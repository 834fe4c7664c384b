"""The journal in monthly partitions on PostgreSQL; SQLite keeps its one table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "partitions"
down_revision = "documents"
branch_labels = None
depends_on = None

min_compatible = "replicas"  # the statements of cores are the same

NEXT_MONTH = """
SELECT extract(epoch FROM date_trunc('month', latest AT TIME ZONE 'UTC') + interval '1 month')
       ::bigint * 1000000
FROM (SELECT to_timestamp(greatest(
          (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
          (SELECT max(time) FROM journal_past)) / 1000000) AS latest) AS times
"""


def upgrade() -> None:
    """Let the table there is become the first partition, until the end of its last month.

    No entry is copied: the table is renamed, read through once, and goes on with its own key. Each
    partition has the key of before for itself, so within one no sequence is there twice. Across
    them the guarded move of the head sees to it, as it always has.
    """
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE journal RENAME TO journal_past")
    op.execute("ALTER TABLE journal_past RENAME CONSTRAINT journal_pkey TO journal_past_pkey")
    op.execute(
        "CREATE TABLE journal (LIKE journal_past INCLUDING DEFAULTS) PARTITION BY RANGE (time)"
    )
    end = int(connection.execute(sa.text(NEXT_MONTH)).scalar_one())
    op.execute(
        f"ALTER TABLE journal ATTACH PARTITION journal_past FOR VALUES FROM (MINVALUE) TO ({end})"
    )
    op.execute(
        "CREATE TABLE journal_default PARTITION OF journal (PRIMARY KEY (stream, sequence)) DEFAULT"
    )
