"""When a run that was paused for a time resumes by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "pauses"
down_revision = "rows"
branch_labels = None
depends_on = None

min_compatible = "replicas"  # cores of before leave such a run paused until somebody resumes it


def upgrade() -> None:
    """Add the time, which no run has yet."""
    op.add_column("runs", sa.Column("resume_us", sa.BigInteger(), nullable=True))
