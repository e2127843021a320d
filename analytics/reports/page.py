"""The report as one page that needs nothing else: style, charts and writing are inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analytics.analyses import agents
from analytics.analyses.anomalies import ALARM
from analytics.reports.charts import LEVELS, TITLES
from analytics.reports.findings import Finding, wording
from analytics.reports.period import LABELS
from analytics.reports.shown import NONE, count, number, percent
from analytics.reports.study import Figure, Study

HERE = Path(__file__).parent
SEVERITIES = {"high": "高", "middle": "中", "low": "低"}
PROPOSALS = {"examples": "补例句", "intent": "新意图", "entry": "写知识"}
DECISIONS = {
    "b_higher": "B 更高",
    "a_higher": "A 更高",
    "no_difference": "没有值得在意的差别",
    "go_on": "还不能下结论，继续",
    "lopsided": "两组人数不像随机分的",
}
ROWS = 40


@dataclass(frozen=True)
class Cell:
    """A table's cell; numbers stand to the right."""

    text: str
    number: bool = False


@dataclass(frozen=True)
class Grid:
    """A table to be read."""

    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Section:
    """A chapter of the page."""

    name: str
    title: str
    note: str = ""
    charts: list[dict[str, str]] = field(default_factory=list)
    cloud: list[dict[str, Any]] = field(default_factory=list)
    table: Grid | None = None


def page(study: Study, findings: Sequence[Finding], drawn: dict[str, str]) -> str:
    """The whole page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        label=LABELS[study.period.kind],
        period=study.period,
        style=(HERE / "report.css").read_text("utf-8"),
        findings=findings,
        quiet=wording()["quiet"],
        figures=[_figure(each) for each in study.figures],
        sections=sections(study, drawn),
    )


def _figure(figure: Figure) -> dict[str, Any]:
    metric = figure.metric
    change = NONE
    if figure.value is not None and figure.before:
        change = f"{(figure.value / figure.before - 1) * 100:+.1f}%"
    return {
        "label": metric.label,
        "value": metric.shown(figure.value),
        "before": metric.shown(figure.before),
        "change": change,
        "seed": metric.shown(metric.seed),
        "n": count(figure.n),
        "definition": metric.definition,
        "notable": figure.notable,
    }


def sections(study: Study, drawn: dict[str, str]) -> list[Section]:
    """The chapters that have something to show."""

    def chart(*names: str) -> list[dict[str, str]]:
        return [{"title": TITLES[name], "svg": drawn[name]} for name in names if name in drawn]

    told = [
        Section("volume", "接待与结果", charts=chart("sessions", "rates", "rhythm")),
        Section(
            "anomalies",
            "异常",
            f"与前四周同类日子的同一小时相比（稳健 z，绝对值 {ALARM:.0f} 以上为异常）",
            chart("anomalies"),
            table=_anomalies(study),
        ),
        Section(
            "topics", "热点", "与前四周相同的星期几相比，误报率控制在 5%", chart("hot"), table=_hot(study)
        ),
        Section(
            "words", "词云", "字越大，说到的消息越多；放上去看例句", cloud=study.cloud.to_dict("records")
        ),
        Section(
            "questions",
            "没有答上的问题",
            "意思相近的归在一起；该补的例句和条目见 nlu.yml 与 knowledge.yml",
            table=_groups(study),
        ),
        Section("forms", "表单", "在哪一问上离开", table=_forms(study)),
        Section("reasons", "转人工的原因", table=_reasons(study)),
        Section("agents", "坐席效率", _stability(study), chart("levels"), table=_levels(study)),
        Section("quality", "服务质检", "规则见 quality.yml；请以原话为准复核", table=_violations(study)),
        Section(
            "experiment", "A/B 对比", "每天看也成立的区间；区间不含零才算有结论", table=_comparisons(study)
        ),
        Section("roster", "预测与排班", _accuracy(study), chart("roster"), table=_roster(study)),
    ]
    return [each for each in told if each.charts or each.cloud or each.table]


def _grid(heads: str, rows: list[tuple[Any, ...]], numbers: str = "") -> Grid | None:
    """Heads and which of them are numbers, each as words in a string."""
    names = heads.split()
    right = [name in numbers.split() for name in names]
    cells = [
        [Cell(str(value), is_number) for value, is_number in zip(row, right, strict=True)]
        for row in rows[:ROWS]
    ]
    return Grid([Cell(*head) for head in zip(names, right, strict=True)], cells) if cells else None


def _anomalies(study: Study) -> Grid | None:
    names = wording()["signals"]
    return _grid(
        "开始 结束 什么 实际 往常 偏离",
        [
            (
                f"{each.start:%m-%d %H:%M}",
                f"{each.end:%m-%d %H:%M}",
                names[each.signal],
                count(each.value) if each.signal == "sessions" else percent(each.value),
                count(each.expected) if each.signal == "sessions" else percent(each.expected),
                f"{each.z:+.1f}",
            )
            for each in study.anomalies
        ],
        "实际 往常 偏离",
    )


def _hot(study: Study) -> Grid | None:
    both = pd.concat([study.hot.assign(kind="意图"), study.hot_words.head(20).assign(kind="词")])
    return _grid(
        "主题 类别 次数 往常 倍数 误报率",
        [
            (
                row.topic,
                row.kind,
                count(row.count),
                number(row.expected),
                "新" if row.new else number(row.ratio),
                f"{row.q:.1g}",
            )
            for row in both.itertuples(index=False)
        ],
        "次数 往常 倍数 误报率",
    )


def _groups(study: Study) -> Grid | None:
    return _grid(
        "问题 次数 会话 建议 接近的意图 其他说法",
        [
            (
                group.question,
                count(group.count),
                count(len(group.conversations)),
                PROPOSALS[group.proposal],
                group.intent or NONE,
                "；".join(group.variants[1:5]),
            )
            for group in study.groups
        ],
        "次数 会话",
    )


def _forms(study: Study) -> Grid | None:
    return _grid(
        "表单 开始 办完 走得最多的一问 走了",
        [
            (
                row.form,
                count(row.begun),
                percent(row.completed),
                NONE if pd.isna(row.asked) else row.asked,
                count(row.left),
            )
            for row in study.forms.itertuples(index=False)
        ],
        "开始 办完 走了",
    )


def _reasons(study: Study) -> Grid | None:
    rows = [
        (wording()["reasons"].get(row.reason, row.reason), count(row.count), percent(row.share))
        for row in study.reasons.itertuples(index=False)
    ]
    return _grid("原因 次数 占比", rows, "次数 占比")


def _stability(study: Study) -> str:
    if study.levels is None:
        return ""
    return (
        f"近四周；K-means 分三档。重抽坐席的工作日 {agents.RESAMPLES} 次，"
        f"分档一致度（调整兰德指数）{number(study.levels.attrs['agreement'])}；"
        f"稳定度是 {agents.RESAMPLES} 次里仍在同一档的比例，低于 70% 的不要据此评价人。"
    )


def _levels(study: Study) -> Grid | None:
    if study.levels is None:
        return None
    return _grid(
        "坐席 档 稳定度 日接待 首条回复（秒） 处理（分） 一次解决 评分 生气收场",
        [
            (
                row.Index,
                LEVELS[row.level],
                percent(row.stability),
                number(row.sessions),
                number(row.answer_s),
                number(row.handling_s / 60),
                percent(row.resolved_rate),
                number(row.score),
                percent(row.angry_rate),
            )
            for row in study.levels.itertuples()
        ],
        "稳定度 日接待 首条回复（秒） 处理（分） 一次解决 评分 生气收场",
    )


def _violations(study: Study) -> Grid | None:
    return _grid(
        "规则 轻重 谁 原话 次数 会话",
        [
            (
                row.label,
                SEVERITIES[row.severity],
                row.agent_id if isinstance(row.agent_id, str) and row.agent_id else row.speaker,
                row.text,
                count(row.count),
                row.conversation_id,
            )
            for row in study.violations.itertuples(index=False)
        ],
        "次数",
    )


def _comparisons(study: Study) -> Grid | None:
    rows = []
    for name, told in study.comparisons.items():
        show = number if name == "score" else percent
        rows.append(
            (
                wording()["outcomes"][name],
                f"{show(told.mean_a)}（{count(told.size_a)}）",
                f"{show(told.mean_b)}（{count(told.size_b)}）",
                show(told.difference),
                f"{show(told.low)} 至 {show(told.high)}",
                f"{show(told.always_low)} 至 {show(told.always_high)}",
                DECISIONS[told.decision],
            )
        )
    return _grid("指标 A（客户） B（客户） 差 只看一次的区间 随时可看的区间 结论", rows)


def _accuracy(study: Study) -> str:
    if study.forecast is None:
        return ""
    return (
        f"预测误差（留出最近一周）{percent(study.forecast.error)}，照搬上周的误差 {percent(study.forecast.naive_error)}；"
        "人数按 Erlang C：八成客户 20 秒内接通，按十天里九天不会超过的来量算。"
    )


def _roster(study: Study) -> Grid | None:
    roster = study.roster
    if roster.empty:
        return None
    rows = []
    for day, of_day in roster.groupby("day"):
        peak = of_day.loc[of_day["needed"].idxmax()]
        rows.append(
            (
                f"{day:%m-%d}",
                number(of_day["expected"].sum()),
                count(peak["needed"]),
                f"{int(peak['slot']) // 2:02d}:{int(peak['slot']) % 2 * 30:02d}",
                number(of_day["needed"].sum() / 2),
                number(of_day["on_duty"].sum() / 2),
            )
        )
    numbers = "预计来量 最多要几人 高峰 共需人时 上周在岗人时"
    return _grid(f"日期 {numbers}", rows, numbers)
