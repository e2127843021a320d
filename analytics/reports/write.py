"""A report from beginning to end: find out, put into words, write the files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.reports import reading
from analytics.reports.charts import charts
from analytics.reports.files import write_files
from analytics.reports.findings import Finding, findings
from analytics.reports.page import page
from analytics.reports.period import Period
from analytics.reports.study import Step, study
from analytics.reports.workbook import write_workbook


def write_report(
    marts: Any, period: Period, out: Path, *, at_once: int = 1, step: Step = lambda _: None
) -> list[Finding]:
    """Write `report.html`, `report.xlsx` and the plain files into a folder; each file appears whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    found = study(marts, period, at_once=at_once, step=step)
    step("结论")
    told = findings(marts, found)
    with tempfile.TemporaryDirectory(dir=out, prefix=".writing-") as name:
        folder = Path(name)
        (folder / "report.html").write_text(
            page(found, told, charts(found, outcomes(marts, period))), "utf-8"
        )
        step("工作簿与明细")
        write_workbook(folder / "report.xlsx", marts, period, found.figures, told)
        write_files(folder, marts, found, told)
        for file in folder.iterdir():
            os.replace(file, out / file.name)
    return told


def outcomes(marts: Any, period: Period) -> pd.DataFrame:
    """Sessions by day and outcome, with the four weeks before: `day`, `outcome`, `count`."""
    sessions = reading.between(marts.table("sessions"), period.history, period.until)
    counted = (
        sessions.group_by(["day", "outcome"])
        .aggregate(count=sessions.count())
        .order_by("day", "outcome")
        .to_pandas()
    )
    return counted.assign(day=pd.to_datetime(counted["day"]).dt.date)
