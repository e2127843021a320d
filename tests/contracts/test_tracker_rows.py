"""Simulated tracker stores are Rasa's: its own table, and events that Rasa itself reads."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import deserialise_events

ROOT = Path(__file__).resolve().parents[2]
ANALYTICS = ROOT / ".venv-services" / "bin" / "python"


def test_a_simulated_store_is_what_rasa_would_have_written(tmp_path: Path) -> None:
    store = tmp_path / "tracker.db"
    command = [str(ANALYTICS), "-m", "analytics", "simulate", f"sqlite:///{store}", "--days", "2", "--conversations", "10"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    declared = {column.name for column in SQLTrackerStore.SQLEvent.__table__.columns}
    found = {column["name"] for column in sa.inspect(sa.create_engine(f"sqlite:///{store}")).get_columns("events")}
    assert found == declared
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT type_name, timestamp, data FROM events ORDER BY id").fetchall()
    events = deserialise_events([json.loads(data) for _, _, data in rows])
    assert [(event.type_name, event.timestamp) for event in events] == [(kind, at) for kind, at, _ in rows]
