"""The shop's side of the story: hand-offs, tickets, returns, ratings and questions, from the back office's API.

Each kind is read whole and takes the place of what was known: its rows change as they are worked on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.lake import Lake
from analytics.problems import StoreError
from analytics.schema import FACTS, Table
from analytics.staging import ARROW, Staging

_PAGE = 1000


def collect_facts(lake: Lake, url: str, token: str, told: Callable[[str, int], None] = lambda *_: None) -> None:
    """Bring every kind of fact up to date, masked; raises StoreError.

    Args:
        url: of the back office, without `/api/v1`.
        told: is called with a kind and how many rows there are of it.
    """
    staging = Staging(lake.key)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url.rstrip("/") + "/api/v1", headers=headers, timeout=30) as client:
        for table in FACTS:
            rows = [_masked(row, table, staging) for row in _all(client, table.name)]
            _write(lake.path / "facts" / f"{table.name}.parquet", table, rows)
            told(table.label, len(rows))


def _all(client: httpx.Client, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        try:
            answer = client.get(f"/facts/{kind}", params={"limit": _PAGE, "offset": len(rows)})
            answer.raise_for_status()
            page = answer.json()
            rows += page["items"]
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            why = "服务令牌不对：请设置 LINGXI_SERVICE_TOKEN" if code == 401 else f"回答了 {code}"
            raise StoreError(f"业务系统{why}") from error
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise StoreError(f"连不上业务系统，或它的回答读不懂（{type(error).__name__}）：请检查地址") from error
        if not page["more"]:
            return rows


def _masked(row: dict[str, Any], table: Table, staging: Staging) -> dict[str, Any]:
    """The declared columns, with conversations named as the lake names them."""
    told = {name: row.get(name) for name in table.names}
    for column in table.columns:
        value = told[column.name]
        if column.name == "conversation_id" and value:
            told[column.name] = staging.conversation(value)
        elif column.type == "string" and value:
            told[column.name] = staging.masked(value)
    return told


def _write(path: Path, table: Table, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    schema = pa.schema([(column.name, ARROW[column.type]) for column in table.columns])
    pq.write_table(pa.Table.from_pylist(rows, schema), part)
    part.replace(path)
