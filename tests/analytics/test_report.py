"""The report on simulated shops: it finds what was planted and nothing else, its figures are the tracker store's, and
nobody's personal data is in it."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import privacy
from analytics.cli import app
from analytics.collect import collect
from analytics.lake import Lake
from analytics.marts import open_marts
from analytics.problems import SettingError
from analytics.reports.findings import Finding, shortages
from analytics.reports.period import Period, period_of
from analytics.reports.write import write_report
from analytics.schema import MARTS
from analytics.sources.sql import open_store
from tests.analytics.conftest import bot, user, write
from tests.analytics.shop import EVENTFUL, QUIET, shop

WEEK = Period("weekly", date(2026, 10, 15), date(2026, 10, 22))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Finding]]:
    folder = tmp_path_factory.mktemp("report")
    return folder, write_report(shop(EVENTFUL).marts, WEEK, folder)


def one(findings: list[Finding], kind: str, holds: str = "") -> Finding:
    (found,) = [each for each in findings if each.kind == kind and holds in each.what]
    return found


def test_the_outage_is_found_with_its_hours_and_what_customers_said_then(report):
    found = one(report[1], "anomaly", "系统不可用")
    assert found.what.startswith("10-19 10:00 至 1")
    assert found.people == "值班工程师" and found.evidence and all(each.conversation for each in found.evidence)


def test_the_swollen_power_banks_are_the_hot_topic(report):
    found = one(report[1], "new_topic")
    assert "after_sales_report_problem" in found.what
    assert any("充电宝" in each.text for each in found.evidence)


def test_the_bad_agent_is_named_with_what_he_wrote(report):
    found = one(report[1], "agent_low")
    assert EVENTFUL.bad_agent in found.what
    assert {each.text for each in found.evidence} & {"等着", "这个我管不了", "自己看规则", "你到底要怎么样", "说了不行就是不行"}


def test_the_better_wording_is_found(report):
    assert "B 组更高" in one(report[1], "experiment_higher", "确认解决率").what


def test_unanswered_questions_come_as_entries_to_be_written(report):
    entries = (report[0] / "knowledge.yml").read_text("utf-8")
    assert "你们收旧电池吗" in entries and "asdf" not in entries


def test_every_finding_says_why_what_next_and_whom(report):
    for each in report[1]:
        assert each.why and each.next and each.people
        assert each.evidence or each.kind in ("roster", "experiment_higher")


def test_a_quiet_shop_has_a_quiet_report(tmp_path):
    kinds = [each.kind for each in write_report(shop(QUIET).marts, WEEK, tmp_path)]
    assert not set(kinds) & {"anomaly", "new_topic", "agent_low", "violation", "experiment_higher", "experiment_lopsided"}
    assert kinds.count("hot_topic") + kinds.count("figure") <= 2


def ms(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


@pytest.mark.parametrize(
    ("metric", "sql"),
    [
        ("customer_messages", "SELECT count(*) FROM events WHERE type_name = 'user' AND intent_name NOT LIKE 'EXTERNAL%' AND {when}"),
        ("messages", "SELECT count(*) FROM events WHERE type_name IN ('user', 'bot') AND coalesce(intent_name, '') NOT LIKE 'EXTERNAL%' AND {when}"),
        (
            "fallback_rate",
            "SELECT avg(intent_name = 'nlu_fallback') FROM events WHERE type_name = 'user' AND intent_name NOT LIKE 'EXTERNAL%' AND {when}",
        ),
        (
            "satisfaction",
            "SELECT avg(json_extract(data, '$.value')) FROM events WHERE type_name = 'slot'"
            " AND json_extract(data, '$.name') = 'feedback_score' AND json_extract(data, '$.value') IS NOT NULL AND {when}",
        ),
    ],
)
def test_the_figures_are_those_of_sql_on_the_tracker_store(report, metric, sql):
    told = {each["name"]: each for each in json.loads((report[0] / "report.json").read_text("utf-8"))["metrics"]}
    when = f"timestamp >= {ms(WEEK.since)} AND timestamp < {ms(WEEK.until)}"
    with sqlite3.connect(shop(EVENTFUL).store) as store:
        (value,) = store.execute(sql.format(when=when)).fetchone()
    assert told[metric]["value"] == pytest.approx(value, rel=0.01 if metric == "satisfaction" else 1e-9)


def texts(folder: Path) -> dict[str, str]:
    """What a reader of each file can see."""
    seen = {file.name: file.read_text("utf-8-sig") for file in folder.iterdir() if file.suffix != ".xlsx"}
    book = openpyxl.load_workbook(folder / "report.xlsx", read_only=True)
    for sheet in book:
        seen[sheet.title] = "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)
    return seen


def test_no_planted_personal_data_is_in_any_file(report):
    personal = shop(EVENTFUL).truth.personal
    assert personal
    for name, text in texts(report[0]).items():
        assert not [value for value in personal if value in text], name


def test_every_text_column_passes_the_masking_check(report):
    for mart in MARTS:
        columns = [column.name for column in mart.columns if column.type == "string" and column.name in ("text", "reply", "first_text")]
        for column in columns:
            values = shop(EVENTFUL).marts.table(mart.name).select(column).distinct().to_pandas()[column].dropna()
            assert not [text for text in values if privacy.mask(text) != text], (mart.name, column)
    for each in report[1]:
        assert all(privacy.mask(said.text) == said.text for said in each.evidence)


def test_the_page_needs_nothing_else_and_is_readable_in_the_dark_and_on_paper(report):
    page = (report[0] / "report.html").read_text("utf-8")
    assert not re.search(r"<script|<link|<img|@import|url\(|(?:src|href)=", page)
    assert "prefers-color-scheme: dark" in page and "@media print" in page
    assert page.count("<svg ") >= 5 and "var(--c1)" in page


def test_the_workbook_has_a_sheet_a_mart_with_the_weeks_rows(report):
    book = openpyxl.load_workbook(report[0] / "report.xlsx", read_only=True)
    assert book.sheetnames == ["结论", "指标", *(mart.label for mart in MARTS)]
    rows = list(book["会话段"].iter_rows(values_only=True))
    with (report[0] / "sessions.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(rows) == len(list(csv.reader(file)))


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    at = ms(date(2026, 11, 2)) + 3600
    store = write(tmp_path / "t.db", [user("c1", "=HYPERLINK(1)", at), bot("c1", "好的", at + 1)])
    runner = CliRunner()
    lake = str(tmp_path / "lake")
    assert runner.invoke(app, ["collect", store, "--lake", lake]).exit_code == 0
    told = runner.invoke(app, ["report", "daily", "--lake", lake, "--out", str(tmp_path / "out")])
    assert told.exit_code == 0 and "没有超出日常波动" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "'=HYPERLINK(1)" in (tmp_path / "out" / "messages.csv").read_text("utf-8-sig")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx")["消息"]
    assert [cell.data_type for row in sheet.iter_rows() for cell in row if cell.value == "=HYPERLINK(1)"] == ["s"]


def test_days_left_out_are_the_last_known_and_days_the_wrong_way_round_are_told():
    last = date(2026, 11, 29)
    assert period_of("daily", None, None, last) == Period("daily", last, date(2026, 11, 30))
    assert period_of("weekly", date(2026, 11, 2), None, last).until == date(2026, 11, 9)
    assert period_of("monthly", date(2026, 11, 1), None, last).until == date(2026, 12, 1)
    assert period_of("weekly", date(2026, 11, 2), None, last).before.since == date(2026, 10, 26)
    with pytest.raises(SettingError, match="要早于"):
        period_of("daily", last, last, last)


def test_half_hours_that_lack_people_are_found_and_the_quiet_night_is_not():
    day = date(2026, 11, 2)
    roster = pd.DataFrame({"day": day, "slot": range(48), "expected": 6.0, "high": 9.0, "needed": 4, "on_duty": 4})
    roster.loc[roster["slot"].between(38, 43), "on_duty"] = 2
    roster.loc[roster["slot"] < 12, ["expected", "needed", "on_duty"]] = [0.2, 1, 0]
    (short,) = shortages(roster)
    assert list(short["slot"]) == list(range(38, 44))


def test_the_first_day_of_all_is_like_no_other_and_no_alarm(lake: Lake, tmp_path: Path) -> None:
    at = datetime(2026, 10, 5, 10, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    rows = [
        row
        for n in range(60)
        for row in (user(f"c{n}", "呃", at + n, "nlu_fallback"), bot(f"c{n}", "没懂", at + n + 1, "utter_chat_not_understood"))
    ]
    collect(lake, open_store(write(tmp_path / "t.db", rows)))
    found = write_report(open_marts(lake), Period("daily", date(2026, 10, 5), date(2026, 10, 6)), tmp_path / "report")
    assert not [each for each in found if each.kind == "anomaly"]
