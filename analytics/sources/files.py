"""Past records out of CSV and XLSX: chats, and transcripts of phone and video calls, by a declared column map.

The map is YAML:

    channel: phone                      # where all rows come from, unless a column says it
    columns: {conversation: 会话ID, time: 时间, speaker: 角色, text: 内容, agent: 坐席, score: 评分}
    speakers: {customer: [客户, 用户], agent: [客服, 坐席], bot: [机器人]}
    times: ["%Y/%m/%d %H:%M"]           # besides ISO and Excel's own

A call whose whole transcript is one cell has `transcript` in the place of `speaker` and `text`: a line for each thing
said, "客服：您好", with its time in the call before it or not. A row that cannot be read is counted under its reason.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import python_calamine
import yaml

from analytics.problems import SettingError, StoreError
from analytics.sources import BATCH, Batch, as_batch

SHANGHAI = ZoneInfo("Asia/Shanghai")
_Said = tuple[str, float, str, dict[str, Any]]
"""A conversation, a moment in seconds, who, and the event as Rasa would have written it."""
SCORE = "imported_score"
"""The slot that a rating is kept in; project.yml names it."""

_NEEDED = {"conversation", "time"}
_KNOWN = {*_NEEDED, "speaker", "text", "transcript", "agent", "score", "intent", "channel"}
_SPEAKERS = {
    "customer": ["客户", "用户", "顾客", "买家", "访客", "来电", "customer", "user", "caller", "buyer"],
    "agent": ["客服", "坐席", "人工", "座席", "agent", "staff", "seller", "商家"],
    "bot": ["机器人", "智能客服", "bot", "robot", "系统"],
}
_LINE = re.compile(r"^\s*[\[【(（]?(?:(?:(\d{1,2}):)?(\d{1,2}):(\d{2}))?[\]】)）]?\s*([^:：\s]{1,12})\s*[:：]\s*(.+)$")


@dataclass(frozen=True)
class ColumnMap:
    """What a file's columns are."""

    columns: dict[str, str]
    speakers: dict[str, str]
    channel: str
    times: tuple[str, ...]


@dataclass
class Rejected:
    """Rows that could not be read: how many for which reason, and the first of each."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, row: int) -> None:
        """Count a row, told by its number in the file."""
        self.counts[reason] += 1
        self.first.setdefault(reason, row)


def read_map(path: Path) -> ColumnMap:
    """The column map of a YAML file; raises SettingError."""
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError(f"读不了列的对照表 {path}：{error}") from error
    columns = told.get("columns") if isinstance(told, dict) else None
    if not isinstance(columns, dict) or not set(columns) >= _NEEDED:
        raise SettingError(f"{path} 要有 columns，其中至少有 conversation 和 time")
    strange = sorted(set(columns) - _KNOWN)
    if strange:
        raise SettingError(f"{path}：columns 里不认识 {', '.join(strange)}；认识的有 {', '.join(sorted(_KNOWN))}")
    if "transcript" not in columns and not {"speaker", "text"} <= set(columns):
        raise SettingError(f"{path}：columns 要有 speaker 和 text，或者有 transcript")
    words = {**_SPEAKERS, **(told.get("speakers") or {})}
    speakers = {str(word).strip().lower(): who for who in _SPEAKERS for word in words[who]}
    return ColumnMap(columns, speakers, str(told.get("channel") or "import"), tuple(told.get("times") or ()))


class FileSource:
    """A file, read once: its name is that of its content, so the same file is not imported twice."""

    def __init__(self, path: Path, columns: ColumnMap) -> None:
        if not path.is_file():
            raise StoreError(f"没有这个文件：{path}")
        with path.open("rb") as content:
            self.name = f"import:{hashlib.file_digest(content, 'sha256').hexdigest()[:16]}"
        self._path, self._map = path, columns
        self.rejected = Rejected()
        self.rows = 0
        self._events: list[_Said] | None = None

    def read(self, after: int) -> Batch:
        """The next things said, each conversation's in the order of their times."""
        if self._events is None:
            self._events = self._all()
        some = self._events[after : after + BATCH]
        rows = [
            (after + n + 1, sender, str(data["event"]), at, json.dumps(data, ensure_ascii=False))
            for n, (sender, at, _, data) in enumerate(some)
        ]
        return as_batch(rows, after + len(rows), len(rows) == BATCH)

    def stored(self) -> None:
        """Nothing to do: the lake keeps the position."""

    def remaining(self, after: int) -> int:
        """How many are still to be read."""
        return 0 if self._events is None else max(0, len(self._events) - after)

    def close(self) -> None:
        """Nothing is held open."""

    def _all(self) -> list[_Said]:
        events = []
        for number, row in self._table():
            self.rows += 1
            events += self._said(number, row)
        events.sort(key=lambda event: (event[0], event[1]))
        return events

    def _table(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The file's rows by column, each with its number as an editor shows it; raises StoreError."""
        if self._path.suffix.lower() in (".xlsx", ".xlsm", ".xls"):
            try:
                sheet = python_calamine.CalamineWorkbook.from_path(str(self._path)).get_sheet_by_index(0)
                rows: Iterable[list[Any]] = sheet.to_python()
            except Exception as error:  # the library raises one kind for each kind of damage
                raise StoreError(f"{self._path} 打不开：不是 Excel 文件，或者已经损坏") from error
        else:
            rows = csv.reader(_decoded(self._path).splitlines(keepends=True))
        lines = iter(rows)
        heading = [str(cell).strip() for cell in next(lines, [])]
        missing = [name for name in self._map.columns.values() if name not in heading]
        if missing:
            raise StoreError(f"{self._path} 没有列 {', '.join(missing)}；有的是 {', '.join(heading) or '（空文件）'}")
        place = {what: heading.index(name) for what, name in self._map.columns.items()}
        for number, cells in enumerate(lines, 2):
            if any(cell not in ("", None) for cell in cells):
                yield number, {what: cells[n] if n < len(cells) else "" for what, n in place.items()}

    def _said(self, number: int, row: dict[str, Any]) -> list[_Said]:
        sender = str(row["conversation"]).strip()
        if not sender:
            self.rejected.add("没有会话编号", number)
            return []
        at = self._moment(row["time"])
        if at is None:
            self.rejected.add("时间读不懂", number)
            return []
        if "transcript" in row:
            said = list(self._lines(str(row["transcript"]), at))
            if not said:
                self.rejected.add("转写里没有“角色：内容”这样的行", number)
            return self._scored(sender, [self._event(sender, moment, who, text, row) for moment, who, text in said], row)
        text, told = str(row["text"]).strip(), str(row["speaker"]).strip()
        who = self._map.speakers.get(told.lower())
        if not text:
            self.rejected.add("没有内容", number)
        elif who is None:
            self.rejected.add("不认识的角色：在对照表的 speakers 里写上它", number)
        else:
            return self._scored(sender, [self._event(sender, at, who, text, row)], row)
        return []

    def _scored(self, sender: str, said: list[_Said], row: dict[str, Any]) -> list[_Said]:
        """What was said, and after it the rating, where the row has one."""
        score = str(row.get("score") or "").strip()
        if said and score:
            said.append((sender, said[-1][1], "score", {"event": "slot", "name": SCORE, "value": score}))
        return said

    def _lines(self, transcript: str, start: float) -> Iterator[tuple[float, str, str]]:
        for n, line in enumerate(transcript.splitlines()):
            found = _LINE.match(line)
            who = self._map.speakers.get(found[4].lower()) if found else None
            if found and who:
                hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3))
                yield start + (hours * 3600 + minutes * 60 + seconds if found[3] else n), who, found[5].strip()

    def _event(
        self, sender: str, at: float, who: str, text: str, row: dict[str, Any]
    ) -> _Said:
        channel = str(row.get("channel") or "").strip() or self._map.channel
        if who == "customer":
            intent = str(row.get("intent") or "").strip() or None
            parsed = {"intent": {"name": intent, "confidence": None}}
            return sender, at, who, {"event": "user", "text": text, "input_channel": channel, "parse_data": parsed}
        agent = (str(row.get("agent") or "").strip() or "unknown") if who == "agent" else None
        return sender, at, who, {"event": "bot", "text": text, "metadata": {"agent_id": agent} if agent else {}}

    def _moment(self, told: Any) -> float | None:
        """Seconds since 1970; a time without a zone is Shanghai's."""
        if isinstance(told, datetime):
            return (told if told.tzinfo else told.replace(tzinfo=SHANGHAI)).timestamp()
        text = str(told).strip()
        if re.fullmatch(r"1\d{9}(?:\d{3})?(?:\.\d+)?", text):
            return float(text) / (1000 if len(text.split(".")[0]) == 13 else 1)
        for shape in ("", *self._map.times, "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日%H:%M"):
            try:
                moment = datetime.strptime(text, shape) if shape else datetime.fromisoformat(text)
            except ValueError:
                continue
            return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).timestamp()
        return None


def _decoded(path: Path) -> str:
    """A text file's content, UTF-8 (with or without a mark), UTF-16 with one, or GB18030."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StoreError(f"{path} 的编码认不出：请另存为 UTF-8 或 GB18030 的 CSV")
