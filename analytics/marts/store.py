"""Keeps the marts beside the lake, in step with it.

A build writes a folder of its own, and then the one file that says which folder counts: readers never see half of one.
When the lake has grown, only the conversations that were heard of again are worked out anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import _

from analytics import clean, schema
from analytics.engine import DuckDbEngine, Engine, SparkEngine
from analytics.lake import Lake
from analytics.marts import build, stream
from analytics.marts.once import Once
from analytics.project import Project, read_project
from analytics.staging import ARROW

_KEPT = 2  # builds: the one that counts, and the one that readers may have open


@dataclass(frozen=True)
class _Build:
    """Which folder counts, and what it was made of."""

    folder: str
    version: int
    made_of: str
    read: dict[str, int]
    """The highest event id of each source."""


def open_marts(lake: Lake, project: Project | None = None, master: str | None = None) -> Any:
    """An Ibis connection with every table of analytics.schema; the marts are brought up to date first.

    Args:
        master: work on this Spark master (MissingPart where that cannot be); without one, on DuckDB.
    """
    project = project or read_project()
    scratch = lake.path.resolve() / "marts" / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as unless_opened:
        engine = SparkEngine(master, scratch) if master else None
        if engine:
            unless_opened.callback(engine.close)
        folder = lake.path.resolve() / "marts" / refresh(lake, project, engine).folder
        reader = engine or DuckDbEngine(scratch)
        for mart in schema.MARTS:
            reader.read(mart.name, _files(folder, mart.name))
        for fact in schema.FACTS:
            reader.read(fact.name, [str(_fact_file(lake, fact).resolve())])
        reader.read("events", _events(lake))
        unless_opened.pop_all()
    return reader.connection


def open_figures(lake: Lake, project: Project | None = None) -> Any:
    """What a few metrics can be measured on soonest: the marts where they were made before, else `Once`."""
    project = project or read_project()
    current = _current(lake)
    if current and current.made_of == _made_of(lake, project):
        return open_marts(lake, project)
    scratch = lake.path.resolve() / "marts" / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    facts = {fact.name: [str(_fact_file(lake, fact))] for fact in schema.FACTS}
    return Once({"events": _events(lake), **facts}, project, scratch)


def quality(lake: Lake) -> list[clean.Finding]:
    """The data-quality report of the build that counts."""
    current = _current(lake)
    told = json.loads((lake.path / "marts" / current.folder / "quality.json").read_text("utf-8")) if current else []
    return [clean.Finding(**finding) for finding in told]


def refresh(lake: Lake, project: Project, engine: Engine | None = None) -> _Build:
    """Bring the marts up to date with the lake, on DuckDB if no engine is given; does nothing where they are."""
    current = _current(lake)
    version, made_of = lake.table().version(), _made_of(lake, project)
    if current and (current.version, current.made_of) == (version, made_of):
        return current
    marts = lake.path / "marts"
    folder = marts / f"{version:012}-{made_of[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    before = current if current and current.made_of == made_of else None
    scratch = marts / "scratch"
    scratch.mkdir(exist_ok=True)
    if engine:
        read = _build(engine, lake, project, folder, before)
    else:
        with closing(DuckDbEngine(scratch)) as own:
            read = _build(own, lake, project, folder, before)
    made = _Build(folder.name, version, made_of, read)
    part = marts / "current.part"
    part.write_text(json.dumps(asdict(made)), "utf-8")
    part.replace(marts / "current.json")
    others = sorted(path for path in marts.iterdir() if path.is_dir() and path.name not in ("scratch", folder.name))
    for old in others[: 1 - _KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return made


def _build(engine: Engine, lake: Lake, project: Project, folder: Path, before: _Build | None) -> dict[str, int]:
    events = engine.read("events", _events(lake))
    facts = {fact.name: engine.read(fact.name, [str(_fact_file(lake, fact))]) for fact in schema.FACTS}
    told = events.group_by("source").agg(highest=_.event_id.max()).to_pyarrow().to_pylist()
    doubled = engine.keep("doubled", clean.doubles(events))
    flooded = engine.keep("flooded", clean.floods(events, project))
    followed = engine.keep("followed", stream.questions(events, project))
    some = events
    if before:
        heard = events.filter(_newer(before.read))
        touched = engine.keep("touched", heard.select("conversation_id").distinct())
        some = events.semi_join(touched, "conversation_id")
    made = build.by_conversation(clean.cleaned(some, doubled, flooded), followed, facts, project, engine.keep)
    if before:
        old = lake.path / "marts" / before.folder
        for name in build.BY_CONVERSATION:
            kept = engine.read(f"old_{name}", _files(old, name)).anti_join(touched, "conversation_id")
            made[name] = kept.union(made[name])
    made |= build.over_all(made, facts, project, engine.keep)
    for mart in schema.MARTS:
        engine.write(made[mart.name], folder / f"{mart.name}.parquet")
    turns = engine.read("new_turns", _files(folder, "turns"))
    report = clean.findings(events, doubled, flooded, turns, project)
    (folder / "quality.json").write_text(json.dumps([asdict(each) for each in report], ensure_ascii=False), "utf-8")
    return {row["source"]: row["highest"] for row in told}


def _files(folder: Path, mart: str) -> list[str]:
    """DuckDB writes one file a mart, Spark a folder of them."""
    path = folder / f"{mart}.parquet"
    return [str(each) for each in sorted(path.glob("*.parquet"))] if path.is_dir() else [str(path)]


def _newer(read: dict[str, int]) -> Any:
    known = ibis.literal(False)
    for source, highest in read.items():
        known = known | ((_.source == source) & (_.event_id > highest))
    return known | ~_.source.isin(list(read)) if read else ibis.literal(True)


def _current(lake: Lake) -> _Build | None:
    try:
        return _Build(**json.loads((lake.path / "marts" / "current.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _made_of(lake: Lake, project: Project) -> str:
    """A digest of all that a build depends on besides the events."""
    told = hashlib.sha256(json.dumps([project.told, project.rules], sort_keys=True, ensure_ascii=False).encode())
    for module in (schema, stream, build, clean):
        told.update(Path(str(module.__file__)).read_bytes())
    for fact in schema.FACTS:
        told.update(_fact_file(lake, fact).read_bytes())
    return told.hexdigest()


def _events(lake: Lake) -> list[str]:
    """Their files; one with no row where there are none."""
    return lake.files() or [str(_fact_file(lake, schema.EVENTS))]


def _fact_file(lake: Lake, fact: schema.Table) -> Path:
    path = lake.path / "facts" / f"{fact.name}.parquet"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        pq.write_table(_empty(fact), path)
    return path


def _empty(table: schema.Table) -> pa.Table:
    return pa.schema([(column.name, ARROW[column.type]) for column in table.columns]).empty_table()
