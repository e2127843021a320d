"""Coupons for orders that came or left late, once an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compensations",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.Column("order_number", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("coupon_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_compensations_customer_id")),
        sa.ForeignKeyConstraint(
            ["order_number"], ["orders.number"], name=op.f("fk_compensations_order_number")
        ),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupons.id"], name=op.f("fk_compensations_coupon_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_compensations")),
        sa.UniqueConstraint("order_number", name=op.f("uq_compensations_order_number")),
    )
    op.create_index(op.f("ix_compensations_customer_id"), "compensations", ["customer_id"])


def downgrade() -> None:
    op.drop_table("compensations")
