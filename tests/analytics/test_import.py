"""Past records come in whatever shape call centres keep them, and no row is lost without a reason."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from analytics.collect import collect
from analytics.lake import Lake
from analytics.marts import open_marts
from analytics.problems import SettingError, StoreError
from analytics.sources.files import FileSource, read_map
from tests.analytics.conftest import stored

MAP = "columns: {conversation: 会话ID, time: 时间, speaker: 角色, text: 内容, agent: 坐席, score: 评分}\nchannel: phone\n"
HEAD = ["会话ID", "时间", "角色", "内容", "坐席", "评分"]
ROWS = [
    ["T1", "2026-11-01 09:00:00", "客户", "我的电话是13812345678，帮我查订单", "", ""],
    ["T1", "2026/11/1 09:00:20", "客服", "您好，已经为您查到", "A01", "5"],
    ["T2", "2026年11月01日 10:00:00", "客户", "怎么还没到", "", ""],
]
BAD = [
    ["", "2026-11-01 09:00:00", "客户", "没有编号", "", ""],
    ["T3", "昨天", "客户", "没有时间", "", ""],
    ["T3", "2026-11-01 09:00:00", "路人", "谁", "", ""],
    ["T3", "2026-11-01 09:00:00", "客户", "", "", ""],
]


def columns(tmp_path: Path, text: str = MAP) -> Path:
    path = tmp_path / "map.yml"
    path.write_text(text, "utf-8")
    return path


def as_csv(path: Path, rows: list[list[str]], encoding: str) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_of_any_encoding(tmp_path: Path, lake: Lake, encoding: str) -> None:
    source = FileSource(as_csv(tmp_path / "calls.csv", ROWS, encoding), read_map(columns(tmp_path)))
    assert collect(lake, source) == 4  # three things said and a rating
    said = stored(lake, "SELECT conversation_id, type, text, agent_id FROM events WHERE type <> 'slot' ORDER BY event_id")
    assert said[0] == ("T1", "user", "我的电话是138****5678，帮我查订单", None)
    assert said[1] == ("T1", "bot", "您好，已经为您查到", "A01")


def test_excel_of_the_same_counts_like_any_talk(tmp_path: Path, lake: Lake) -> None:
    book = openpyxl.Workbook()
    for row in (HEAD, *ROWS):
        book.active.append(row)
    book.save(tmp_path / "calls.xlsx")
    collect(lake, FileSource(tmp_path / "calls.xlsx", read_map(columns(tmp_path))))
    session = open_marts(lake).table("sessions").to_pandas().set_index("conversation_id").loc["T1"]
    assert (session.score, session.channel, session.first_answer_ms) == (5, "phone", 20_000)


def test_excel_with_its_own_times(tmp_path: Path, lake: Lake) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.append(["T1", datetime(2026, 11, 1, 0, 30), "用户", "几天发货", "", ""])
    book.save(tmp_path / "calls.xlsx")
    assert collect(lake, FileSource(tmp_path / "calls.xlsx", read_map(columns(tmp_path)))) == 1
    assert str(stored(lake, "SELECT day FROM events")[0][0]) == "2026-11-01"


def test_the_same_file_counts_once(tmp_path: Path, lake: Lake) -> None:
    path = as_csv(tmp_path / "calls.csv", ROWS, "utf-8")
    collect(lake, FileSource(path, read_map(columns(tmp_path))))
    path.rename(tmp_path / "again.csv")
    assert collect(lake, FileSource(tmp_path / "again.csv", read_map(columns(tmp_path)))) == 0


def test_every_row_left_out_has_a_reason(tmp_path: Path, lake: Lake) -> None:
    source = FileSource(as_csv(tmp_path / "calls.csv", ROWS + BAD, "utf-8"), read_map(columns(tmp_path)))
    collect(lake, source)
    assert source.rows == 7
    assert source.rejected.counts.total() == 4
    assert source.rejected.first["没有会话编号"] == 5


def test_a_call_in_one_cell(tmp_path: Path, lake: Lake) -> None:
    path = tmp_path / "calls.csv"
    transcript = "[00:00] 客服：您好，请讲\n[00:07] 客户：退货，地址上海市浦东新区张江路88弄3号楼501室\n（杂音）\n[01:02] 客服：好的"
    path.write_text(f'录音,开始,转写\nV1,2026-11-01 09:00:00,"{transcript}"\n', "utf-8")
    told = "columns: {conversation: 录音, time: 开始, transcript: 转写}\nchannel: video\n"
    assert collect(lake, FileSource(path, read_map(columns(tmp_path, told)))) == 3
    turn = open_marts(lake).table("turns").to_pandas().iloc[0]
    assert turn.answer_ms == 55_000
    assert "张江路88弄" not in turn.text


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("columns: {conversation: 会话ID}", "至少有"),
        ("columns: {conversation: a, time: b, speaker: c, text: d, colour: e}", "不认识 colour"),
        ("columns: {conversation: a, time: b}", "speaker 和 text"),
        ("columns: [", "读不了"),
    ],
)
def test_a_wrong_map_says_what_is_wrong(tmp_path: Path, told: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        read_map(columns(tmp_path, told))


def test_a_file_that_is_not_what_it_says(tmp_path: Path, lake: Lake) -> None:
    (tmp_path / "a.xlsx").write_text("not a workbook", "utf-8")
    with pytest.raises(StoreError, match="打不开"):
        collect(lake, FileSource(tmp_path / "a.xlsx", read_map(columns(tmp_path))))
    (tmp_path / "b.csv").write_text("甲,乙\n1,2\n")
    with pytest.raises(StoreError, match="没有列"):
        collect(lake, FileSource(tmp_path / "b.csv", read_map(columns(tmp_path))))
