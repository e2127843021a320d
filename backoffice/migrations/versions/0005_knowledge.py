"""The knowledge base: entries, their versions, what they must go on answering, what was asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REFUSALS = ("UPDATE", "DELETE")


def upgrade() -> None:
    op.create_table(
        "knowledge_entries",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("live_version", sa.Integer(), nullable=True),
        sa.Column("question", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("scene", sa.String(length=40), nullable=False),
        sa.Column("live_from", sa.Date(), nullable=True),
        sa.Column("live_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_knowledge_entries")),
    )
    op.create_index(op.f("ix_knowledge_entries_state_key"), "knowledge_entries", ["state", "key"])
    op.create_index(op.f("ix_knowledge_entries_live_version"), "knowledge_entries", ["live_version"])
    op.create_index(op.f("ix_knowledge_entries_live_from"), "knowledge_entries", ["live_from"])
    op.create_index(op.f("ix_knowledge_entries_live_until"), "knowledge_entries", ["live_until"])
    op.create_table(
        "knowledge_versions",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.Column("imported", sa.JSON(), nullable=False),
        sa.Column("is_import", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["knowledge_entries.key"], name=op.f("fk_knowledge_versions_key")),
        sa.PrimaryKeyConstraint("key", "version", name=op.f("pk_knowledge_versions")),
    )
    op.create_table(
        "knowledge_regressions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("question", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["key"], ["knowledge_entries.key"], name=op.f("fk_knowledge_regressions_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_regressions")),
        sa.UniqueConstraint("key", "question", name=op.f("uq_knowledge_regressions_key_question")),
    )
    op.create_table(
        "knowledge_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_events")),
    )
    op.create_index(op.f("ix_knowledge_events_key_id"), "knowledge_events", ["key", "id"])
    _refuse_changes()
    op.create_table(
        "knowledge_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_revision")),
    )
    op.create_table(
        "knowledge_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.String(length=500), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("conversation_id", sa.String(length=128), nullable=True),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_questions")),
    )
    op.create_index(op.f("ix_knowledge_questions_asked_at"), "knowledge_questions", ["asked_at"])
    op.create_index(
        op.f("ix_knowledge_questions_conversation_id"), "knowledge_questions", ["conversation_id"]
    )


def _refuse_changes() -> None:
    """An audit that its own application could rewrite would prove nothing."""
    if op.get_bind().dialect.name == "sqlite":
        for change in _REFUSALS:
            op.execute(
                f"CREATE TRIGGER knowledge_events_no_{change.lower()} BEFORE {change} ON knowledge_events "
                "BEGIN SELECT RAISE(ABORT, 'knowledge_events is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION knowledge_events_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'knowledge_events is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER knowledge_events_append_only BEFORE UPDATE OR DELETE ON knowledge_events "
        "FOR EACH ROW EXECUTE FUNCTION knowledge_events_refuse()"
    )


def downgrade() -> None:
    op.drop_table("knowledge_questions")
    op.drop_table("knowledge_revision")
    op.drop_table("knowledge_events")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION knowledge_events_refuse()")
    op.drop_table("knowledge_regressions")
    op.drop_table("knowledge_versions")
    op.drop_table("knowledge_entries")
