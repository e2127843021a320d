"""The dashboard's one page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pandas as pd
from nicegui import ui

from analytics.dashboard.live import SHANGHAI, Snapshot, Tile, behind
from analytics.reports import reading
from analytics.reports.charts import OUTCOMES

REDRAW = 2.0
STALE_SECONDS = 15
SPEAKERS = {"customer": "客户", "bot": "机器人", "agent": "坐席"}
HEADS = {
    "at": "时间",
    "text": "客户的话",
    "intent": "意图",
    "outcome": "结果",
    "agent_id": "坐席",
    "score": "评分",
    "conversation_id": "会话",
}


class Source(Protocol):
    """What the page shows."""

    marts: Any
    snapshot: Snapshot | None
    problem: str


@dataclass(frozen=True)
class Room:
    """Where a visitor's dialogs stand: beside what is redrawn, or the next redrawing would close them."""

    live: Source
    dialogs: ui.element


def show(live: Source) -> None:
    """Build the page for one visitor; it redraws itself when there is a new snapshot."""
    shown: list[object] = []
    with ui.header().classes("items-center justify-between"):
        ui.label("灵犀看板").classes("text-lg")
        age = ui.label().props("role=status")
    main = ui.column().classes("w-full gap-4")
    room = Room(live, ui.element())

    def redraw() -> None:
        now = live.snapshot
        age.set_text(_age(live))
        if now is None or shown == [now.newest, now.alerts]:
            return
        shown[:] = [now.newest, now.alerts]
        main.clear()
        with main:
            _draw(room, now)

    redraw()
    ui.timer(REDRAW, redraw)


def _age(live: Source) -> str:
    if live.problem:
        return f"⚠ {live.problem}"
    if live.snapshot is None:
        return "正在算第一遍…"
    seconds = (datetime.now(UTC) - live.snapshot.taken).total_seconds()
    old = "⚠ " if seconds > STALE_SECONDS else ""
    return f"{old}{seconds:.0f} 秒前算的 · 最新一句话在 {live.snapshot.newest:%m-%d %H:%M:%S}"


def _draw(room: Room, now: Snapshot) -> None:
    today = now.day == now.taken.astimezone(SHANGHAI).date()
    ui.label(f"今天 {now.day}" if today else f"今天还没有数据，下面是最近一天 {now.day}").classes("text-base")
    with ui.row().classes("w-full gap-3"):
        for tile in now.tiles:
            _tile(room, now, tile)
    with ui.row().classes("w-full gap-4 no-wrap items-start max-md:flex-wrap"):
        ui.echart(_hours(now.hours)).classes("h-72 w-2/3 max-md:w-full")
        with ui.column().classes("w-1/3 max-md:w-full gap-1"):
            ui.label("告警").classes("text-base")
            for alert in now.alerts:
                with ui.card().classes("w-full border-l-4 border-red-500"):
                    ui.label(alert.finding.what).classes("font-bold")
                    ui.label(alert.finding.why)
                    ui.label(f"下一步：{alert.finding.next}")
            if not now.alerts:
                ui.label("最近几小时没有异常").classes("opacity-70")
    with ui.row().classes("w-full gap-4 items-start"):
        with ui.column().classes("gap-1"):
            ui.label("今天的热点").classes("text-base")
            rows = [
                {"topic": row.topic, "count": row.count, "expected": f"{row.expected:.1f}"}
                for row in now.hot.head(10).itertuples(index=False)
            ]
            _table({"topic": "意图", "count": "次数", "expected": "往常"}, rows)
        with ui.column().classes("gap-1"):
            ui.label("刚刚没有答上的").classes("text-base")
            _conversations(
                room,
                now.vain.rename(columns={"conversation": "conversation_id"})[["text", "conversation_id"]],
            )


def _tile(room: Room, now: Snapshot, tile: Tile) -> None:
    async def drill() -> None:
        found = await asyncio.to_thread(behind, room.live.marts, tile.metric.name, now.day)
        with (
            room.dialogs,
            ui.dialog(value=True) as dialog,
            ui.card().classes("w-full").style("max-width: 64rem"),
        ):
            ui.label(f"{tile.metric.label}：{found.which}").classes("text-lg")
            ui.label(tile.metric.definition).classes("opacity-70")
            columns = [name for name in HEADS if name in found.rows]
            _conversations(room, found.rows[columns])
            ui.button("关上", on_click=dialog.close).props("flat")

    card = (
        ui.card()
        .classes("cursor-pointer min-w-36 gap-0")
        .props(f'tabindex=0 role=button aria-label="{tile.metric.label}"')
    )
    with card.on("click", drill).on("keydown.enter", drill):
        ui.label(tile.metric.label).classes("opacity-70")
        ui.label(tile.metric.shown(tile.value)).classes("text-2xl")
        ui.label(f"上周同日 {tile.metric.shown(tile.before)}").classes("text-xs opacity-70")


def _conversations(room: Room, rows: pd.DataFrame) -> None:
    """Rows of which each leads to its conversation."""
    if "outcome" in rows:
        rows = rows.assign(outcome=rows["outcome"].map(OUTCOMES))
    told = rows.astype(object).where(rows.notna(), "").to_dict("records")
    table = _table(
        {name: HEADS[name] for name in rows.columns}, [{**row, "n": n} for n, row in enumerate(told)]
    )

    async def read(event: Any) -> None:
        said = await asyncio.to_thread(
            reading.conversation, room.live.marts, event.args[1]["conversation_id"]
        )
        with (
            room.dialogs,
            ui.dialog(value=True) as dialog,
            ui.card().classes("w-full").style("max-width: 48rem"),
        ):
            ui.label(f"会话 {event.args[1]['conversation_id']}").classes("text-sm opacity-70")
            at = reading.local_time(said["at_ms"]).dt.strftime("%m-%d %H:%M:%S")
            for time, row in zip(at, said.itertuples(index=False), strict=True):
                ui.chat_message(
                    row.text or "",
                    name=row.agent_id or SPEAKERS[row.speaker],
                    stamp=time,
                    sent=row.speaker != "customer",
                ).classes("w-full")
            ui.button("关上", on_click=dialog.close).props("flat")

    table.on("rowClick", read)


def _table(heads: dict[str, str], rows: list[dict[str, Any]]) -> ui.table:
    columns = [
        {"name": name, "label": label, "field": name, "align": "left"} for name, label in heads.items()
    ]
    table = ui.table(columns=columns, rows=rows, row_key="n", pagination=20).props(
        'dense flat no-data-label="没有"'
    )
    return table.classes("cursor-pointer" if rows and "n" in rows[0] else "")


def _hours(hours: pd.DataFrame) -> dict[str, Any]:
    grey = {"color": "#888"}
    return {
        "title": {"text": "每小时接待", "textStyle": {"fontSize": 14, **grey}},
        "legend": {"data": ["今天", "往常"], "top": 0, "right": 10, "textStyle": grey},
        "tooltip": {"trigger": "axis"},
        "grid": {"left": 40, "right": 10, "top": 40, "bottom": 30},
        "xAxis": {"type": "category", "data": [f"{hour}时" for hour in range(len(hours))], "axisLabel": grey},
        "yAxis": {"type": "value", "axisLabel": grey, "splitLine": {"lineStyle": {"opacity": 0.3}}},
        "series": [
            {
                "name": "今天",
                "type": "bar",
                "data": hours["sessions"].tolist(),
                "itemStyle": {"color": "#2f6db5"},
            },
            {
                "name": "往常",
                "type": "line",
                "symbol": "none",
                "data": [None if pd.isna(value) else value for value in hours["usual"]],
                "lineStyle": {"color": "#d07d1e"},
                "itemStyle": {"color": "#d07d1e"},
            },
        ],
    }
