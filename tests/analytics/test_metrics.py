"""Each metric is what its definition says: five rows, worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest
import yaml

from analytics.dictionary import described
from analytics.metrics import measure, read_metrics
from analytics.problems import SettingError
from analytics.schema import TABLES
from analytics.staging import ARROW

BY_HAND = yaml.safe_load(Path(__file__).with_name("metrics_by_hand.yml").read_text("utf-8"))


def marts_of(table: str, columns: list[str], rows: list[list[Any]]) -> Any:
    """A table with some rows, everything else in it empty."""
    declared = TABLES[table].columns
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    schema = pa.schema([(column.name, ARROW[column.type]) for column in declared])
    connection = ibis.duckdb.connect()
    connection.create_table(table, pa.Table.from_pylist(told, schema))
    return connection


@pytest.mark.parametrize("name", sorted(read_metrics()))
def test_a_metric_against_five_rows(name: str) -> None:
    told = BY_HAND[name]
    assert len(told["rows"]) == 5
    frame = measure(marts_of(read_metrics()[name].of, told["columns"], told["rows"]), [name])
    assert frame.value.iloc[0] == pytest.approx(told["value"])


def test_no_metric_is_left_out() -> None:
    assert set(BY_HAND) == set(read_metrics())


def test_by_day_and_within_days() -> None:
    rows = [[date(2026, 11, day), ab, score] for day, ab, score in [(1, "a", 1), (2, "a", 3), (2, "b", 5), (2, "a", 4), (3, "b", 2)]]
    marts = marts_of("sessions", ["day", "ab_bucket", "score"], rows)
    frame = measure(marts, ["satisfaction"], ["ab_bucket"], date(2026, 11, 2), date(2026, 11, 3))
    assert frame.to_dict("records") == [
        {"metric": "satisfaction", "ab_bucket": "a", "value": 3.5, "n": 2},
        {"metric": "satisfaction", "ab_bucket": "b", "value": 5.0, "n": 1},
    ]
    assert list(measure(marts, ["sessions"], ["day"]).value) == [1, 3, 1]


def test_facts_are_told_by_the_shops_day() -> None:
    evening = 1_794_931_199_000  # 2026-11-17 23:59:59 in Shanghai
    marts = marts_of("questions", ["decision", "at_ms"], [["pass", evening], ["answer", evening + 1000]])
    frame = measure(marts, ["knowledge_coverage"], ["day"])
    assert [(str(row.day)[:10], row.value) for row in frame.itertuples()] == [("2026-11-17", 0.0), ("2026-11-18", 1.0)]


def test_what_cannot_be_measured_says_why() -> None:
    marts = marts_of("sessions", [], [])
    with pytest.raises(SettingError, match="没有这样的指标"):
        measure(marts, ["nonsense"])
    with pytest.raises(SettingError, match="不能按 agent"):
        measure(marts, ["sessions"], ["agent"])
    assert measure(marts, ["satisfaction"]).empty


def test_the_dictionary_holds_every_metric_table_and_column() -> None:
    text = described()
    for name in (*read_metrics(), *TABLES, *(column for table in TABLES.values() for column in table.names)):
        assert f"`{name}`" in text
