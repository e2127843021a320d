"""What somebody without data can look at: thirty simulated days with their report, and a notebook that runs on them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from analytics.example import make_example

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "analysts.ipynb"


def test_the_example_is_made_once(tmp_path: Path) -> None:
    assert make_example(tmp_path / "example", days=7, conversations=6)
    report = tmp_path / "example" / "report" / "report.html"
    written = report.read_text("utf-8")
    assert "月报" in written
    assert not make_example(tmp_path / "example", days=7, conversations=6)
    assert report.read_text("utf-8") == written


def test_the_notebook_finds_the_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All its cells, in a kernel of their own, as an analyst runs them."""
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "kept without outputs"
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    told = "\n".join(
        output.get("text") or output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type in ("stream", "execute_result")
    )
    assert "utter_backend_unavailable" in told
    assert "系统有点忙" in told
