"""Charts as SVG: Vega-Lite says what is drawn, the page's style sheet says in which colours.

The colours are CSS variables and the writing is text, so one drawing serves light, dark and paper, and can be searched.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import vl_convert

from analytics.reports.study import Study

WIDTH, HEIGHT = 500, 210
COLOURS = [f"var(--c{n})" for n in range(1, 7)]
INK, QUIET, GRID = "currentColor", "var(--quiet)", "var(--grid)"
FONT = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
TITLES = {
    "sessions": "每天的接待与结果",
    "rates": "没听懂、答不上与转人工（每天）",
    "rhythm": "什么时候来得多（星期 × 小时，消息数）",
    "anomalies": "接待量与异常（每小时）",
    "hot": "热点：实际次数与往常该有的次数",
    "levels": "坐席效率指数（高效、达标、待提升）",
    "roster": "下周每半小时要几个人",
}
OUTCOMES = {"confirmed": "确认解决", "assumed": "应已解决", "handed_over": "转人工", "abandoned": "中途离开"}
RATES = {"fallbacks": "没听懂", "misses": "答不上", "handoffs": "转人工"}
LEVELS = {"high": "高效", "middle": "达标", "low": "待提升"}
WEEKDAYS = list("一二三四五六日")


def svg(spec: dict[str, Any], rows: pd.DataFrame, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Draw rows by a Vega-Lite mark and encoding; the SVG, ready to stand in a page."""
    axis = {"labelColor": INK, "titleColor": INK, "gridColor": GRID, "domainColor": QUIET, "tickColor": QUIET}
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width,
        "height": height,
        "background": "transparent",
        "data": {"values": json.loads(rows.to_json(orient="records", date_format="iso"))},
        "config": {
            "font": FONT,
            "axis": {**axis, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
            "legend": {
                "labelColor": INK,
                "titleColor": INK,
                "labelFontSize": 12,
                "orient": "top",
                "title": None,
            },
            "range": {"category": COLOURS, "heatmap": COLOURS, "ramp": COLOURS},
            "view": {"stroke": None},
        },
        **spec,
    }
    drawn: str = vl_convert.vegalite_to_svg(whole)
    return drawn.replace("<svg ", '<svg role="img" ', 1)


def charts(study: Study, outcomes: pd.DataFrame) -> dict[str, str]:
    """Every chart that has something to show, by the keys of TITLES.

    Args:
        outcomes: `day`, `outcome`, `count` of sessions.
    """
    drawn = {}
    if len(outcomes):
        drawn["sessions"] = _outcomes(outcomes)
    if study.hours["turns"].sum():
        drawn["rates"] = _rates(study)
        drawn["rhythm"] = _rhythm(study)
        drawn["anomalies"] = _anomalies(study)
    if len(study.hot):
        drawn["hot"] = _hot(study)
    if study.levels is not None:
        drawn["levels"] = _levels(study.levels)
    if len(study.roster):
        drawn["roster"] = _roster(study.roster)
    return drawn


def _x_day(field: str = "day") -> dict[str, Any]:
    return {"field": field, "type": "temporal", "axis": {"format": "%m-%d", "title": None, "tickCount": 8}}


def _outcomes(outcomes: pd.DataFrame) -> str:
    rows = outcomes.assign(
        outcome=outcomes["outcome"].map(OUTCOMES), day=outcomes["day"].astype(str) + "T12:00"
    )
    names = list(OUTCOMES.values())
    colour = {"field": "outcome", "scale": {"domain": names, "range": COLOURS[: len(names)]}, "title": None}
    y = {"field": "count", "type": "quantitative", "aggregate": "sum", "axis": {"title": "会话段"}}
    x = {
        "field": "day",
        "type": "temporal",
        "timeUnit": "yearmonthdate",
        "axis": {"format": "%m-%d", "title": None},
    }
    return svg({"mark": "bar", "encoding": {"x": x, "y": y, "color": colour}}, rows)


def _rates(study: Study) -> str:
    days = study.hours.resample("D").sum()
    rates = days[list(RATES)].div(days["turns"].where(days["turns"] > 0), axis=0).rename(columns=RATES)
    rows = rates.rename_axis("day").reset_index().melt("day", var_name="rate", value_name="value").dropna()
    y = {"field": "value", "type": "quantitative", "axis": {"format": ".0%", "title": "占消息的比例"}}
    colour = {"field": "rate", "scale": {"domain": list(RATES.values()), "range": COLOURS[:3]}, "title": None}
    mark = {"type": "line", "point": {"size": 18}, "strokeWidth": 2}
    return svg({"mark": mark, "encoding": {"x": _x_day(), "y": y, "color": colour}}, rows)


def _rhythm(study: Study) -> str:
    turns = study.hours["turns"]
    mean = turns.groupby([turns.index.day_of_week.rename("weekday"), turns.index.hour.rename("hour")]).mean()
    rows = mean.rename("turns").reset_index()
    rows["weekday"] = rows["weekday"].map(lambda day: WEEKDAYS[day])
    return svg(
        {
            "mark": {"type": "rect", "fill": COLOURS[0]},
            "encoding": {
                "x": {"field": "hour", "type": "ordinal", "axis": {"title": "小时", "labelAngle": 0}},
                "y": {"field": "weekday", "type": "ordinal", "sort": WEEKDAYS, "axis": {"title": None}},
                "opacity": {
                    "field": "turns",
                    "type": "quantitative",
                    "scale": {"range": [0.04, 1]},
                    "legend": None,
                },
            },
        },
        rows,
        height=170,
    )


def _anomalies(study: Study) -> str:
    hours = study.hours.loc[study.hours.index >= pd.Timestamp(study.period.since), ["sessions"]]
    rows = hours.rename_axis("at").reset_index()
    rows["off"] = False
    for each in study.anomalies:
        rows.loc[(rows["at"] >= each.start) & (rows["at"] < each.end), "off"] = True
    x = {"field": "at", "type": "temporal", "axis": {"format": "%m-%d %H:%M", "title": None, "tickCount": 6}}
    y = {"field": "sessions", "type": "quantitative", "axis": {"title": "会话段"}}
    line = {"mark": {"type": "line", "stroke": COLOURS[0], "strokeWidth": 1.2}, "encoding": {"x": x, "y": y}}
    dots = {
        "transform": [{"filter": "datum.off"}],
        "mark": {"type": "point", "filled": True, "size": 36, "fill": "var(--alarm)"},
        "encoding": {"x": x, "y": y},
    }
    return svg({"layer": [line, dots]}, rows)


def _hot(study: Study) -> str:
    top = study.hot.head(12).rename(columns={"count": "实际", "expected": "往常"})
    rows = top.melt("topic", ["实际", "往常"], var_name="which", value_name="count")
    colour = {
        "field": "which",
        "scale": {"domain": ["实际", "往常"], "range": [COLOURS[0], QUIET]},
        "title": None,
    }
    y = {
        "field": "topic",
        "type": "nominal",
        "sort": list(top["topic"]),
        "axis": {"title": None, "labelLimit": 220},
    }
    x = {"field": "count", "type": "quantitative", "axis": {"title": "次"}}
    encoding = {"x": x, "y": y, "color": colour, "yOffset": {"field": "which", "sort": ["实际", "往常"]}}
    return svg({"mark": "bar", "encoding": encoding}, rows, height=26 * len(top) + 20)


def _levels(levels: pd.DataFrame) -> str:
    rows = levels.reset_index()[["agent_id", "index", "level"]]
    rows["level"] = rows["level"].map(LEVELS)
    colour = {
        "field": "level",
        "scale": {"domain": list(LEVELS.values()), "range": [*COLOURS[1:3], "var(--alarm)"]},
        "title": None,
    }
    y = {"field": "agent_id", "type": "nominal", "sort": list(rows["agent_id"]), "axis": {"title": None}}
    x = {"field": "index", "type": "quantitative", "axis": {"title": "各项标准化后的平均，0 为全体平均"}}
    return svg(
        {"mark": "bar", "encoding": {"x": x, "y": y, "color": colour}},
        rows.head(40),
        height=20 * min(len(rows), 40) + 20,
    )


def _roster(roster: pd.DataFrame) -> str:
    at = pd.to_datetime(roster["day"]) + pd.to_timedelta(roster["slot"] * 30, unit="min")
    rows = roster.assign(at=at, 需要=roster["needed"], 上周在岗=roster["on_duty"]).melt(
        "at", ["需要", "上周在岗"], var_name="which", value_name="agents"
    )
    colour = {
        "field": "which",
        "scale": {"domain": ["需要", "上周在岗"], "range": [COLOURS[0], COLOURS[2]]},
        "title": None,
    }
    x = {"field": "at", "type": "temporal", "axis": {"format": "%m-%d %H:%M", "title": None, "tickCount": 8}}
    y = {"field": "agents", "type": "quantitative", "axis": {"title": "人"}}
    mark = {"type": "line", "interpolate": "step-after", "strokeWidth": 1.5}
    return svg({"mark": mark, "encoding": {"x": x, "y": y, "color": colour}}, rows)
