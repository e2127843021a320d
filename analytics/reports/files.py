"""The plain files beside the page: marts as CSV, figures and findings as JSON, proposals as YAML."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analytics.analyses.questions import knowledge_entries, training_data
from analytics.reports.findings import Finding
from analytics.reports.study import Study
from analytics.reports.workbook import batches
from analytics.schema import MARTS

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def write_files(folder: Path, marts: Any, study: Study, findings: Sequence[Finding]) -> None:
    """Write them into the folder."""
    told = {
        "kind": study.period.kind,
        "since": str(study.period.since),
        "until": str(study.period.until),
        "metrics": [
            {"name": each.metric.name, "label": each.metric.label, "unit": each.metric.unit, "value": each.value,
             "before": each.before, "n": each.n, "notable": each.notable}
            for each in study.figures
        ],
        "findings": [asdict(each) for each in findings],
    }  # fmt: skip
    (folder / "report.json").write_text(json.dumps(told, ensure_ascii=False, indent=1, default=str), "utf-8")
    (folder / "nlu.yml").write_text(training_data(study.groups), "utf-8")
    (folder / "knowledge.yml").write_text(knowledge_entries(study.groups), "utf-8")
    for mart in MARTS:
        # With a mark of the encoding, or Excel shows no Chinese.
        with (folder / f"{mart.name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(mart.names)
            writer.writerows([_plain(value) for value in row] for row in batches(marts, mart, study.period))


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
