"""How near to liquidation an account's unprotected positions are warned of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "nearness"
down_revision = "pauses"
branch_labels = None
depends_on = None

min_compatible = "replicas"  # cores of before warn of nothing, and keep what they do not know

USUAL = {"near_bp": "500", "critical_bp": "200"}
"""In hundredths of a percent; what an account has that a core of before adds."""


def upgrade() -> None:
    """Add both distances; every account gets the usual ones."""
    for name, usual in USUAL.items():
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default=usual)
        op.add_column("accounts", column)
