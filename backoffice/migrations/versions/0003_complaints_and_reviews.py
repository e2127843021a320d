"""Tickets carry a complaint's targets, tags and transcript; slips a pick-up, a review, paid repairs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sentiment", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("transcript", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("close_by", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("returns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pickup", sa.String(length=20), nullable=True))
        batch_op.add_column(
            sa.Column("is_paid_repair", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("review_code", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("review_ticket", sa.String(length=20), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("returns", schema=None) as batch_op:
        for name in ("review_ticket", "review_code", "is_paid_repair", "pickup"):
            batch_op.drop_column(name)
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        for name in ("close_by", "respond_by", "transcript", "tags", "sentiment"):
            batch_op.drop_column(name)
