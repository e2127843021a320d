"""`make bench-analytics`: from a tracker store to five main metrics, beside naive pandas in the same run.

Both sides answer the same five figures, and the run fails where they differ. Each part is a process of its own, so that its
time, processor time and peak memory are its own. The first figures are those of a new lake: collected, and asked at once.
What the tables, all metrics and a week's report take is told beside them, and the floor: the store read as Arrow and its
JSON parsed, nothing else.

Naive pandas is what an analyst writes first: `read_sql`, `json.loads` a row, group by. It masks nothing, and reads the whole
store each time; the lake keeps what it has read, so the same question asked again costs almost nothing, and the next day's
report a day. Where the store is too big for naive pandas (it holds every event as a Python dictionary) the lake goes alone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.machine import description

ROOT = Path(__file__).resolve().parent.parent
EVENTS_OF_A_VISIT = 33  # of a simulated one, on average
DAYS = 60
LARGEST_NAIVE = 3_000_000  # events; some 2 GiB a million
LARGEST_SIMULATED = 1_500_000  # events; above it, they are said again by others on later days
METRICS = ("sessions", "customer_messages", "bot_response_time", "satisfaction", "handoff_rate")


def collect(store: str, lake: str) -> dict[str, Any]:
    """Bring the lake up to date."""
    from analytics.collect import collect as run
    from analytics.lake import Lake
    from analytics.sources.sql import open_store

    return {"events": run(Lake(Path(lake)), open_store(store, "bench"))}


def floor(store: str, _: str) -> dict[str, Any]:
    """The store read, and its JSON parsed, by what the collection reads and parses with."""
    import duckdb

    from analytics.sources.sql import open_store

    source, position, valid = open_store(store, "bench"), 0, 0
    while (batch := source.read(position)).rows.num_rows:
        rows = batch.rows  # noqa: F841 - DuckDB finds it by name
        found = duckdb.execute("SELECT count(*) FROM rows WHERE json_valid(data)").fetchone()
        valid, position = valid + (found[0] if found else 0), batch.position
    return {"events": valid}


def figures(_: str, lake: str) -> dict[str, Any]:
    """The five metrics, asked of a lake of which no marts were made."""
    from analytics.lake import Lake
    from analytics.marts import open_figures
    from analytics.metrics import measure

    return five(measure(open_figures(Lake(Path(lake))), METRICS))


def marts(_: str, lake: str) -> dict[str, Any]:
    """The marts and all metrics, of which five are compared."""
    from analytics.lake import Lake
    from analytics.marts import open_marts
    from analytics.metrics import measure

    return five(measure(open_marts(Lake(Path(lake)))))


def five(frame: Any) -> dict[str, Any]:
    """The values of the five."""
    values = frame.set_index("metric").value
    return {name: float(values[name]) for name in METRICS}


def report(_: str, lake: str) -> dict[str, Any]:
    """A week's report: page, workbook and files."""
    from analytics.lake import Lake
    from analytics.marts import open_marts
    from analytics.reports.period import period_of
    from analytics.reports.reading import days_known
    from analytics.reports.write import write_report

    opened = open_marts(Lake(Path(lake)))
    known = days_known(opened)
    assert known
    return {"findings": len(write_report(opened, period_of("weekly", None, None, known[1]), Path(lake).with_name("report")))}


def naive(store: str, _: str) -> dict[str, Any]:
    """The same five figures as an analyst's first notebook has them."""
    import pandas as pd

    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as connection:
        events = pd.read_sql("SELECT * FROM events ORDER BY id", connection)
    parsed = events["data"].map(json.loads)
    events["agent"] = parsed.map(lambda told: (told.get("metadata") or {}).get("agent_id"))
    events["external"] = parsed.map(lambda told: bool((told.get("metadata") or {}).get("is_external")))
    events["value"] = parsed.map(lambda told: told.get("value"))
    events["slot"] = parsed.map(lambda told: told.get("name") if told["event"] == "slot" else None)
    events["ms"] = (events["timestamp"] * 1000).round().astype("int64")
    customer = (events["type_name"] == "user") & ~events["external"]
    events["turn"] = customer.groupby(events["sender_id"]).cumsum()
    said = events[customer | (events["type_name"] == "bot") | (events["type_name"] == "session_started")].copy()
    before = said.groupby("sender_id")
    was, then = before["type_name"].shift(), before["ms"].shift()
    started = said["type_name"] == "session_started"
    silent = ~started & (was != "session_started") & (said["ms"] - then > 30 * 60_000)
    said["part"] = (was.isna() | (started & (was != "session_started")) | silent).groupby(said["sender_id"]).cumsum()
    parts = said[customer].groupby(["sender_id", "part"]).ngroups
    asked = said[customer].set_index(["sender_id", "turn"])[["ms", "part"]]
    replies = said[(said["type_name"] == "bot") & (said["turn"] > 0)].groupby(["sender_id", "turn"])
    first = replies[["ms", "agent"]].nth(0)
    first.index = pd.MultiIndex.from_frame(said.loc[first.index, ["sender_id", "turn"]])
    answers = first[first["agent"].isna()]
    waited = answers["ms"] - asked["ms"].reindex(answers.index)
    at = events.set_index(["sender_id", "turn"])
    scores = at[(at["slot"] == "feedback_score") & at["value"].notna()]["value"].astype(float)
    of_score = asked["part"].reindex(scores.index)
    handed = at[(at["slot"] == "handoff_id") & at["value"].notna()]
    of_handed = asked["part"].reindex(handed.index)
    rated = pd.DataFrame({"part": of_score, "score": scores}).reset_index().groupby(["sender_id", "part"])["score"].last()
    return {
        "sessions": float(parts),
        "customer_messages": float(customer.sum()),
        "bot_response_time": float(waited.mean() / 1000),
        "satisfaction": float(rated.mean()),
        "handoff_rate": of_handed.reset_index().drop_duplicates().shape[0] / parts,
        "events": len(events),
    }


PARTS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "collect": collect, "figures": figures, "floor": floor, "marts": marts, "naive": naive, "report": report,
}  # fmt: skip


def measured(part: str, store: str, lake: str) -> dict[str, Any]:
    """Run a part in a process of its own."""
    command = (sys.executable, "-W", "ignore", "-m", "bench.analytics", "--part", part, "--store", store, "--lake", lake)
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return {**json.loads(done.stdout), "wall": time.monotonic() - started}


def run_part(part: str, store: str, lake: str) -> None:
    """In that process: do it, and tell what it took, with the helpers that it started."""
    found = PARTS[part](store, lake)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in used)
    print(json.dumps({**found, "cpu": cpu, "mib": sum(each.ru_maxrss for each in used) / 1024}))


def row(name: str, told: dict[str, Any]) -> str:
    """A line of the table."""
    return f"| {name} | {told['wall']:.1f} | {told['cpu']:.1f} | {told['mib']:.0f} |"


def fill(whole: Path, events: int) -> float:
    """Write a tracker store of about so many events; when its last day begins, in seconds."""
    from analytics.simulate import Plan, simulate

    times = max(1, round(events / LARGEST_SIMULATED))
    plan = Plan(days=DAYS, conversations=max(2, round(events / times / DAYS / EVENTS_OF_A_VISIT)))
    simulate(plan, f"sqlite:///{whole}")
    with closing(sqlite3.connect(whole)) as connection, connection:
        (made,) = connection.execute("SELECT max(id) FROM events").fetchone()
        for nth in range(1, times):
            connection.execute(
                "INSERT INTO events (sender_id, type_name, timestamp, intent_name, action_name, data)"
                " SELECT substr(sender_id, ?) || substr(sender_id, 1, ?), type_name, timestamp + ?,"
                " intent_name, action_name, data"
                " FROM events WHERE id <= ? ORDER BY id",
                (nth + 1, nth, nth * DAYS * 86_400, made),
            )
    return plan.midnight(times * DAYS - 1)


def bench(events: int, folder: Path) -> bool:
    """One size; whether both sides found the same."""
    whole, store, lake = folder / "whole.db", folder / "tracker.db", folder / "lake"
    last_day = fill(whole, events)
    shutil.copy(whole, store)
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("DELETE FROM events WHERE timestamp >= ?", (last_day,))
    url = f"sqlite:///{store}"
    first, asked, made, again = (measured(part, url, str(lake)) for part in ("collect", "figures", "marts", "marts"))
    written, least = measured("report", url, str(lake)), measured("floor", url, "")
    against = first["events"] <= LARGEST_NAIVE
    by_hand = measured("naive", url, "") if against else None
    print(f"\n### {first['events']:,} events\n\n| | seconds | of a processor | peak MiB |\n|---|---|---|---|")
    print(row("read and parsed alone", least), row("collect, masked", first), row("five metrics", asked), sep="\n")
    print(row("marts and all metrics", made), row("all metrics asked again", again), row("a week's report", written), sep="\n")
    shutil.move(whole, store)
    more, next_day = measured("collect", url, str(lake)), measured("marts", url, str(lake))
    print(row(f"a day more ({more['events']:,} events): collect", more))
    print(row("a day more: marts and all metrics", next_day), flush=True)
    if by_hand is None:
        return True
    by_hand_next = measured("naive", url, "")
    print(row("naive pandas, five metrics, unmasked", by_hand), row("a day more: naive pandas", by_hand_next), "", sep="\n")
    for name, lakes, naives in (
        ("The first figures", (first, asked), by_hand),
        ("All marts and metrics of a new lake", (first, made), by_hand),
        ("The same question asked again", (again,), by_hand),
        ("The next day's figures", (more, next_day), by_hand_next),
    ):
        seconds, cpu = (naives[unit] / sum(each[unit] for each in lakes) for unit in ("wall", "cpu"))
        print(f"{name}: {seconds:.1f} times faster than naive pandas, {cpu:.1f} times less of a processor")
    for name in METRICS:
        print(f"  {name}: {next_day[name]:.6f}, naive {by_hand_next[name]:.6f}")
    pairs = ((asked, by_hand), (made, by_hand), (again, by_hand), (next_day, by_hand_next))
    # Milliseconds are rounded half up on one side and half to even on the other.
    return all(math.isclose(left[name], right[name], rel_tol=1e-4) for left, right in pairs for name in METRICS)


def main(arguments: list[str]) -> int:
    """The whole bench, or `--smallest`, which proves that both sides still agree."""
    parser = argparse.ArgumentParser(prog="python -m bench.analytics")
    parser.add_argument("--smallest", action="store_true")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--store", default="")
    parser.add_argument("--lake", default="")
    told = parser.parse_args(arguments)
    if told.part:
        run_part(told.part, told.store, told.lake)
        return 0
    with tempfile.TemporaryDirectory(prefix="lingxi-bench-", dir=os.environ.get("TMPDIR")) as folder:
        same = bench(5_000 if told.smallest else told.events, Path(folder))
    print(description())
    if not same:
        print("The two sides do not agree.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
