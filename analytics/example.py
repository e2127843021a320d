"""Thirty simulated days with their lake and their report, for who has no data yet: `make run` has them made once."""

from __future__ import annotations

import fcntl
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from analytics.collect import collect
from analytics.lake import Lake
from analytics.marts import open_marts
from analytics.reports.period import Period
from analytics.reports.write import write_report
from analytics.simulate import Plan, write_simulated
from analytics.simulate.plan import SHANGHAI
from analytics.sources.sql import open_store


def make_example(folder: Path, days: int, conversations: int) -> bool:
    """Make `lake` and `report` in a folder, the last day being yesterday; whether there was anything to make.

    The report is put there last: where it is, everything is. Of two that begin at once the second waits, and finds it done.
    """
    report = folder / "report"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if report.exists():
            return False
        for half in ("lake", "part"):
            shutil.rmtree(folder / half, ignore_errors=True)
        for store in folder.glob("tracker.*"):
            store.unlink()
        end = datetime.now(SHANGHAI).date()
        start = end - timedelta(days=days)
        url = f"sqlite:///{folder}/tracker.db"
        write_simulated(Plan(start=start, days=days, conversations=conversations), url, lambda: None)
        lake = Lake(folder / "lake")
        collect(lake, open_store(url, "example"))
        write_report(open_marts(lake), Period("monthly", start, end), folder / "part")
        (folder / "part").rename(report)
    return True
