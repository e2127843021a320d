"""`lingxi-analytics`: one command a step, from the tracker store to the report."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from analytics.dictionary import described
from analytics.problems import AnalyticsError, SettingError
from analytics.query import Shape, ask
from analytics.sources import Source

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="从 Rasa 对话记录到决策")
out = Console()
err = Console(stderr=True)

LakeOption = Annotated[Path, typer.Option("--lake", envvar="LINGXI_LAKE", help="湖：采集到的数据放在哪个文件夹")]
LAKE = Path("var/lake")
MASTER = "local[*]"
ProjectOption = Annotated[Path | None, typer.Option("--project", help="项目里的名字各指什么（YAML），见 project.yml")]
RulesOption = Annotated[Path | None, typer.Option("--rules", help="清洗规则（YAML），见 clean/rules.yml")]


class Engine(StrEnum):
    """What works the marts and metrics out."""

    DUCKDB = "duckdb"
    SPARK = "spark"


EngineOption = Annotated[Engine, typer.Option("--engine", help="在哪里算：duckdb 本机，spark 集群（要装 PySpark 和 Java 17）")]
MasterOption = Annotated[str, typer.Option("--master", help="Spark 的主节点，如 spark://主机:7077；各节点要能用同一路径读到湖")]


class Kind(StrEnum):
    """Kinds of report."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


def main() -> None:
    """The installed command. What a user did wrong or can mend ends with one line and code 2."""
    try:
        app()
    except AnalyticsError as error:
        typer.echo(f"✗ {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


@app.command()
def simulate(
    to: Annotated[str, typer.Argument(help="新的记录库：sqlite:///文件 或 postgresql://…")],
    days: Annotated[int, typer.Option(min=1, max=3660, help="多少天")] = 30,
    conversations: Annotated[int, typer.Option(min=1, help="平常一天多少次来访")] = 200,
    start: Annotated[str, typer.Option(help="第一天")] = "2026-10-01",
    seed: Annotated[int, typer.Option(help="同一个种子，同样的数据")] = 7,
    ab_effect: Annotated[float, typer.Option(min=0, max=0.6, help="B 组话术多让多少客户说解决了；0 为没有差别")] = 0.12,
    quiet: Annotated[bool, typer.Option("--quiet", help="不种促销、质量问题、故障和差坐席")] = False,
    dirt: Annotated[bool, typer.Option("--dirt", help="掺入刷屏、重复投递的事件")] = False,
) -> None:
    """造一个对话记录库，里面有什么都知道（写在旁边的 .truth.json）。"""
    from analytics.simulate import Plan, write_simulated

    planted: dict[str, Any] = {"promotion": None, "defect": None, "outage": None, "bad_agent": None} if quiet else {}
    plan = Plan(
        seed=seed, start=_day(start), days=days, conversations=conversations, ab_effect=ab_effect, dirt=dirt, **planted
    )
    with _progress() as bar:
        task = bar.add_task("造数据（天）", total=days)
        truth, beside = write_simulated(plan, to, lambda: bar.advance(task))
    out.print(f"{sum(day['customer_messages'] for day in truth.days.values())} 句客户的话，真值在 {beside}")


@app.command()
def example(
    to: Annotated[Path, typer.Argument(help="放在哪个文件夹")] = Path("var/example"),
    days: Annotated[int, typer.Option(min=7, max=366, help="多少天，到昨天为止")] = 30,
    conversations: Annotated[int, typer.Option(min=1, help="平常一天多少次来访")] = 60,
) -> None:
    """造最近三十天的数据，采集，写好月报：没有线上数据也能看报告和看板。已经有了就什么也不做。"""
    from analytics.example import make_example

    if make_example(to, days, conversations):
        out.print(f"报告在 {to / 'report' / 'report.html'}，湖在 {to / 'lake'}")


@app.command()
def collect(
    store: Annotated[
        str | None,
        typer.Argument(
            envvar="LINGXI_TRACKER_DATABASE_URL", help="记录库：sqlite:///文件、postgresql://… 或 amqp://…（RabbitMQ）"
        ),
    ] = None,
    lake: LakeOption = LAKE,
    name: Annotated[str | None, typer.Option(help="来源名；同一个名字接着上次的采")] = None,
    queue: Annotated[str, typer.Option(help="RabbitMQ 的队列")] = "rasa_core_events",
    follow: Annotated[bool, typer.Option("--follow", help="一直跟着采，Ctrl-C 结束")] = False,
    imported: Annotated[Path | None, typer.Option("--import", help="导入过去的记录：CSV 或 XLSX")] = None,
    columns: Annotated[Path | None, typer.Option("--map", help="导入文件的列对照表（YAML）")] = None,
    backoffice: Annotated[
        str | None, typer.Option(help="也取业务系统的事实：它的地址；令牌在 LINGXI_SERVICE_TOKEN")
    ] = None,
) -> None:
    """把新的事件采进湖里，边采边脱敏；随时可以中断，再运行接着来，不漏不重。"""
    from analytics.collect import collect as run
    from analytics.lake import Lake
    from analytics.sources.backoffice import collect_facts
    from analytics.sources.broker import BrokerSource
    from analytics.sources.files import FileSource, read_map
    from analytics.sources.sql import open_store

    source: Source
    if imported:
        if columns is None:
            raise SettingError("导入要用 --map 说明哪一列是什么，写法见分析指南")
        source = FileSource(imported, read_map(columns))
    elif store and store.startswith("amqp"):
        source = BrokerSource(store, queue, name)
    elif store:
        source = open_store(store, name)
    else:
        raise SettingError("采哪里？给出记录库的地址，或用 --import 导入文件")
    kept = Lake(lake)
    stop = _on_signal()
    with _progress() as bar, closing(source):
        task = bar.add_task("采集", total=None if follow else source.remaining(kept.position(source.name)) or None)
        stored = run(kept, source, lambda count: bar.advance(task, count), follow, stop)
        left = 0 if follow else source.remaining(kept.position(source.name))
    out.print(f"采到 {stored:,} 个新事件（{source.name} → {lake}）")
    if left:
        out.print(f"后面还有约 {left:,} 个：要等别人正开着的事务结束，下次再采会接着来")
    if isinstance(source, FileSource) and source.rows:
        out.print(f"{source.rows:,} 行，{source.rejected.counts.total():,} 行没有导入")
        for reason, count in source.rejected.counts.most_common():
            out.print(f"  {count:,} 行：{reason}（最早是第 {source.rejected.first[reason]} 行）")
    if backoffice:
        token = os.environ.get("LINGXI_SERVICE_TOKEN")
        if not token:
            raise SettingError("取业务系统的事实要有服务令牌：请设置 LINGXI_SERVICE_TOKEN")
        collect_facts(kept, backoffice, token, lambda label, count: out.print(f"{label} {count:,} 条"))


@app.command()
def marts(
    lake: LakeOption = LAKE,
    project: ProjectOption = None,
    rules: RulesOption = None,
    engine: EngineOption = Engine.DUCKDB,
    master: MasterOption = MASTER,
) -> None:
    """按规则清洗，把事件整理成分析用的表；没有新数据时什么也不做。"""
    opened = _marts(lake, project, rules, master if engine is Engine.SPARK else None)
    table = Table("表", "一行是", "行数")
    from analytics.schema import FACTS, MARTS

    for each in (*MARTS, *FACTS):
        table.add_row(f"{each.label} {each.name}", each.grain, f"{opened.table(each.name).count().execute():,}")
    out.print(table)


@app.command()
def quality(
    lake: LakeOption = LAKE, project: ProjectOption = None, rules: RulesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="机器读的")] = False,
) -> None:
    """数据质量：每条清洗规则碰到了多少，怎么处理的。"""
    from analytics.lake import Lake
    from analytics.marts import quality as findings

    _marts(lake, project, rules)
    found = findings(Lake(lake))
    if as_json:
        print(json.dumps([{**asdict(each), "rate": each.rate} for each in found], ensure_ascii=False, indent=1))
        return
    table = Table("规则", "碰到", "占比", "处理")
    for each in found:
        table.add_row(each.label, f"{each.count:,}", f"{each.rate:.2%}", each.done)
    out.print(table)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="DuckDB 的 SELECT；有哪些表和列见 dictionary")],
    lake: LakeOption = LAKE,
    project: ProjectOption = None,
    rules: RulesOption = None,
    shape: Annotated[Shape, typer.Option("--format", help="怎么写出来")] = Shape.TABLE,
) -> None:
    """用 SQL 问湖里的表。例：lingxi-analytics query "select outcome, count(*) from sessions group by 1" """
    frame = ask(_marts(lake, project, rules), sql, lake)
    if shape is Shape.CSV:
        sys.stdout.write(frame.to_csv(index=False))
    elif shape is Shape.JSON:
        print(frame.to_json(orient="records", force_ascii=False, date_format="iso"))
    else:
        table = Table(*(str(column) for column in frame.columns))
        for row in frame.astype(object).where(frame.notna(), "").itertuples(index=False):
            table.add_row(*map(str, row))
        out.print(table)


@app.command()
def dictionary(
    to: Annotated[Path | None, typer.Option("--out", help="写到哪个文件，不写就显示")] = None,
) -> None:
    """数据字典：每张表、每一列、每个指标是什么（Markdown）。"""
    text = described()
    if to:
        to.write_text(text, "utf-8")
    else:
        print(text)


@app.command()
def metrics(
    names: Annotated[list[str] | None, typer.Argument(help="指标名，不写就是全部")] = None,
    lake: LakeOption = LAKE,
    since: Annotated[str | None, typer.Option(help="从哪天起")] = None,
    until: Annotated[str | None, typer.Option(help="到哪天为止（不含）")] = None,
    by: Annotated[list[str] | None, typer.Option(help="按哪一列分组，可以重复")] = None,
    project: ProjectOption = None,
    rules: RulesOption = None,
    engine: EngineOption = Engine.DUCKDB,
    master: MasterOption = MASTER,
    as_json: Annotated[bool, typer.Option("--json", help="机器读的")] = False,
) -> None:
    """算指标。例：lingxi-analytics metrics satisfaction --by day"""
    from analytics.metrics import measure, read_metrics

    first, end = (_day(since) if since else None), (_day(until) if until else None)
    opened = _marts(lake, project, rules, master if engine is Engine.SPARK else None, few=bool(names))
    frame = measure(opened, names, by or (), first, end)
    if as_json:
        print(frame.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    known = read_metrics()
    table = Table("指标", *(by or ()), "值", "对照值", "样本")
    for row in frame.to_dict("records"):
        metric = known[str(row["metric"])]
        groups = [str(row[column])[:10] if column == "day" else str(row[column]) for column in by or ()]
        seed = metric.shown(metric.seed) if metric.seed is not None else "—"
        table.add_row(f"{metric.label} {metric.name}", *groups, metric.shown(row["value"]), seed, f"{row['n']:,}")
    out.print(table)


@app.command()
def report(
    kind: Annotated[Kind, typer.Argument(help="日报、周报或月报")],
    lake: LakeOption = LAKE,
    since: Annotated[str | None, typer.Option(help="从哪天起；不写就是数据里最近的一天、七天或一个月")] = None,
    until: Annotated[str | None, typer.Option(help="到哪天为止（不含）")] = None,
    to: Annotated[Path, typer.Option("--out", help="写到哪个文件夹")] = Path("var/report"),
    at_once: Annotated[int, typer.Option(min=1, max=20, help="一位坐席同时接待几位客户")] = 1,
    project: ProjectOption = None,
    rules: RulesOption = None,
) -> None:
    """写报告：report.html（一个文件，离线可看）、report.xlsx、各表 CSV、report.json、该补的例句和知识。"""
    from analytics.reports.period import period_of
    from analytics.reports.reading import days_known
    from analytics.reports.write import write_report

    opened = _marts(lake, project, rules)
    known = days_known(opened)
    if known is None:
        raise SettingError(f"{lake} 里还没有会话：先运行 lingxi-analytics collect 记录库地址 --lake {lake}")
    period = period_of(kind.value, _day(since) if since else None, _day(until) if until else None, known[1])
    with err.status("写报告…") as status:
        found = write_report(opened, period, to, at_once=at_once, step=lambda step: status.update(f"写报告：{step}…"))
    for each in found:
        out.print(f"• [bold]{escape(each.what)}[/bold]（{each.people}）")
    out.print(f"{period.title} 的报告在 {to / 'report.html'}")


@app.command()
def alert(
    lake: LakeOption = LAKE,
    follow: Annotated[bool, typer.Option("--follow", help="每分钟看一次，Ctrl-C 结束")] = False,
    project: ProjectOption = None,
    rules: RulesOption = None,
) -> None:
    """看最近几小时有没有异常，每件事只告诉一次：LINGXI_ALERT_WEBHOOK、LINGXI_ALERT_SMTP；都没有就只打印。"""
    from analytics.alerts import alerts, channels, deliver

    to = channels()
    stop = _on_signal()
    while True:
        found = alerts(_marts(lake, project, rules), datetime.now(UTC))
        for each in found:
            out.print(escape(each.text))
        failed = deliver(found, to, lake / "alerts.json")
        for problem in failed:
            err.print(f"✗ 没有送到 {escape(problem)}；下次再送")
        if not follow:
            raise typer.Exit(1 if failed else 0)
        if stop.wait(60):
            return


@app.command()
def serve(
    lake: LakeOption = LAKE,
    port: Annotated[int, typer.Option(envvar="LINGXI_DASHBOARD_PORT", min=1, max=65535, help="端口")] = 8001,
    project: ProjectOption = None,
    rules: RulesOption = None,
) -> None:
    """看板：今天的数字（15 秒内）、告警，点数字看背后的会话。只在本机，要服务令牌（LINGXI_SERVICE_TOKEN）。"""
    token = os.environ.get("LINGXI_SERVICE_TOKEN", "")
    if len(token) < 32:
        raise SettingError("要先设 LINGXI_SERVICE_TOKEN（至少 32 个字符）；第一次 make run 会写进 .env")
    from analytics.dashboard.serve import serve as run
    from analytics.project import read_project

    _marts(lake, project, rules)
    out.print(f"看板在 http://127.0.0.1:{port}")
    run(lake, read_project(project, rules), token, port)


def _marts(lake: Path, project: Path | None, rules: Path | None, master: str | None = None, few: bool = False) -> Any:
    """The marts, brought up to date; where only a few figures are asked, what they are measured on soonest."""
    from analytics.lake import Lake
    from analytics.marts import open_figures, open_marts
    from analytics.project import read_project

    if not (lake / "lake.json").exists():
        raise SettingError(f"{lake} 里还没有数据：先运行 lingxi-analytics collect 记录库地址 --lake {lake}")
    with err.status("整理数据…"):
        if few and master is None:
            return open_figures(Lake(lake), read_project(project, rules))
        return open_marts(Lake(lake), read_project(project, rules), master)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise SettingError(f"日期要写成 2026-11-30 这样，而不是 {text}") from None


def _progress() -> Progress:
    """What takes long shows how far it is; on stderr, so that what is printed can be piped."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True)


def _on_signal() -> threading.Event:
    """Set by Ctrl-C and SIGTERM: the append that runs is finished, and nothing begun after it."""
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    return stop
