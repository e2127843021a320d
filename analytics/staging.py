"""Raw events as the lake keeps them: JSON unpacked once, into typed columns; text masked; what is not declared is left out.

DuckDB unpacks, many rows at a time; Python masks each distinct text once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from analytics.masking import Masker
from analytics.schema import EVENTS
from privacy import mask

ARROW = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "boolean": pa.bool_(), "date": pa.date32()}
SCHEMA = pa.schema([(column.name, ARROW[column.type]) for column in EVENTS.columns])

SHANGHAI_MS = 8 * 3_600_000  # UTC+8 without summer time since 1991
LATEST = 4_102_444_800  # the year 2100, in seconds: what claims to be later is a broken clock
LONGEST_VALUE = 500
_READ = 2000  # of a value, before masking: what is cut there lies far behind what is kept

# What is taken out of an event's JSON, by its place there. Each event is parsed once for all of it.
_SHAPE = {
    "text": "VARCHAR",
    "input_channel": "VARCHAR",
    "name": "VARCHAR",
    "value": "JSON",
    "policy": "VARCHAR",
    "message_id": "VARCHAR",
    "metadata": {"utter_action": "VARCHAR", "agent_id": "VARCHAR", "is_external": "VARCHAR"},
    "parse_data": {
        "intent": {"name": "VARCHAR", "confidence": "VARCHAR"},
        "sentiment": {"name": "VARCHAR"},
        "requests": "VARCHAR",
    },
}
# Messages that programs put into a customer's mouth; nobody said them.
_PAYLOADS = "('/session_start', '/restart')"

# TRY makes NULL of what is no JSON. The digest's key stands before what it is of, so that a short event cannot be guessed.
_UNPACK = f"""
WITH raw AS (
    SELECT *, TRY(json_transform(data, '{json.dumps(_SHAPE)}')) AS told,
        CASE WHEN "timestamp" IS NULL THEN TRY_CAST(TRY(json_extract_string(data, '$.timestamp')) AS DOUBLE)
            ELSE "timestamp" END AS seconds
    FROM raw_events
), placed AS (
    SELECT *, CASE WHEN seconds > 0 AND seconds < {LATEST} THEN CAST(round(seconds * 1000) AS BIGINT) ELSE 0 END AS at_ms
    FROM raw
)
SELECT
    event_id,
    sender_id,
    at_ms,
    DATE '1970-01-01' + CAST((at_ms + {SHANGHAI_MS}) // 86400000 AS INTEGER) AS day,
    CASE
        WHEN told IS NULL THEN 'unreadable'
        WHEN type_name = 'user' AND (told.metadata.is_external = 'true' OR told.text IN {_PAYLOADS}) THEN 'external'
        ELSE type_name
    END AS type,
    told.text AS text,
    told.parse_data.intent.name AS intent,
    TRY_CAST(told.parse_data.intent.confidence AS DOUBLE) AS confidence,
    told.parse_data.sentiment.name AS sentiment,
    left(told.parse_data.requests, {LONGEST_VALUE}) AS requests,
    told.input_channel AS channel,
    told.name AS name,
    CASE WHEN type_name = 'slot' THEN left(nullif(CAST(told.value AS VARCHAR), 'null'), {_READ}) END AS value,
    told.policy AS policy,
    told.metadata.utter_action AS response,
    told.metadata.agent_id AS agent_id,
    CAST('0x' || left(sha1(concat($key, sender_id, chr(31), data)), 15) AS BIGINT) AS digest,
    CASE WHEN type_name = 'user' THEN coalesce(told.message_id, '') END AS message_id
FROM placed
"""
# An action that goes on with what a customer agreed to writes it as a message of its own, under the id of the one that is
# being answered; both are saved in one transaction.
_SAID_AGAIN = """
SELECT event_id FROM (
    SELECT event_id, nullif(message_id, '') = lag(message_id) OVER (PARTITION BY sender_id ORDER BY event_id) AS again
    FROM told WHERE message_id IS NOT NULL
) WHERE again
"""
_MASKED = ("text", "intent", "sentiment", "requests", "channel", "name", "policy", "response", "agent_id", "type")


# A random UUID, as Rasa and its channels make them, tells of nobody.
_SERVER_MADE = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")


class Staging:
    """Makes the lake's events out of a source's. `key` keeps digests and pseudonyms from being guessed."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        # A second thread would cost half as much again, for a batch that is small.
        self._duckdb = duckdb.connect(config={"threads": 1})
        self._masker = Masker()
        self._pseudonym = lru_cache(maxsize=200_000)(self._pseudonym_of)

    def stage(self, source: str, raw: pa.Table) -> pa.Table:
        """The rows as SCHEMA has them, as many as there were."""
        told = self._unpacked(raw)
        unreadable = pc.equal(told["type"], "unreadable")
        if pc.any(unreadable).as_py():
            told = self._unpacked(_repaired(raw, unreadable.combine_chunks()))
        self._duckdb.register("told", told)
        again = self._duckdb.execute(_SAID_AGAIN).to_arrow_table()["event_id"]
        columns: dict[str, Any] = {name: told[name] for name in told.column_names}
        if len(again):
            columns["type"] = pc.if_else(pc.is_in(told["event_id"], again), "external", told["type"])
        columns["source"] = pa.repeat(pa.scalar(source), told.num_rows)
        columns["conversation_id"] = _each(told["sender_id"], lambda ids: [self._pseudonym(each) for each in ids])
        columns["value"] = _each(told["value"], lambda texts: [text[:LONGEST_VALUE] for text in self._masker.all_masked(texts)])
        for name in _MASKED:
            columns[name] = _each(columns[name], self._masker.all_masked)
        return pa.Table.from_arrays([_plain(columns[field.name]).cast(field.type) for field in SCHEMA], schema=SCHEMA)

    def _unpacked(self, raw: pa.Table) -> pa.Table:
        self._duckdb.register("raw_events", raw)
        return self._duckdb.execute(_UNPACK, {"key": self._key.hex()}).to_arrow_table()

    def conversation(self, sender_id: str) -> str:
        """The conversation's id in the lake."""
        return self._pseudonym(sender_id)

    def masked(self, text: str) -> str:
        """A text without personal data."""
        return self._masker.masked(text)

    def close(self) -> None:
        """Let go of its processes."""
        self._masker.close()

    def _pseudonym_of(self, sender_id: str) -> str:
        """The id itself, or where it tells of a person (a phone number, an address) a name that leads nowhere."""
        if _SERVER_MADE.fullmatch(sender_id) or mask(sender_id) == sender_id:
            return sender_id
        return "p-" + hashlib.blake2b(sender_id.encode("utf-8", "replace"), key=self._key, digest_size=12).hexdigest()


def _each(column: pa.ChunkedArray, change: Callable[[list[str]], list[str]]) -> pa.Array:
    """A column with each distinct value changed once."""
    coded = column.combine_chunks().dictionary_encode()
    return pa.array(change(coded.dictionary.to_pylist()), pa.string()).take(coded.indices)


def _plain(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _repaired(raw: pa.Table, broken: pa.BooleanArray) -> pa.Table:
    """JSON that Python wrote and no strict reader takes (half a surrogate pair) is written anew; what is no JSON stays."""
    data = raw["data"].combine_chunks()
    anew = pa.array([_anew(text) for text in data.filter(broken).to_pylist()], pa.string())
    return raw.set_column(raw.schema.get_field_index("data"), "data", pc.replace_with_mask(data, broken, anew))


def _anew(text: str | None) -> str:
    try:
        return json.dumps(json.loads(text or ""), ensure_ascii=False).encode("utf-8", "replace").decode()
    except ValueError:
        return text or ""
