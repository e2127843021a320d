"""The command as an analyst uses it, from a tracker store to figures; and what it says when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics import cli

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command, and gives what it prints."""
    for name in ("LINGXI_LAKE", "LINGXI_TRACKER_DATABASE_URL", "LINGXI_SERVICE_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def runs(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["lingxi-analytics", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert (ended.value.code or 0) == code, told.err
        return told.out + told.err

    return runs


def test_from_a_tracker_store_to_figures(run: Run, tmp_path: Path) -> None:
    store, lake = f"sqlite:///{tmp_path}/tracker.db", str(tmp_path / "lake")
    run("simulate", store, "--days", "3", "--conversations", "15", "--seed", "3")
    truth = json.loads((tmp_path / "tracker.truth.json").read_text("utf-8"))
    asked = sum(day["customer_messages"] for day in truth["days"].values())
    assert "个新事件" in run("collect", store, "--lake", lake)
    assert "采到 0 个" in run("collect", store, "--lake", lake)
    figures = json.loads(run("metrics", "customer_messages", "handoff_rate", "--lake", lake, "--json"))
    assert figures[0] == {"metric": "customer_messages", "value": asked, "n": asked}
    assert run("query", "select count(*) n from turns", "--lake", lake, "--format", "csv").split() == ["n", str(asked)]
    assert "重复投递的事件" in run("quality", "--lake", lake)
    assert "只能问一句 SELECT" in run("query", "drop table turns", "--lake", lake, code=2)
    assert "不行" in run("query", f"select * from read_text('{__file__}')", "--lake", lake, code=2)


def test_an_import_tells_what_it_left_out(run: Run, tmp_path: Path) -> None:
    calls, told = tmp_path / "calls.csv", tmp_path / "map.yml"
    calls.write_text("号,时,谁,话\n1,2026-11-01 09:00,客户,在吗\n1,昨天,客户,在吗\n", "gb18030")
    told.write_text("columns: {conversation: 号, time: 时, speaker: 谁, text: 话}\n", "utf-8")
    shown = run("collect", "--import", str(calls), "--map", str(told), "--lake", str(tmp_path / "lake"))
    assert "2 行，1 行没有导入" in shown
    assert "时间读不懂（最早是第 3 行）" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("collect", "sqlite:////nowhere/t.db"), "没有这个文件"),
        (("collect", "mysql://x"), "记录库的地址"),
        (("collect",), "采哪里"),
        (("metrics", "--lake", "/nowhere"), "先运行 lingxi-analytics collect"),
        (("metrics", "--lake", "/nowhere", "--since", "昨天"), "日期要写成"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    told = run(*arguments, *(("--lake", str(tmp_path / "lake")) if "--lake" not in arguments else ()), code=2)
    assert message in told
    assert len(told.strip().splitlines()) == 1
