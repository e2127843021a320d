"""The tables of what the channels remember. SQLAlchemy 1.4 Core, which Rasa pins; SQLite or PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

TABLES = sa.MetaData()

CONVERSATIONS = sa.Table(
    "conversations",
    TABLES,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("customer", sa.String(64)),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

BEGINNINGS = sa.Index("conversations_by_beginning", CONVERSATIONS.c.created_ms, CONVERSATIONS.c.id)

OF_CUSTOMERS = sa.Index("conversations_of_customers", CONVERSATIONS.c.customer)

MESSAGES = sa.Table(
    "messages",
    TABLES,
    sa.Column("conversation_id", sa.String(200), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("who", sa.String(10), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    # What a repeat is recognised by: the provider's id of a customer's message, an agent's reply, a turn's nth answer.
    sa.Column("key", sa.String(240)),
    sa.Column("reply_to", sa.Integer),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    # Customers' messages only:
    sa.Column("said", sa.Text),
    sa.Column("customer", sa.String(64)),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waiting", sa.Boolean, nullable=False),
    sa.UniqueConstraint("conversation_id", "key", name="one_message_per_key"),
)
sa.Index(
    "waiting_messages",
    MESSAGES.c.conversation_id,
    MESSAGES.c.seq,
    sqlite_where=sa.text("waiting = 1"),
    postgresql_where=MESSAGES.c.waiting,
)
sa.Index("answers_of_a_message", MESSAGES.c.conversation_id, MESSAGES.c.reply_to)
BUTTONS = sa.Table(
    "buttons",
    TABLES,
    sa.Column("conversation_id", sa.String(200), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    # What Rasa gets when it is pressed.
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    # The customer's message it follows: pressed in time while that is still the customer's last.
    sa.Column("follows", sa.Integer, nullable=False),
    # The customer's message that pressed it.
    sa.Column("pressed", sa.Integer),
)

MEDIA = sa.Table(
    "media",
    TABLES,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(200), nullable=False, index=True),
    sa.Column("content_type", sa.String(40), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

# Who is at the end of a line that the provider names (an openid, a telephone number), and which conversation is theirs.
ADDRESSES = sa.Table(
    "addresses",
    TABLES,
    sa.Column("channel", sa.String(40), primary_key=True),
    sa.Column("address", sa.String(128), primary_key=True),
    sa.Column("conversation_id", sa.String(200), nullable=False, index=True),
    # Proven to be theirs; None for a visitor's.
    sa.Column("customer", sa.String(64)),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

# Where what is said in a conversation is pushed to: the channel its customer has used last.
ROUTES = sa.Table(
    "routes",
    TABLES,
    sa.Column("conversation_id", sa.String(200), primary_key=True),
    sa.Column("channel", sa.String(40), nullable=False, index=True),
    sa.Column("address", sa.String(128), nullable=False),
    # The number of the last message that has been pushed, or given up.
    sa.Column("pushed", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due_ms", sa.BigInteger, nullable=False),
    # The provider takes nothing more until the customer writes.
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("problem", sa.String(80)),
)

# What could not be pushed, for a person to see and to send again.
UNDELIVERED = sa.Table(
    "undelivered",
    TABLES,
    sa.Column("conversation_id", sa.String(200), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("problem", sa.String(80), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("again", sa.Boolean, nullable=False),
)

# Calls of providers whose signature does not cover the body: the same signature must not bring another one.
CALLS = sa.Table(
    "calls",
    TABLES,
    sa.Column("channel", sa.String(40), primary_key=True),
    sa.Column("nonce", sa.String(128), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
)

# What a provider has pushed: acknowledged and waiting to be read; read of late, so that a repeat is known; or not readable.
PUSHES = sa.Table(
    "pushes",
    TABLES,
    sa.Column("channel", sa.String(40), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    # Empty once it is read.
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("waiting", sa.Boolean, nullable=False),
    # Why nobody can read it.
    sa.Column("problem", sa.String(80)),
)

# Codes by which a customer brings an address of theirs into the conversation; only a hash is kept.
CODES = sa.Table(
    "binding_codes",
    TABLES,
    sa.Column("code", sa.String(64), primary_key=True),
    # Where the customer is signed in and has asked for it; None: it was sent to the telephone on record.
    sa.Column("conversation_id", sa.String(200)),
    sa.Column("customer", sa.String(64), nullable=False, index=True),
    # That telephone, and the address that it was asked for at: nobody else may use it.
    sa.Column("number", sa.String(20)),
    sa.Column("channel", sa.String(40)),
    sa.Column("address", sa.String(128)),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
)

# What was tried at an address, right or wrong.
CODE_TRIES = sa.Table(
    "code_tries",
    TABLES,
    sa.Column("channel", sa.String(40), nullable=False),
    sa.Column("address", sa.String(128), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Index("code_tries_of_an_address", "channel", "address", "at_ms"),
)
